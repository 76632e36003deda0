-- Whom staff watch for a while at her own wish; the row is gone when it ends.
CREATE TABLE stay_near (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, until INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX stay_near_in ON stay_near (organization_id, until);
