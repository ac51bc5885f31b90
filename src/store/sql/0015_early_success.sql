-- Since when a deployment has what its earlySuccessCriteria ask for; 0: not yet.
ALTER TABLE deployments ADD COLUMN early_ms INTEGER NOT NULL DEFAULT 0;
