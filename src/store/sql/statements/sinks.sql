-- name: sink_insert
INSERT INTO sinks (id, document, position, delivered, lost, created_ms)
  VALUES (:id, :document, :position, :delivered, :lost, :created_ms)
-- name: sink_progress
UPDATE sinks SET position = :position, delivered = :delivered, lost = :lost WHERE id = :id
-- name: sink_delete
DELETE FROM sinks WHERE id = :id
-- name: sink_each
SELECT id, document, position, delivered, lost, created_ms FROM sinks ORDER BY id
