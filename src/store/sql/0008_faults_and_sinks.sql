-- Injected faults (POST /_ecs/faults), of all accounts together: a fault may name one.

CREATE TABLE faults (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,     -- what it disturbs: engine/faults.h
    document TEXT NOT NULL, -- as given, defaults filled in
    used INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- Where the journal's events go (POST /_ecs/sinks), and how far each has come.

CREATE TABLE sinks (
    id INTEGER PRIMARY KEY,
    document TEXT NOT NULL, -- as given, defaults filled in
    position INTEGER NOT NULL, -- number of the last entry that has been dealt with
    delivered INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
