-- name: task_log_insert
INSERT INTO task_log (id, bytes, entries) VALUES (:id, :bytes, :entries)
-- name: task_log_each
SELECT id, bytes, entries FROM task_log ORDER BY id
-- name: task_log_prune
DELETE FROM task_log WHERE id < :id
