-- Managed daemons: what they want, their revisions and deployments, and the tasks that they have started. Their task
-- definitions lie with the others, under families and with statuses of their own.

CREATE TABLE daemons (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    cluster_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    daemon_revision_id INTEGER NOT NULL,   -- what its tasks are to be made of
    daemon_deployment_id INTEGER NOT NULL, -- the last one
    failures INTEGER NOT NULL, -- of its tasks, lately: the longer the row, the longer it waits
    failed_ms INTEGER NOT NULL,
    due_ms INTEGER, -- when it is looked at again; NULL: when something happens
    client_token TEXT,
    request TEXT NOT NULL, -- that made it, without the token
    tags TEXT NOT NULL,
    UNIQUE (cluster_id, name)
) STRICT;
CREATE INDEX daemons_due ON daemons (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE daemon_revisions (
    id INTEGER PRIMARY KEY,
    daemon_id INTEGER NOT NULL,
    digits TEXT NOT NULL, -- the last part of its ARN
    task_definition_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    providers TEXT NOT NULL, -- JSON list of names
    images TEXT NOT NULL,    -- JSON list: containerImages
    propagate_tags TEXT NOT NULL,
    managed_tags INTEGER NOT NULL,
    execute_command INTEGER NOT NULL,
    critical INTEGER NOT NULL,
    UNIQUE (daemon_id, digits)
) STRICT;
CREATE INDEX daemon_revisions_by_definition ON daemon_revisions (task_definition_id);

CREATE TABLE daemon_deployments (
    id INTEGER PRIMARY KEY,
    daemon_id INTEGER NOT NULL,
    uid TEXT NOT NULL, -- the last part of its ARN
    status TEXT NOT NULL,
    reason TEXT,
    daemon_revision_id INTEGER NOT NULL, -- where it goes
    source_revision_id INTEGER,          -- where it came from; NULL: it is the first
    created_ms INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    stopped_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL,
    stable_ms INTEGER NOT NULL, -- since when every instance has its daemon; 0: not yet
    failures INTEGER NOT NULL,
    rollback_reason TEXT, -- NULL: it was not rolled back
    rollback_ms INTEGER NOT NULL,
    drain_percent REAL,   -- NULL: not given
    bake_minutes INTEGER NOT NULL,
    alarms TEXT NOT NULL, -- JSON list of names; empty: none are watched
    triggered TEXT NOT NULL, -- JSON list of names
    UNIQUE (daemon_id, uid)
) STRICT;

CREATE TABLE daemon_tasks (
    task_id INTEGER PRIMARY KEY,
    daemon_id INTEGER NOT NULL,
    daemon_revision_id INTEGER NOT NULL
) STRICT;
CREATE INDEX daemon_tasks_by_daemon ON daemon_tasks (daemon_id, task_id);

CREATE INDEX task_definitions_of_daemons_to_delete ON task_definitions (id) WHERE status = 'DAEMON_DELETE_IN_PROGRESS';
