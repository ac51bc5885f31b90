-- name: daemon_insert
INSERT INTO daemons (scope_id, cluster_id, name, status, created_ms, updated_ms, daemon_revision_id,
    daemon_deployment_id, failures, failed_ms, due_ms, client_token, request, tags)
  VALUES (:scope_id, :cluster_id, :name, :status, :created_ms, :updated_ms, 0, 0, 0, 0, NULL, :client_token, :request,
    :tags)
-- name: daemon_update
UPDATE daemons SET status = :status, updated_ms = :updated_ms, daemon_revision_id = :daemon_revision_id,
    daemon_deployment_id = :daemon_deployment_id, failures = :failures, failed_ms = :failed_ms, due_ms = :due_ms,
    tags = :tags WHERE id = :id
-- name: daemon_delete
DELETE FROM daemons WHERE id = :id
-- name: daemon_get
SELECT id, scope_id, cluster_id, name, status, created_ms, updated_ms, daemon_revision_id, daemon_deployment_id, failures,
    failed_ms, due_ms, client_token, request, tags FROM daemons WHERE cluster_id = :cluster_id AND name = :name
-- name: daemon_get_by_id
SELECT id, scope_id, cluster_id, name, status, created_ms, updated_ms, daemon_revision_id, daemon_deployment_id, failures,
    failed_ms, due_ms, client_token, request, tags FROM daemons WHERE id = :id
-- name: daemon_list
SELECT d.name, d.status, d.created_ms, d.updated_ms FROM daemons d JOIN daemon_revisions r ON r.id = d.daemon_revision_id
  WHERE d.cluster_id = :cluster_id AND d.name > :after AND (:providers IS NULL OR EXISTS (SELECT 1
    FROM json_each(r.providers) p WHERE instr(:providers, ',' || p.value || ',') <> 0)) ORDER BY d.name LIMIT :limit
-- name: daemon_ids
SELECT id FROM daemons ORDER BY id
-- name: daemon_ids_of_cluster
SELECT id FROM daemons WHERE cluster_id = :cluster_id ORDER BY id
-- name: daemon_all_due
SELECT id, due_ms FROM daemons WHERE due_ms IS NOT NULL ORDER BY due_ms, id
-- name: daemon_uses_provider
SELECT 1 FROM daemons d JOIN daemon_revisions r ON r.id = d.daemon_revision_id
  WHERE d.cluster_id = :cluster_id AND EXISTS (SELECT 1 FROM json_each(r.providers) p WHERE p.value = :provider) LIMIT 1
-- name: daemon_uses_definition
SELECT 1 FROM daemon_revisions WHERE task_definition_id = :task_definition_id LIMIT 1
-- name: daemon_revision_insert
INSERT INTO daemon_revisions (daemon_id, digits, task_definition_id, family_id, created_ms, providers, images,
    propagate_tags, managed_tags, execute_command, critical)
  VALUES (:daemon_id, :digits, :task_definition_id, :family_id, :created_ms, :providers, :images, :propagate_tags,
    :managed_tags, :execute_command, :critical)
-- name: daemon_revision_get
SELECT r.id, r.daemon_id, r.digits, r.task_definition_id, r.family_id, t.family, t.revision, r.created_ms, r.providers,
    r.images, r.propagate_tags, r.managed_tags, r.execute_command, r.critical FROM daemon_revisions r
  JOIN task_definitions t ON t.id = r.task_definition_id WHERE r.daemon_id = :daemon_id AND r.digits = :digits
-- name: daemon_revision_get_by_id
SELECT r.id, r.daemon_id, r.digits, r.task_definition_id, r.family_id, t.family, t.revision, r.created_ms, r.providers,
    r.images, r.propagate_tags, r.managed_tags, r.execute_command, r.critical FROM daemon_revisions r
  JOIN task_definitions t ON t.id = r.task_definition_id WHERE r.id = :id
-- name: daemon_revisions_delete
DELETE FROM daemon_revisions WHERE daemon_id = :daemon_id
-- name: daemon_deployment_insert
INSERT INTO daemon_deployments (daemon_id, uid, status, reason, daemon_revision_id, source_revision_id, created_ms,
    started_ms, stopped_ms, finished_ms, stable_ms, failures, rollback_reason, rollback_ms, drain_percent, bake_minutes,
    alarms, triggered)
  VALUES (:daemon_id, :uid, :status, :reason, :daemon_revision_id, :source_revision_id, :created_ms, :started_ms,
    :stopped_ms, :finished_ms, :stable_ms, :failures, :rollback_reason, :rollback_ms, :drain_percent, :bake_minutes,
    :alarms, :triggered)
-- name: daemon_deployment_update
UPDATE daemon_deployments SET status = :status, reason = :reason, started_ms = :started_ms, stopped_ms = :stopped_ms,
    finished_ms = :finished_ms, stable_ms = :stable_ms, failures = :failures, rollback_reason = :rollback_reason,
    rollback_ms = :rollback_ms, triggered = :triggered WHERE id = :id
-- name: daemon_deployment_get
SELECT id, daemon_id, uid, status, reason, daemon_revision_id, source_revision_id, created_ms, started_ms, stopped_ms,
    finished_ms, stable_ms, failures, rollback_reason, rollback_ms, drain_percent, bake_minutes, alarms, triggered
  FROM daemon_deployments WHERE daemon_id = :daemon_id AND uid = :uid
-- name: daemon_deployment_get_by_id
SELECT id, daemon_id, uid, status, reason, daemon_revision_id, source_revision_id, created_ms, started_ms, stopped_ms,
    finished_ms, stable_ms, failures, rollback_reason, rollback_ms, drain_percent, bake_minutes, alarms, triggered
  FROM daemon_deployments WHERE id = :id
-- name: daemon_deployment_list
SELECT id, daemon_id, uid, status, reason, daemon_revision_id, source_revision_id, created_ms, started_ms, stopped_ms,
    finished_ms, stable_ms, failures, rollback_reason, rollback_ms, drain_percent, bake_minutes, alarms, triggered
  FROM daemon_deployments WHERE daemon_id = :daemon_id AND id < :before AND created_ms >= :from_ms AND created_ms <= :to_ms
    AND (:statuses IS NULL OR instr(:statuses, ',' || status || ',') <> 0) ORDER BY id DESC LIMIT :limit
-- name: daemon_deployments_open
SELECT count(*) AS deployments FROM daemon_deployments WHERE finished_ms = 0
-- name: daemon_deployments_delete
DELETE FROM daemon_deployments WHERE daemon_id = :daemon_id
-- name: daemon_task_insert
INSERT INTO daemon_tasks (task_id, daemon_id, daemon_revision_id) VALUES (:task_id, :daemon_id, :daemon_revision_id)
-- name: daemon_task_get
SELECT daemon_id, daemon_revision_id FROM daemon_tasks WHERE task_id = :task_id
-- name: daemon_task_unfinished
SELECT d.task_id, d.daemon_revision_id, t.container_instance_id, t.last_status, t.desired_status, t.due_ms
  FROM daemon_tasks d
  JOIN tasks t ON t.id = d.task_id WHERE d.daemon_id = :daemon_id AND t.last_status <> 'STOPPED' ORDER BY d.task_id
-- name: daemon_task_delete
DELETE FROM daemon_tasks WHERE task_id = :task_id
-- name: daemon_tasks_delete
DELETE FROM daemon_tasks WHERE daemon_id = :daemon_id
-- name: task_list_daemon
SELECT t.task_id FROM daemon_tasks d JOIN tasks t NOT INDEXED ON t.id = d.task_id
  WHERE d.daemon_id = :daemon_id AND d.task_id > :after AND t.cluster_id = :cluster_id
    AND t.desired_status = :desired_status AND (:launch_type IS NULL OR t.launch_type = :launch_type)
    AND (:container_instance_id IS NULL OR t.container_instance_id = :container_instance_id)
  ORDER BY d.task_id LIMIT :limit
-- name: reset_daemon_tasks
DELETE FROM daemon_tasks WHERE daemon_id IN (SELECT d.id FROM daemons d JOIN scopes s ON s.id = d.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_daemon_deployments
DELETE FROM daemon_deployments WHERE daemon_id IN (SELECT d.id FROM daemons d JOIN scopes s ON s.id = d.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_daemon_revisions
DELETE FROM daemon_revisions WHERE daemon_id IN (SELECT d.id FROM daemons d JOIN scopes s ON s.id = d.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_daemons
DELETE FROM daemons WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
