-- Services: what they want, their deployments and task sets, and their story.

CREATE INDEX tasks_by_service ON tasks (service_id, desired_status, id) WHERE service_id IS NOT NULL;

CREATE TABLE services (
    id INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    launch_type TEXT,         -- NULL: a capacity provider strategy decides
    scheduling_strategy TEXT NOT NULL,
    resource_management TEXT NOT NULL,
    namespace TEXT,           -- of Service Connect; NULL: none
    desired_count INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    inactive_ms INTEGER NOT NULL, -- 0: it is not INACTIVE
    next_act_ms INTEGER NOT NULL, -- no starting or stopping before
    steady_ms INTEGER NOT NULL,   -- when it last said that it is steady; 0: it is not
    trouble TEXT,                 -- letters of the complaints that were told and still hold
    trouble_ms INTEGER NOT NULL,
    rebalancing INTEGER NOT NULL, -- 1: it has one task more than desired, for even zones
    created_by TEXT,
    tags TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (cluster_id, name)
) STRICT;
CREATE INDEX services_active ON services (cluster_id, id) WHERE status = 'ACTIVE';
CREATE INDEX services_in_namespace ON services (namespace, id) WHERE namespace IS NOT NULL AND status = 'ACTIVE';

CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    service_id INTEGER NOT NULL,
    is_task_set INTEGER NOT NULL,
    digits TEXT NOT NULL,
    status TEXT NOT NULL,
    rollout TEXT,
    rollout_reason TEXT NOT NULL,
    task_definition_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    desired INTEGER NOT NULL,
    failed_tasks INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    start_failures INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    next_start_ms INTEGER NOT NULL,
    ready_ms INTEGER NOT NULL,
    was_completed INTEGER NOT NULL,
    is_rollback INTEGER NOT NULL,
    alarms_ignored INTEGER NOT NULL,
    holds_old INTEGER NOT NULL,
    may_complete INTEGER NOT NULL,
    scale_percent REAL NOT NULL,
    stable INTEGER NOT NULL,
    stable_ms INTEGER NOT NULL,
    stage_state TEXT,
    document TEXT NOT NULL -- the revision's, or the task set's
) STRICT;
CREATE INDEX deployments_by_service ON deployments (service_id, id);
CREATE INDEX deployments_by_definition ON deployments (task_definition_id);

CREATE TABLE service_revisions (
    service_id INTEGER NOT NULL,
    digits TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (service_id, digits)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_deployments (
    id INTEGER PRIMARY KEY,
    service_id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    target TEXT NOT NULL, -- digits of its revision
    status TEXT NOT NULL,
    is_over INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    document TEXT NOT NULL, -- the ServiceDeployment as it is shown
    UNIQUE (service_id, uid)
) STRICT;
CREATE INDEX service_deployments_by_time ON service_deployments (service_id, created_ms, id);
CREATE INDEX service_deployments_open ON service_deployments (service_id, id) WHERE is_over = 0;

CREATE TABLE service_events (
    id INTEGER PRIMARY KEY,
    service_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX service_events_by_service ON service_events (service_id, id);

-- Alarms as POST /_ecs/alarms has set them.
CREATE TABLE alarms (
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (scope_id, name)
) STRICT, WITHOUT ROWID;
