-- name: service_last_id
SELECT coalesce(max(id), 0) AS id FROM services
-- name: service_insert
INSERT INTO services (id, cluster_id, name, status, launch_type, scheduling_strategy, resource_management, namespace,
    desired_count, created_ms, inactive_ms, next_act_ms, steady_ms, trouble, trouble_ms, rebalancing, created_by, tags,
    document)
  VALUES (:id, :cluster_id, :name, :status, :launch_type, :scheduling_strategy, :resource_management, :namespace,
    :desired_count, :created_ms, :inactive_ms, :next_act_ms, :steady_ms, :trouble, :trouble_ms, :rebalancing,
    :created_by, :tags, :document)
-- name: service_update
UPDATE services SET status = :status, desired_count = :desired_count, inactive_ms = :inactive_ms,
    next_act_ms = :next_act_ms, steady_ms = :steady_ms, trouble = :trouble, trouble_ms = :trouble_ms,
    rebalancing = :rebalancing WHERE id = :id
-- name: service_update_document
UPDATE services SET launch_type = :launch_type, scheduling_strategy = :scheduling_strategy,
    resource_management = :resource_management, namespace = :namespace, document = :document WHERE id = :id
-- name: service_update_tags
UPDATE services SET tags = :tags WHERE id = :id
-- name: service_document
SELECT document, tags, created_by FROM services WHERE id = :id
-- name: service_delete
DELETE FROM services WHERE id = :id
-- name: service_each
SELECT id, cluster_id, name, status, desired_count, created_ms, inactive_ms, next_act_ms, steady_ms, trouble,
    trouble_ms, rebalancing, document FROM services ORDER BY id
-- name: service_list
SELECT s.id, s.name, s.cluster_id FROM services s INDEXED BY services_active
  WHERE s.cluster_id = :cluster_id AND s.status = 'ACTIVE' AND s.id > :after
    AND (:launch_type IS NULL OR s.launch_type = :launch_type)
    AND (:scheduling_strategy IS NULL OR s.scheduling_strategy = :scheduling_strategy)
    AND (:resource_management IS NULL OR s.resource_management = :resource_management)
  ORDER BY s.id LIMIT :limit
-- name: service_list_namespace
SELECT s.id, s.name, s.cluster_id FROM services s INDEXED BY services_in_namespace
  JOIN clusters c ON c.id = s.cluster_id
  WHERE s.namespace = :namespace AND s.status = 'ACTIVE' AND s.id > :after AND c.scope_id = :scope_id
  ORDER BY s.id LIMIT :limit
-- name: service_event_insert
INSERT INTO service_events (service_id, event_id, created_ms, message)
  VALUES (:service_id, :event_id, :created_ms, :message)
-- name: service_event_trim
DELETE FROM service_events WHERE service_id = :service_id AND id <= (SELECT id FROM service_events
  WHERE service_id = :service_id ORDER BY id DESC LIMIT 1 OFFSET :kept)
-- name: service_event_list
SELECT event_id, created_ms, message FROM service_events WHERE service_id = :service_id ORDER BY id DESC LIMIT :limit
-- name: service_event_delete_all
DELETE FROM service_events WHERE service_id = :service_id
-- name: reset_service_events
DELETE FROM service_events WHERE service_id IN (SELECT v.id FROM services v JOIN clusters c ON c.id = v.cluster_id
  JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_service_revisions
DELETE FROM service_revisions WHERE service_id IN (SELECT v.id FROM services v JOIN clusters c ON c.id = v.cluster_id
  JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_service_deployments
DELETE FROM service_deployments WHERE service_id IN (SELECT v.id FROM services v JOIN clusters c ON c.id = v.cluster_id
  JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_deployments
DELETE FROM deployments WHERE service_id IN (SELECT v.id FROM services v JOIN clusters c ON c.id = v.cluster_id
  JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_services
DELETE FROM services WHERE cluster_id IN (SELECT c.id FROM clusters c JOIN scopes s ON s.id = c.scope_id
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: reset_alarms
DELETE FROM alarms WHERE scope_id IN (SELECT s.id FROM scopes s
  WHERE (:account IS NULL OR s.account = :account) AND (:region IS NULL OR s.region = :region))
-- name: alarm_set
INSERT INTO alarms (scope_id, name, state) VALUES (:scope_id, :name, :state)
  ON CONFLICT (scope_id, name) DO UPDATE SET state = excluded.state
-- name: alarm_get
SELECT state FROM alarms WHERE scope_id = :scope_id AND name = :name
-- name: alarm_all
SELECT name, state FROM alarms WHERE scope_id = :scope_id ORDER BY name
