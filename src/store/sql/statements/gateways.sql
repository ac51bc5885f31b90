-- name: gateway_insert
INSERT INTO gateways (scope_id, name, gateway_id, status, due_ms, created_ms, updated_ms, deletion_protection, role_arn,
  propagate_tags, access_type, client_token, request, balancer, tags, status_reason, failures)
  VALUES (:scope_id, :name, :gateway_id, :status, :due_ms, :created_ms, :updated_ms, :deletion_protection, :role_arn,
  :propagate_tags, :access_type, :client_token, :request, :balancer, :tags,
  :status_reason, :failures)
-- name: gateway_update
UPDATE gateways SET status = :status, due_ms = :due_ms, updated_ms = :updated_ms,
  deletion_protection = :deletion_protection, role_arn = :role_arn, propagate_tags = :propagate_tags,
  balancer = :balancer, tags = :tags, status_reason = :status_reason, failures = :failures WHERE id = :id
-- name: gateway_delete
DELETE FROM gateways WHERE id = :id
-- name: gateway_get
SELECT id, scope_id, name, gateway_id, status, due_ms, created_ms, updated_ms, deletion_protection, role_arn,
  propagate_tags, access_type, client_token, request, balancer, tags, status_reason, failures
  FROM gateways
  WHERE scope_id = :scope_id AND name = :name
-- name: gateway_get_by_id
SELECT id, scope_id, name, gateway_id, status, due_ms, created_ms, updated_ms, deletion_protection, role_arn,
  propagate_tags, access_type, client_token, request, balancer, tags, status_reason, failures
  FROM gateways WHERE id = :id
-- name: gateway_all_due
SELECT id, due_ms FROM gateways WHERE due_ms IS NOT NULL ORDER BY due_ms, id
-- name: gateway_route_all_due
SELECT id, due_ms FROM gateway_routes WHERE due_ms IS NOT NULL ORDER BY due_ms, id
-- name: gateway_list
SELECT name, gateway_id, status, created_ms FROM gateways WHERE scope_id = :scope_id AND name > :after
  AND (:names IS NULL OR instr(:names, ',' || name || ',') <> 0)
  AND (:statuses IS NULL OR instr(:statuses, ',' || status || ',') <> 0) ORDER BY name LIMIT :limit
-- name: gateway_cluster_set
INSERT INTO gateway_clusters (scope_id, gateway_row, cluster_id, status)
  VALUES (:scope_id, :gateway_row, :cluster_id, :status)
  ON CONFLICT (gateway_row, cluster_id) DO UPDATE SET status = excluded.status
-- name: gateway_cluster_get
SELECT status FROM gateway_clusters WHERE gateway_row = :gateway_row AND cluster_id = :cluster_id
-- name: gateway_clusters_of_cluster
SELECT gateway_row, status FROM gateway_clusters WHERE cluster_id = :cluster_id AND status <> 'INACTIVE' ORDER BY id
-- name: gateway_clusters_end
UPDATE gateway_clusters SET status = 'INACTIVE' WHERE cluster_id = :cluster_id
-- name: gateway_clusters_used
SELECT count(*) AS uses FROM gateway_clusters WHERE gateway_row = :gateway_row AND status <> 'INACTIVE'
-- name: gateway_clusters_forget
DELETE FROM gateway_clusters WHERE gateway_row = :gateway_row
-- name: gateway_clusters_list
SELECT a.id, g.name AS gateway, g.gateway_id, c.name AS cluster, a.status FROM gateway_clusters a
  JOIN gateways g ON g.id = a.gateway_row JOIN clusters c ON c.id = a.cluster_id
  WHERE a.scope_id = :scope_id AND a.id > :after
  AND (:statuses IS NULL OR instr(:statuses, ',' || a.status || ',') <> 0) ORDER BY a.id LIMIT :limit
-- name: gateway_clusters_list_gateway
SELECT a.id, g.name AS gateway, g.gateway_id, c.name AS cluster, a.status FROM gateway_clusters a
  JOIN gateways g ON g.id = a.gateway_row JOIN clusters c ON c.id = a.cluster_id
  WHERE a.gateway_row = :gateway_row AND a.id > :after AND (:cluster_id IS NULL OR a.cluster_id = :cluster_id)
  AND (:statuses IS NULL OR instr(:statuses, ',' || a.status || ',') <> 0) ORDER BY a.id LIMIT :limit
-- name: gateway_clusters_list_cluster
SELECT a.id, g.name AS gateway, g.gateway_id, c.name AS cluster, a.status FROM gateway_clusters a
  JOIN gateways g ON g.id = a.gateway_row JOIN clusters c ON c.id = a.cluster_id
  WHERE a.cluster_id = :cluster_id AND a.id > :after
  AND (:statuses IS NULL OR instr(:statuses, ',' || a.status || ',') <> 0) ORDER BY a.id LIMIT :limit
-- name: gateway_route_insert
INSERT INTO gateway_routes (scope_id, gateway_row, cluster_id, route_id, service_name, port_name, status, balancer, due_ms)
  VALUES (:scope_id, :gateway_row, :cluster_id, :route_id, :service_name, :port_name, :status, :balancer, :due_ms)
-- name: gateway_route_set_status
UPDATE gateway_routes SET status = :status, due_ms = :due_ms WHERE id = :id
-- name: gateway_route_delete
DELETE FROM gateway_routes WHERE id = :id
-- name: gateway_route_get
SELECT r.id, r.scope_id, r.gateway_row, g.name AS gateway, g.gateway_id, r.cluster_id, c.name AS cluster, r.route_id,
  r.service_name, r.port_name, r.status, r.balancer, r.due_ms, g.access_type FROM gateway_routes r
  JOIN gateways g ON g.id = r.gateway_row JOIN clusters c ON c.id = r.cluster_id
  WHERE r.scope_id = :scope_id AND r.route_id = :route_id
-- name: gateway_route_get_by_id
SELECT r.id, r.scope_id, r.gateway_row, g.name AS gateway, g.gateway_id, r.cluster_id, c.name AS cluster, r.route_id,
  r.service_name, r.port_name, r.status, r.balancer, r.due_ms, g.access_type FROM gateway_routes r
  JOIN gateways g ON g.id = r.gateway_row JOIN clusters c ON c.id = r.cluster_id WHERE r.id = :id
-- name: gateway_routes_of_service
SELECT r.id, r.scope_id, r.gateway_row, g.name AS gateway, g.gateway_id, r.cluster_id, c.name AS cluster, r.route_id,
  r.service_name, r.port_name, r.status, r.balancer, r.due_ms, g.access_type FROM gateway_routes r
  JOIN gateways g ON g.id = r.gateway_row JOIN clusters c ON c.id = r.cluster_id
  WHERE r.cluster_id = :cluster_id AND r.service_name = :service_name ORDER BY r.id
-- name: gateway_routes_list
SELECT r.id, r.scope_id, r.gateway_row, g.name AS gateway, g.gateway_id, r.cluster_id, c.name AS cluster, r.route_id,
  r.service_name, r.port_name, r.status, r.balancer, r.due_ms, g.access_type FROM gateway_routes r
  JOIN gateways g ON g.id = r.gateway_row JOIN clusters c ON c.id = r.cluster_id
  WHERE r.scope_id = :scope_id AND r.id > :after AND (:gateway_row IS NULL OR r.gateway_row = :gateway_row)
  AND (:cluster_id IS NULL OR r.cluster_id = :cluster_id)
  AND (:service_name IS NULL OR r.service_name = :service_name)
  AND (:port_name IS NULL OR r.port_name = :port_name)
  AND (:statuses IS NULL OR instr(:statuses, ',' || r.status || ',') <> 0) ORDER BY r.id LIMIT :limit
-- name: gateway_routes_of_cluster
SELECT count(*) AS routes FROM gateway_routes WHERE gateway_row = :gateway_row AND cluster_id = :cluster_id
-- name: gateway_routes_on_balancer
SELECT route_id FROM gateway_routes WHERE gateway_row = :gateway_row AND balancer = :balancer ORDER BY id
-- name: gateway_balancers
SELECT balancer, count(*) AS routes FROM gateway_routes WHERE gateway_row = :gateway_row AND balancer > :after
  GROUP BY balancer ORDER BY balancer LIMIT :limit
-- name: reset_gateway_routes
DELETE FROM gateway_routes WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
-- name: reset_gateway_clusters
DELETE FROM gateway_clusters WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
-- name: reset_gateways
DELETE FROM gateways WHERE scope_id IN (SELECT id FROM scopes
  WHERE (:account IS NULL OR account = :account) AND (:region IS NULL OR region = :region))
