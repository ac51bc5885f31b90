-- name: cluster_insert
INSERT INTO clusters (scope_id, name, status, document, tags) VALUES (:scope_id, :name, :status, :document, :tags)
-- name: cluster_update
UPDATE clusters SET status = :status, document = :document, tags = :tags WHERE id = :id
-- name: cluster_all
SELECT id, scope_id, name, status, document, tags FROM clusters ORDER BY id
-- name: cluster_list
SELECT name FROM clusters INDEXED BY clusters_listed
  WHERE scope_id = :scope_id AND name > :after AND status <> 'INACTIVE' ORDER BY name LIMIT :limit
-- name: instance_insert
INSERT INTO container_instances (cluster_id, instance_id, status, agent_connected, ec2_instance_id, registered_ms,
    simulated, has_agent, version, tags, document)
  VALUES (:cluster_id, :instance_id, :status, :agent_connected, :ec2_instance_id, :registered_ms, :simulated,
    :has_agent, :version, :tags, :document)
-- name: instance_update
UPDATE container_instances SET status = :status, agent_connected = :agent_connected, has_agent = :has_agent,
    version = :version,
    tags = :tags, document = :document WHERE id = :id
-- name: instance_set_version
INSERT INTO container_instance_versions (container_instance_id, version) VALUES (:id, :version)
  ON CONFLICT (container_instance_id) DO UPDATE SET version = max(version, excluded.version)
-- name: instance_all
SELECT i.id, i.cluster_id, i.instance_id, i.status, i.agent_connected, i.ec2_instance_id, i.registered_ms,
    i.simulated, i.has_agent, max(i.version, coalesce(v.version, 0)) AS version, i.tags, i.document
  FROM container_instances i LEFT JOIN container_instance_versions v ON v.container_instance_id = i.id
  ORDER BY i.id
-- name: instance_document
SELECT document, tags FROM container_instances WHERE id = :id
