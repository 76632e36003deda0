-- What the last check found open in people's plans; the row is gone when nothing is.
CREATE TABLE plan_checks (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, since BIGINT NOT NULL,
    sealed BYTEA NOT NULL);
CREATE INDEX plan_checks_in ON plan_checks (organization_id, since);
