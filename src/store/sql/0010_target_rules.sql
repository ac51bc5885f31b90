-- What target groups say about the tasks of services (POST /_ecs/targets), of all accounts together. The youngest that
-- matches decides.
CREATE TABLE target_rules (
    id INTEGER PRIMARY KEY,
    match TEXT NOT NULL, -- JSON object of texts
    healthy INTEGER NOT NULL
) STRICT;
