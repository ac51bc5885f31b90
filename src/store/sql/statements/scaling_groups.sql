-- name: scaling_group_set
INSERT INTO scaling_groups (cluster_id, capacity_provider, minimum, maximum, documents, direction)
  VALUES (:cluster_id, :capacity_provider, :minimum, :maximum, :documents, 0)
  ON CONFLICT (cluster_id, capacity_provider) DO UPDATE SET minimum = excluded.minimum, maximum = excluded.maximum,
    documents = excluded.documents
  RETURNING id
-- name: scaling_group_set_due
UPDATE scaling_groups SET due_ms = :due_ms, direction = :direction WHERE id = :id
-- name: scaling_group_all
SELECT id, cluster_id, capacity_provider, minimum, maximum, documents, due_ms, direction FROM scaling_groups ORDER BY id
-- name: reset_scaling_groups
DELETE FROM scaling_groups WHERE cluster_id IN (SELECT c.id FROM clusters c JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: scaling_group_delete
DELETE FROM scaling_groups WHERE id = :id
