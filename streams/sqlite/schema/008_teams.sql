-- Teams whose members take turns at being on call.
CREATE TABLE teams (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE INDEX teams_by_number ON teams (number);
