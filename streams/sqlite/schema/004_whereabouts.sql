-- Of whoever is followed: what is asked of her positions, the borders that are watched, and what is known of where she is.
-- Whoever is not followed has no row.
CREATE TABLE whereabouts (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, asks BLOB, zones BLOB, track BLOB)
    WITHOUT ROWID;
INSERT INTO whereabouts (person, organization_id, asks)
    SELECT person, organization_id, CAST('{"trail":true}' AS BLOB) FROM situations WHERE incident IS NOT NULL;

-- Who keeps her trail as evidence, until when; and until when her own side says that she does.
CREATE TABLE kept_trails (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, until INTEGER, shown_until INTEGER) WITHOUT ROWID;
