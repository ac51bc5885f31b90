-- name: outcome_insert
INSERT INTO outcomes (id, matches, outcome, times, used, created_ms)
  VALUES (:id, :matches, :outcome, :times, :used, :created_ms)
-- name: outcome_set_used
UPDATE outcomes SET used = :used WHERE id = :id
-- name: outcome_delete
DELETE FROM outcomes WHERE id = :id
-- name: outcome_delete_all
DELETE FROM outcomes
-- name: outcome_each
SELECT id, matches, outcome, times, used, created_ms FROM outcomes ORDER BY id
