-- Gateways, the clusters that they serve, and the routes to the services there.

CREATE TABLE gateways (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    gateway_id TEXT NOT NULL, -- the last part of its ARN
    status TEXT NOT NULL,
    due_ms INTEGER, -- when an update is through; NULL: none is under way
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deletion_protection INTEGER NOT NULL,
    role_arn TEXT NOT NULL,
    propagate_tags TEXT NOT NULL,
    access_type TEXT NOT NULL,
    client_token TEXT,
    request TEXT NOT NULL,  -- that made it, without the token
    balancer TEXT NOT NULL, -- JSON object: hostSharedAlb
    tags TEXT NOT NULL,
    UNIQUE (scope_id, name)
) STRICT;
CREATE INDEX gateways_due ON gateways (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE gateway_clusters (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    gateway_row INTEGER NOT NULL,
    cluster_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    UNIQUE (gateway_row, cluster_id)
) STRICT;
CREATE INDEX gateway_clusters_by_cluster ON gateway_clusters (cluster_id, id);
CREATE INDEX gateway_clusters_by_scope ON gateway_clusters (scope_id, id);

CREATE TABLE gateway_routes (
    id INTEGER PRIMARY KEY,
    scope_id INTEGER NOT NULL,
    gateway_row INTEGER NOT NULL,
    cluster_id INTEGER NOT NULL,
    route_id TEXT NOT NULL, -- the last part of its ARN
    service_name TEXT NOT NULL,
    port_name TEXT NOT NULL,
    status TEXT NOT NULL,
    balancer INTEGER NOT NULL, -- which of the gateway's load balancers
    due_ms INTEGER,            -- when its next step is due; NULL: nothing is
    UNIQUE (scope_id, route_id),
    UNIQUE (cluster_id, service_name, gateway_row, port_name)
) STRICT;
CREATE INDEX gateway_routes_by_gateway ON gateway_routes (gateway_row, balancer, id);
CREATE INDEX gateway_routes_by_scope ON gateway_routes (scope_id, id);
CREATE INDEX gateway_routes_due ON gateway_routes (due_ms) WHERE due_ms IS NOT NULL;
