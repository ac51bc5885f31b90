-- The first schema. Migrations are append-only: never edit one that has been released.
-- Columns for what is queried or read by state machines; `document` holds the rest as the JSON text that is
-- spliced into replies. Times are milliseconds since the epoch.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    UNIQUE (account, region)
) STRICT;

CREATE TABLE clusters (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL, -- settings, configuration, capacityProviders … as given
    tags TEXT NOT NULL,     -- a JSON list
    UNIQUE (scope_id, name)
) STRICT;

CREATE TABLE families (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    last_revision INTEGER NOT NULL, -- never goes down, so a revision is never given twice
    active_count INTEGER NOT NULL,
    inactive_count INTEGER NOT NULL,
    UNIQUE (scope_id, name)
) STRICT;
CREATE INDEX families_active ON families (scope_id, name) WHERE active_count > 0;
CREATE INDEX families_inactive ON families (scope_id, name) WHERE active_count = 0 AND inactive_count > 0;

CREATE TABLE task_definitions (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    family TEXT NOT NULL,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    registered_ms INTEGER NOT NULL,
    deregistered_ms INTEGER NOT NULL DEFAULT 0,
    delete_requested_ms INTEGER NOT NULL DEFAULT 0,
    registered_by TEXT NOT NULL,
    tags TEXT NOT NULL,
    document TEXT NOT NULL, -- the members of TaskDefinition that never change
    UNIQUE (scope_id, family, revision)
) STRICT;
CREATE INDEX task_definitions_by_status ON task_definitions (scope_id, status, family, revision);
CREATE INDEX task_definitions_to_delete ON task_definitions (id) WHERE status = 'DELETE_IN_PROGRESS';

CREATE TABLE container_instances (
    id INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL,
    instance_id TEXT NOT NULL, -- the last part of its ARN
    status TEXT NOT NULL,
    agent_connected INTEGER NOT NULL,
    ec2_instance_id TEXT,
    registered_ms INTEGER NOT NULL,
    simulated INTEGER NOT NULL, -- 1: made by POST /_ecs/fleet
    has_agent INTEGER NOT NULL, -- 1: an agent of its own reports what its tasks do
    version INTEGER NOT NULL,
    tags TEXT NOT NULL,
    document TEXT NOT NULL, -- registeredResources, attributes, versionInfo …
    UNIQUE (cluster_id, instance_id)
) STRICT;

-- Changes with every task: kept apart so that a counter does not rewrite the document above.
CREATE TABLE container_instance_versions (
    container_instance_id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL,
    task_id TEXT NOT NULL, -- the last part of its ARN
    desired_status TEXT NOT NULL,
    last_status TEXT NOT NULL,
    launch_type TEXT NOT NULL,
    family_id INTEGER NOT NULL,
    task_definition_id INTEGER NOT NULL,
    container_instance_id INTEGER,
    started_by TEXT,
    task_group TEXT NOT NULL,
    capacity_provider TEXT,
    protected_until_ms INTEGER, -- from scale-in; NULL: not protected
    waiting TEXT, -- for capacity: the launch's placement and the whole document, as JSON; NULL: it is placed
    reservation TEXT NOT NULL, -- what it holds of its instance (domain/task.h)
    due_ms INTEGER, -- when the next step of its life cycle is due; NULL: nothing is
    service_id INTEGER, -- NULL: of no service
    deployment_id INTEGER, -- the deployment or task set that started it
    tags TEXT,
    life TEXT, -- when its containers started, what scripts want of it (domain/task_life.h); NULL: what the document says
    document TEXT NOT NULL -- the Task as DescribeTasks shows it, without tags
) STRICT;
CREATE UNIQUE INDEX tasks_by_task_id ON tasks (task_id, cluster_id);
CREATE INDEX tasks_by_cluster ON tasks (cluster_id, desired_status, launch_type, id, task_id); -- covers ListTasks
CREATE INDEX tasks_by_family ON tasks (family_id, cluster_id, desired_status, id);
CREATE INDEX tasks_by_instance ON tasks (container_instance_id, desired_status, id)
    WHERE container_instance_id IS NOT NULL;
CREATE INDEX tasks_waiting ON tasks (id) WHERE waiting IS NOT NULL;
CREATE INDEX tasks_by_provider ON tasks (cluster_id, capacity_provider)
    WHERE capacity_provider IS NOT NULL AND last_status <> 'STOPPED';
CREATE INDEX tasks_of_services ON tasks (cluster_id, id)
    WHERE started_by >= 'ecs-svc/' AND started_by < 'ecs-svc0' AND desired_status = 'RUNNING';
CREATE INDEX tasks_by_started_by ON tasks (cluster_id, started_by, desired_status, id) WHERE started_by IS NOT NULL;

CREATE TABLE capacity_providers (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    update_status TEXT, -- NULL: never updated
    tags TEXT NOT NULL,
    document TEXT NOT NULL, -- autoScalingGroupProvider, managedInstancesProvider, type, cluster
    UNIQUE (scope_id, name)
) STRICT;

-- What was set. What holds when nothing was set is in the code.
CREATE TABLE account_settings (
    scope_id INTEGER NOT NULL,
    principal_arn TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope_id, principal_arn, name)
) STRICT, WITHOUT ROWID;

-- Client tokens of RunTask: the same token with the same request answers the same tasks.
CREATE TABLE request_tokens (
    scope_id INTEGER NOT NULL,
    cluster_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    request TEXT NOT NULL, -- as sent, without the token
    created_ms INTEGER NOT NULL,
    task_ids TEXT NOT NULL, -- separated by commas
    failures TEXT NOT NULL, -- JSON list
    PRIMARY KEY (scope_id, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_tokens_by_time ON request_tokens (created_ms);
