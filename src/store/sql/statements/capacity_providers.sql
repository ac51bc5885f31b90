-- name: capacity_provider_insert
INSERT INTO capacity_providers (scope_id, name, status, update_status, tags, document)
  VALUES (:scope_id, :name, :status, :update_status, :tags, :document)
-- name: capacity_provider_update
UPDATE capacity_providers SET status = :status, update_status = :update_status, tags = :tags, document = :document
  WHERE id = :id
-- name: capacity_provider_get
SELECT id, name, status, update_status, tags, document FROM capacity_providers
  WHERE scope_id = :scope_id AND name = :name
-- name: capacity_provider_list
SELECT id, name, status, update_status, tags, document FROM capacity_providers INDEXED BY capacity_providers_listed
  WHERE scope_id = :scope_id AND name > :after AND status <> 'INACTIVE' ORDER BY name LIMIT :limit
