-- What the last check found open in people's plans; the row is gone when nothing is.
CREATE TABLE plan_checks (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, since INTEGER NOT NULL,
    sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX plan_checks_in ON plan_checks (organization_id, since);
