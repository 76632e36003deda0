-- Recurring schedules, as they were agreed; what is running of them is in their person's situation.
CREATE TABLE schedules (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE INDEX schedules_by_number ON schedules (number);
CREATE INDEX schedules_of ON schedules (person) WHERE deleted_at IS NULL;
