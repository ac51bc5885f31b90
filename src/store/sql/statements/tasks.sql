-- name: task_insert
-- FAIL: whoever inserts rolls back the whole transaction on a failure. To take back one statement of many rows, SQLite would
-- copy every page that it is going to change, and into a temporary file when they are many.
INSERT OR FAIL INTO tasks (id, cluster_id, task_id, desired_status, last_status, launch_type, family_id, task_definition_id,
    started_by, task_group, capacity_provider, service_id, deployment_id, container_instance_id, protected_until_ms,
    waiting, reservation, due_ms, tags, life, attachment_id, packed_document, numbered)
  SELECT id, cluster_id, task_id, desired_status, last_status, launch_type, family_id, task_definition_id,
    started_by, task_group, capacity_provider, service_id, deployment_id, container_instance_id, protected_until_ms,
    waiting, reservation, due_ms, tags, life, attachment_id, packed_document, numbered FROM rows_to_insert
-- name: task_insert_versions
INSERT INTO container_instance_versions (container_instance_id, version)
  SELECT container_instance_id, instance_version FROM rows_to_insert WHERE instance_version IS NOT NULL
  ON CONFLICT (container_instance_id) DO UPDATE SET version = max(version, excluded.version)
-- name: task_update
UPDATE tasks SET desired_status = :desired_status, last_status = :last_status,
    container_instance_id = :container_instance_id, protected_until_ms = :protected_until_ms, waiting = :waiting,
    reservation = :reservation, due_ms = :due_ms, tags = :tags, life = :life,
    attachment_id = :attachment_id, packed_document = :packed_document WHERE id = :id
-- name: task_delete
DELETE FROM tasks WHERE id = :id
-- name: task_last_id
SELECT coalesce(max(id), 0) AS id FROM tasks
-- name: task_get
SELECT id, cluster_id, task_id, desired_status, last_status, launch_type, family_id, task_definition_id,
    container_instance_id, started_by, protected_until_ms, waiting, reservation, due_ms, tags, life, packed_document,
    service_id, deployment_id
  FROM tasks WHERE id = :id
-- name: task_document
SELECT packed_document, tags FROM tasks WHERE id = :id AND task_id = :task_id AND cluster_id = :cluster_id
-- name: task_of_attachment
SELECT id FROM tasks INDEXED BY tasks_by_attachment WHERE attachment_id = :attachment_id AND cluster_id = :cluster_id
-- name: task_each_due
SELECT id, due_ms FROM tasks WHERE due_ms IS NOT NULL ORDER BY due_ms, id
-- name: task_each_active
SELECT id, cluster_id, last_status, desired_status, launch_type, container_instance_id, task_group, reservation,
    service_id, deployment_id FROM tasks
  WHERE last_status <> 'STOPPED' ORDER BY id
-- name: task_row
SELECT id FROM tasks WHERE id = :id AND task_id = :task_id AND cluster_id = :cluster_id
-- name: task_foreign_row
SELECT id FROM tasks INDEXED BY tasks_by_foreign_id
  WHERE numbered IS NULL AND task_id = :task_id AND cluster_id = :cluster_id
-- name: task_list_launch_type
SELECT task_id FROM tasks INDEXED BY tasks_by_cluster
  WHERE cluster_id = :cluster_id AND desired_status = :desired_status AND launch_type = :launch_type AND id > :after
  ORDER BY id LIMIT :limit
-- name: task_list_family
SELECT task_id FROM tasks INDEXED BY tasks_by_family
  WHERE family_id = :family_id AND cluster_id = :cluster_id AND desired_status = :desired_status
    AND launch_type = :launch_type AND id > :after ORDER BY id LIMIT :limit
-- name: task_list_instance
SELECT task_id FROM tasks INDEXED BY tasks_by_instance
  WHERE container_instance_id = :container_instance_id AND desired_status = :desired_status AND id > :after
    AND cluster_id = :cluster_id AND (:launch_type IS NULL OR launch_type = :launch_type)
    AND (:family_id IS NULL OR family_id = :family_id)
  ORDER BY id LIMIT :limit
-- name: task_list_service
SELECT task_id FROM tasks INDEXED BY tasks_by_service
  WHERE service_id = :service_id AND cluster_id = :cluster_id AND desired_status = :desired_status
    AND launch_type = :launch_type AND id > :after ORDER BY id LIMIT :limit
-- name: task_list_started_by
SELECT task_id FROM tasks INDEXED BY tasks_by_started_by
  WHERE cluster_id = :cluster_id AND started_by = :started_by AND desired_status = :desired_status AND id > :after
    AND (:launch_type IS NULL OR launch_type = :launch_type)
  ORDER BY id LIMIT :limit
-- name: task_on_instance
SELECT id FROM tasks INDEXED BY tasks_by_instance WHERE container_instance_id = :container_instance_id AND id > :after
    AND desired_status = 'RUNNING' AND last_status <> 'STOPPED'
  UNION ALL SELECT id FROM tasks INDEXED BY tasks_stopping WHERE container_instance_id = :container_instance_id
    AND id > :after AND desired_status = 'STOPPED' AND last_status <> 'STOPPED' ORDER BY id LIMIT :limit
-- name: task_uses_provider
SELECT 1 FROM tasks WHERE cluster_id = :cluster_id AND capacity_provider = :capacity_provider
  AND last_status <> 'STOPPED' LIMIT 1
-- name: task_of_services
SELECT task_id FROM tasks INDEXED BY tasks_of_services WHERE cluster_id = :cluster_id AND started_by >= 'ecs-svc/'
  AND started_by < 'ecs-svc0' AND desired_status = 'RUNNING' ORDER BY id LIMIT :limit
-- name: task_waiting
SELECT id, cluster_id FROM tasks INDEXED BY tasks_waiting WHERE waiting IS NOT NULL ORDER BY id
-- name: task_protected_of_service
SELECT count(*) AS tasks FROM tasks INDEXED BY tasks_by_service WHERE service_id = :service_id
  AND desired_status = 'RUNNING' AND protected_until_ms > :now_ms AND id <> :but_id
-- name: task_of_provider
SELECT id FROM tasks INDEXED BY tasks_by_provider WHERE cluster_id = :cluster_id
  AND capacity_provider = :capacity_provider AND last_status <> 'STOPPED' AND id > :after ORDER BY id LIMIT :limit
