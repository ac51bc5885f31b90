-- A target group may also not know how a target is, and says why one is unhealthy.
ALTER TABLE target_rules ADD COLUMN health TEXT NOT NULL DEFAULT 'unhealthy';
ALTER TABLE target_rules ADD COLUMN reason TEXT;
UPDATE target_rules SET health = 'healthy' WHERE healthy = 1;
ALTER TABLE target_rules DROP COLUMN healthy;
