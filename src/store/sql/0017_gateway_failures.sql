-- What went wrong with the last update of a gateway.

ALTER TABLE gateways ADD COLUMN status_reason TEXT; -- NULL: nothing
ALTER TABLE gateways ADD COLUMN failures TEXT;      -- JSON list; NULL: none
