-- Whom staff watch for a while at her own wish; the row is gone when it ends.
CREATE TABLE stay_near (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, until BIGINT NOT NULL, sealed BYTEA NOT NULL);
CREATE INDEX stay_near_in ON stay_near (organization_id, until);
