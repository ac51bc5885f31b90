-- Simulated Auto Scaling groups: what managed scaling may do with the fleet of a capacity provider.

CREATE TABLE scaling_groups (
    id INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL,
    capacity_provider TEXT NOT NULL,
    minimum INTEGER NOT NULL,
    maximum INTEGER NOT NULL,
    documents TEXT NOT NULL, -- JSON list: of new instances, one a zone
    due_ms INTEGER,          -- when it grows or shrinks; NULL: it is as it should be
    direction INTEGER NOT NULL,
    UNIQUE (cluster_id, capacity_provider)
) STRICT;
