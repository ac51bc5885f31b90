-- What lists read in their order and without looking at what they leave out.

CREATE INDEX clusters_listed ON clusters (scope_id, name) WHERE status <> 'INACTIVE';
CREATE INDEX capacity_providers_listed ON capacity_providers (scope_id, name) WHERE status <> 'INACTIVE';
DROP INDEX services_active;
CREATE INDEX services_active ON services (cluster_id, id, launch_type, scheduling_strategy, resource_management, name)
    WHERE status = 'ACTIVE';
CREATE INDEX daemon_deployments_by_daemon ON daemon_deployments (daemon_id, id);
CREATE INDEX gateway_clusters_by_gateway ON gateway_clusters (gateway_row, id);
