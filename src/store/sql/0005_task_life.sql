-- What a task's life needs beyond what DescribeTasks shows: when its containers started, what scripts want of it
-- (domain/task_life.h). NULL: only what the document says.
ALTER TABLE tasks ADD COLUMN life TEXT;

-- Scripted outcomes (POST /_ecs/outcomes), of all accounts together: a match may name one.
CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    matches TEXT NOT NULL, -- JSON object
    outcome TEXT NOT NULL, -- JSON object
    times INTEGER, -- NULL: for every task that matches
    used INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
