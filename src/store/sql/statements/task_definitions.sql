-- name: family_last_revision
SELECT id, last_revision FROM families WHERE scope_id = :scope_id AND name = :name
-- name: family_insert
INSERT INTO families (scope_id, name, last_revision, active_count, inactive_count) VALUES (:scope_id, :name, 1, 1, 0)
-- name: family_next_revision
UPDATE families SET last_revision = last_revision + 1, active_count = active_count + 1 WHERE id = :id
-- name: family_get
SELECT id FROM families WHERE scope_id = :scope_id AND name = :name
-- name: family_count
UPDATE families SET active_count = active_count + :active, inactive_count = inactive_count + :inactive
  WHERE id = :id
-- name: family_list_all
SELECT name FROM families WHERE scope_id = :scope_id AND name > :after AND name >= :prefix AND name < :end
    AND active_count + inactive_count > 0
  ORDER BY name LIMIT :limit
-- name: family_list_active
SELECT name FROM families WHERE scope_id = :scope_id AND name > :after AND name >= :prefix AND name < :end
    AND active_count > 0
  ORDER BY name LIMIT :limit
-- name: family_list_inactive
SELECT name FROM families WHERE scope_id = :scope_id AND name > :after AND name >= :prefix AND name < :end
    AND active_count = 0 AND inactive_count > 0
  ORDER BY name LIMIT :limit
-- name: task_definition_insert
INSERT INTO task_definitions (scope_id, family_id, family, revision, status, registered_ms, registered_by, tags,
    document)
  VALUES (:scope_id, :family_id, :family, :revision, :status, :registered_ms, :registered_by, :tags, :document)
-- name: task_definition_get
SELECT id, scope_id, family_id, family, revision, status, registered_ms, deregistered_ms, delete_requested_ms,
    registered_by, tags, document
  FROM task_definitions WHERE scope_id = :scope_id AND family = :family AND revision = :revision
-- name: task_definition_get_latest
SELECT id, scope_id, family_id, family, revision, status, registered_ms, deregistered_ms, delete_requested_ms,
    registered_by, tags, document
  FROM task_definitions WHERE scope_id = :scope_id AND status = 'ACTIVE' AND family = :family
  ORDER BY revision DESC LIMIT 1
-- name: task_definition_get_by_id
SELECT id, scope_id, family_id, family, revision, status, registered_ms, deregistered_ms, delete_requested_ms,
    registered_by, tags, document
  FROM task_definitions WHERE id = :id
-- name: task_definition_set_status
UPDATE task_definitions SET status = :status, deregistered_ms = :deregistered_ms,
    delete_requested_ms = :delete_requested_ms WHERE id = :id
-- name: task_definition_set_tags
UPDATE task_definitions SET tags = :tags WHERE id = :id
-- name: task_definition_delete
DELETE FROM task_definitions WHERE id = :id
-- name: task_definition_deletable
SELECT d.id FROM task_definitions d INDEXED BY task_definitions_to_delete WHERE d.status = 'DELETE_IN_PROGRESS'
  AND d.delete_requested_ms <= :until_ms AND NOT EXISTS
    (SELECT 1 FROM tasks t INDEXED BY tasks_stopping WHERE t.desired_status = 'STOPPED' AND t.last_status <> 'STOPPED'
      AND t.task_definition_id = d.id) AND NOT EXISTS
    (SELECT 1 FROM tasks t INDEXED BY tasks_by_family WHERE t.desired_status = 'RUNNING' AND t.family_id = d.family_id
      AND t.task_definition_id = d.id AND t.last_status <> 'STOPPED') AND NOT EXISTS
    (SELECT 1 FROM deployments p JOIN services s ON s.id = p.service_id WHERE p.task_definition_id = d.id
      AND s.status <> 'INACTIVE')
  LIMIT :limit
-- name: task_definition_next_deleting
SELECT id, delete_requested_ms FROM task_definitions INDEXED BY task_definitions_to_delete
  WHERE status = 'DELETE_IN_PROGRESS' AND id > :after ORDER BY id LIMIT 1
-- name: task_definition_list
-- INDEXED BY: as long as an index of one status could be meant, SQLite would prepare these again for every :status.
SELECT family, revision FROM task_definitions INDEXED BY task_definitions_by_status
  WHERE scope_id = :scope_id AND status = :status AND (family, revision) > (:after_family, :after_revision)
  ORDER BY family, revision LIMIT :limit
-- name: task_definition_list_desc
SELECT family, revision FROM task_definitions INDEXED BY task_definitions_by_status
  WHERE scope_id = :scope_id AND status = :status AND (family, revision) < (:after_family, :after_revision)
  ORDER BY family DESC, revision DESC LIMIT :limit
-- name: task_definition_list_family
SELECT family, revision FROM task_definitions INDEXED BY task_definitions_by_status
  WHERE scope_id = :scope_id AND status = :status AND family = :family AND revision > :after_revision
  ORDER BY revision LIMIT :limit
-- name: task_definition_list_family_desc
SELECT family, revision FROM task_definitions INDEXED BY task_definitions_by_status
  WHERE scope_id = :scope_id AND status = :status AND family = :family AND revision < :after_revision
  ORDER BY revision DESC LIMIT :limit
