-- Tasks wanted RUNNING are few beside those that have stopped, and change most: they lie together. Lists by family and by
-- service go launch type by launch type, as those of a cluster do.

DROP INDEX tasks_by_family;
CREATE INDEX tasks_by_family ON tasks (desired_status, family_id, cluster_id, launch_type, id);
DROP INDEX tasks_by_instance;
CREATE INDEX tasks_by_instance ON tasks (desired_status, container_instance_id, id)
    WHERE container_instance_id IS NOT NULL;
DROP INDEX tasks_by_service;
CREATE INDEX tasks_by_service ON tasks (desired_status, service_id, launch_type, id) WHERE service_id IS NOT NULL;
DROP INDEX tasks_by_started_by;
CREATE INDEX tasks_by_started_by ON tasks (desired_status, cluster_id, started_by, id) WHERE started_by IS NOT NULL;

-- Those on their way to the end, so that nobody has to look for them among those that have come there.
CREATE INDEX tasks_stopping ON tasks (container_instance_id, id)
    WHERE desired_status = 'STOPPED' AND last_status <> 'STOPPED';
