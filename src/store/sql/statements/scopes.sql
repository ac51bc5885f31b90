-- name: meta_get
SELECT value FROM meta WHERE key = :key
-- name: meta_set
INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value
-- name: meta_delete
DELETE FROM meta WHERE key = :key
-- name: scope_get
SELECT id FROM scopes WHERE account = :account AND region = :region
-- name: scope_insert
INSERT INTO scopes (account, region) VALUES (:account, :region)
-- name: scope_all
SELECT id, account, region FROM scopes ORDER BY id
-- name: reset_tasks
DELETE FROM tasks WHERE cluster_id IN (SELECT c.id FROM clusters c JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_instance_versions
DELETE FROM container_instance_versions WHERE container_instance_id IN (SELECT i.id FROM container_instances i
  JOIN clusters c ON c.id = i.cluster_id JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_instances
DELETE FROM container_instances WHERE cluster_id IN (SELECT c.id FROM clusters c JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_clusters
DELETE FROM clusters WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
-- name: reset_task_definitions
DELETE FROM task_definitions WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
-- name: reset_families
DELETE FROM families WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
-- name: reset_capacity_providers
DELETE FROM capacity_providers WHERE scope_id IN (SELECT s.id FROM scopes s
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_account_settings
DELETE FROM account_settings WHERE scope_id IN (SELECT s.id FROM scopes s
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_request_tokens
DELETE FROM request_tokens WHERE scope_id IN (SELECT s.id FROM scopes s
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_scopes
DELETE FROM scopes WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region)
