-- name: turn_begin
BEGIN IMMEDIATE
-- name: turn_commit
COMMIT
