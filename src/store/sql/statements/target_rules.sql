-- name: target_rule_insert
INSERT INTO target_rules (match, health, reason) VALUES (:match, :health, :reason)
-- name: target_rule_all
SELECT id, match, health, reason FROM target_rules ORDER BY id
-- name: target_rule_delete
DELETE FROM target_rules WHERE id = :id OR :id = 0
-- name: reset_target_rules
DELETE FROM target_rules WHERE :account IS NULL AND :region IS NULL
