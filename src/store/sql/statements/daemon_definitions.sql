-- name: daemon_family_next_revision
INSERT INTO families (scope_id, name, last_revision, active_count, inactive_count) VALUES (:scope_id, :name, 1, 0, 0)
  ON CONFLICT (scope_id, name) DO UPDATE SET last_revision = last_revision + 1 RETURNING id, last_revision
-- name: daemon_definition_get_latest
SELECT revision FROM task_definitions WHERE scope_id = :scope_id AND status = 'DAEMON_ACTIVE' AND family = :family
  ORDER BY revision DESC LIMIT 1
-- name: daemon_definition_set_status
UPDATE task_definitions SET status = :status, delete_requested_ms = :delete_requested_ms WHERE id = :id
-- name: daemon_definition_list
SELECT family, revision, status, registered_ms, delete_requested_ms, registered_by FROM task_definitions d
  WHERE scope_id = :scope_id AND family >= :low AND family < :high
  AND (family, revision) > (:after_family, :after_revision) AND instr(:statuses, ',' || status || ',') <> 0
  AND (:last_only = 0 OR NOT EXISTS (SELECT 1 FROM task_definitions n WHERE n.scope_id = d.scope_id
    AND n.family = d.family AND n.revision > d.revision AND instr(:statuses, ',' || n.status || ',') <> 0))
  ORDER BY family, revision LIMIT :limit
-- name: daemon_definition_list_desc
SELECT family, revision, status, registered_ms, delete_requested_ms, registered_by FROM task_definitions d
  WHERE scope_id = :scope_id AND family >= :low AND family < :high
  AND (family, revision) < (:after_family, :after_revision) AND instr(:statuses, ',' || status || ',') <> 0
  AND (:last_only = 0 OR NOT EXISTS (SELECT 1 FROM task_definitions n WHERE n.scope_id = d.scope_id
    AND n.family = d.family AND n.revision > d.revision AND instr(:statuses, ',' || n.status || ',') <> 0))
  ORDER BY family DESC, revision DESC LIMIT :limit
-- name: daemon_definition_next_deleting
SELECT id FROM task_definitions WHERE status = 'DAEMON_DELETE_IN_PROGRESS' AND id > :after ORDER BY id LIMIT 1
