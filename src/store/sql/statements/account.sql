-- name: account_setting_set
INSERT INTO account_settings (scope_id, principal_arn, name, value) VALUES (:scope_id, :principal_arn, :name, :value)
  ON CONFLICT (scope_id, principal_arn, name) DO UPDATE SET value = excluded.value
-- name: account_setting_get
SELECT value FROM account_settings WHERE scope_id = :scope_id AND principal_arn = :principal_arn AND name = :name
-- name: account_setting_each
SELECT name, value FROM account_settings WHERE scope_id = :scope_id AND principal_arn = :principal_arn
-- name: account_setting_delete
DELETE FROM account_settings WHERE scope_id = :scope_id AND principal_arn = :principal_arn AND name = :name
-- name: request_token_insert
INSERT INTO request_tokens (scope_id, cluster_id, token, request, created_ms, task_ids, failures)
  VALUES (:scope_id, :cluster_id, :token, :request, :created_ms, :task_ids, :failures)
-- name: request_token_get
SELECT cluster_id, request, created_ms, task_ids, failures FROM request_tokens
  WHERE scope_id = :scope_id AND token = :token
-- name: request_token_delete
DELETE FROM request_tokens WHERE scope_id = :scope_id AND token = :token
-- name: request_token_expire
DELETE FROM request_tokens WHERE created_ms < :before_ms
