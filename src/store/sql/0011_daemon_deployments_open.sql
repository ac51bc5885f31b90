-- Deployments of daemons that are under way.
CREATE INDEX daemon_deployments_open ON daemon_deployments (id) WHERE finished_ms = 0;
