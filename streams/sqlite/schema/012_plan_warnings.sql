-- When advocates were told that something has become open in this plan; nobody yet where it is empty.
ALTER TABLE plan_checks ADD COLUMN told_at INTEGER;
UPDATE plan_checks SET told_at = since;
CREATE INDEX plan_checks_untold ON plan_checks (organization_id, person) WHERE told_at IS NULL;
