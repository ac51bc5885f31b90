-- name: fault_insert
INSERT INTO faults (id, kind, document, used, created_ms) VALUES (:id, :kind, :document, :used, :created_ms)
-- name: fault_set_used
UPDATE faults SET used = :used WHERE id = :id
-- name: fault_delete
DELETE FROM faults WHERE id = :id
-- name: fault_each
SELECT id, kind, document, used, created_ms FROM faults ORDER BY id
