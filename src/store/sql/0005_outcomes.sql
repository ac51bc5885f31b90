-- Scripted outcomes (POST /_ecs/outcomes), of all accounts together: a match may name one.
CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    matches TEXT NOT NULL, -- JSON object
    outcome TEXT NOT NULL, -- JSON object
    times INTEGER, -- NULL: for every task that matches
    used INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
