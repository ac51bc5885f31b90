-- name: deployment_last_id
SELECT coalesce(max(id), 0) AS id FROM deployments
-- name: deployment_insert
INSERT INTO deployments (id, service_id, is_task_set, digits, status, rollout, rollout_reason, task_definition_id, family_id,
    created_ms, updated_ms, desired, failed_tasks, failures, start_failures, crashes, next_start_ms, ready_ms,
    early_ms, was_completed, is_rollback, alarms_ignored, holds_old, may_complete, scale_percent, stable, stable_ms,
    stage_state, document)
  VALUES (:id, :service_id, :is_task_set, :digits, :status, :rollout, :rollout_reason, :task_definition_id, :family_id,
    :created_ms, :updated_ms, :desired, :failed_tasks, :failures, :start_failures, :crashes, :next_start_ms, :ready_ms,
    :early_ms, :was_completed, :is_rollback, :alarms_ignored, :holds_old, :may_complete, :scale_percent, :stable, :stable_ms,
    :stage_state, :document)
-- name: deployment_update
UPDATE deployments SET status = :status, rollout = :rollout, rollout_reason = :rollout_reason,
    created_ms = :created_ms, updated_ms = :updated_ms, desired = :desired, failed_tasks = :failed_tasks,
    failures = :failures, start_failures = :start_failures, crashes = :crashes, next_start_ms = :next_start_ms,
    ready_ms = :ready_ms, early_ms = :early_ms, was_completed = :was_completed, is_rollback = :is_rollback, alarms_ignored = :alarms_ignored,
    holds_old = :holds_old, may_complete = :may_complete, scale_percent = :scale_percent, stable = :stable,
    stable_ms = :stable_ms, stage_state = :stage_state, is_task_set = :is_task_set WHERE id = :id
-- name: deployment_update_document
UPDATE deployments SET document = :document WHERE id = :id
-- name: deployment_document
SELECT document FROM deployments WHERE id = :id
-- name: deployment_delete
DELETE FROM deployments WHERE id = :id
-- name: deployment_delete_all
DELETE FROM deployments WHERE service_id = :service_id
-- name: deployment_each
SELECT id, service_id, is_task_set, digits, status, rollout, rollout_reason, task_definition_id, family_id, created_ms,
    updated_ms, desired, failed_tasks, failures, start_failures, crashes, next_start_ms, ready_ms, early_ms, was_completed,
    is_rollback, alarms_ignored, holds_old, may_complete, scale_percent, stable, stable_ms, stage_state
  FROM deployments ORDER BY id
-- name: service_revision_insert
INSERT INTO service_revisions (service_id, digits, created_ms, document)
  VALUES (:service_id, :digits, :created_ms, :document)
-- name: service_revision_get
SELECT created_ms, document FROM service_revisions WHERE service_id = :service_id AND digits = :digits
-- name: service_revision_delete_all
DELETE FROM service_revisions WHERE service_id = :service_id
-- name: service_deployment_insert
INSERT INTO service_deployments (id, service_id, uid, target, status, is_over, created_ms, document)
  VALUES (:id, :service_id, :uid, :target, :status, :is_over, :created_ms, :document)
-- name: service_deployment_update
UPDATE service_deployments SET status = :status, is_over = :is_over, document = :document WHERE id = :id
-- name: service_deployment_last_id
SELECT coalesce(max(id), 0) AS id FROM service_deployments
-- name: service_deployment_get
SELECT id, document FROM service_deployments WHERE service_id = :service_id AND uid = :uid
-- name: service_deployment_list
SELECT id, created_ms, status, document FROM service_deployments
  WHERE service_id = :service_id AND (created_ms, id) < (:before_ms, :before_id) AND created_ms >= :after_ms
  ORDER BY created_ms DESC, id DESC LIMIT :limit
-- name: service_deployment_prune
DELETE FROM service_deployments WHERE service_id = :service_id AND created_ms < :before_ms AND is_over = 1
-- name: service_deployment_open
SELECT id, service_id, document FROM service_deployments WHERE is_over = 0 ORDER BY id
-- name: service_deployment_delete_all
DELETE FROM service_deployments WHERE service_id = :service_id
-- name: service_revision_update
UPDATE service_revisions SET document = :document WHERE service_id = :service_id AND digits = :digits
