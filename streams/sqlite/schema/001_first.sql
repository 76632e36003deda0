-- Everything that belongs to an agency carries organization_id; what identifies or locates anybody is sealed.
-- Instants are whole microseconds since 1970 (UTC).

CREATE TABLE organizations (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE staff (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE people (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE contacts (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE devices (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE zones (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
CREATE TABLE policies (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BLOB NOT NULL,
    number INTEGER NOT NULL, deleted_at INTEGER) WITHOUT ROWID;
-- New rows take the number after the highest.
CREATE INDEX organizations_by_number ON organizations (number);
CREATE INDEX staff_by_number ON staff (number);
CREATE INDEX people_by_number ON people (number);
CREATE INDEX contacts_by_number ON contacts (number);
CREATE INDEX devices_by_number ON devices (number);
CREATE INDEX zones_by_number ON zones (number);
CREATE INDEX policies_by_number ON policies (number);
CREATE INDEX contacts_of ON contacts (person) WHERE deleted_at IS NULL;
CREATE INDEX devices_of ON devices (person) WHERE deleted_at IS NULL;
CREATE INDEX zones_of ON zones (person) WHERE deleted_at IS NULL;
CREATE INDEX people_in ON people (organization_id, number) WHERE deleted_at IS NULL;
CREATE INDEX staff_in ON staff (organization_id, number) WHERE deleted_at IS NULL;

-- Addresses that must be compared are found by a keyed hash.
CREATE TABLE addresses (organization_id TEXT NOT NULL, address_hmac BLOB NOT NULL, owner TEXT NOT NULL,
    method TEXT NOT NULL, PRIMARY KEY (method)) WITHOUT ROWID;
CREATE INDEX addresses_by ON addresses (address_hmac);

CREATE TABLE tokens (hash BLOB PRIMARY KEY, organization_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    person TEXT, document BLOB NOT NULL, expires_at INTEGER) WITHOUT ROWID;
CREATE INDEX tokens_of ON tokens (subject);

CREATE TABLE inbox (number INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT NOT NULL, person TEXT NOT NULL,
    id TEXT NOT NULL, lane INTEGER NOT NULL, received_at INTEGER NOT NULL, sealed BLOB NOT NULL, answer BLOB,
    handled_at INTEGER, result TEXT, UNIQUE (person, id));
CREATE INDEX inbox_waiting ON inbox (person, number) WHERE handled_at IS NULL;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;

CREATE TABLE person_sides (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, document BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE situations (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, incident TEXT, sealed BLOB NOT NULL)
    WITHOUT ROWID;

-- Rows that are written often lie in the order in which they were made: what is busy together lies together.
CREATE TABLE incidents (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL, opened_at INTEGER NOT NULL,
    closed_at INTEGER, sealed BLOB NOT NULL);
CREATE INDEX incidents_in ON incidents (organization_id, state, number);
CREATE INDEX incidents_of ON incidents (person, number);
CREATE TABLE aliases (alias TEXT PRIMARY KEY, organization_id TEXT NOT NULL, incident TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE check_ins (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL,
    due_at INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX check_ins_of ON check_ins (person, due_at);

CREATE TABLE timers (person TEXT NOT NULL, name TEXT NOT NULL, organization_id TEXT NOT NULL,
    generation INTEGER NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (person, name)) WITHOUT ROWID;
CREATE INDEX timers_due ON timers (due_at);

-- The subject of a delivery about an incident is the incident.
CREATE TABLE deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL, person TEXT NOT NULL, subject TEXT NOT NULL, incident TEXT,
    recipient TEXT NOT NULL, method TEXT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL,
    epoch INTEGER NOT NULL, step INTEGER NOT NULL, round INTEGER NOT NULL, position INTEGER NOT NULL,
    methods INTEGER NOT NULL, lane INTEGER NOT NULL, drill INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, give_up_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
    settled_at INTEGER, why TEXT, sealed BLOB NOT NULL);
CREATE INDEX deliveries_due ON deliveries (lane, due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_about ON deliveries (subject, number);

CREATE TABLE attempts (number INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT NOT NULL, attempt INTEGER NOT NULL,
    ended_at INTEGER NOT NULL, outcome TEXT NOT NULL, why TEXT);

-- One row for what one decision wrote to a timeline, and told the consoles.
CREATE TABLE journal (number INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT NOT NULL, person TEXT NOT NULL,
    incident TEXT, event TEXT, at INTEGER NOT NULL, sealed BLOB);
CREATE INDEX journal_feed ON journal (number) WHERE event IS NOT NULL;
CREATE INDEX journal_of ON journal (incident, number) WHERE sealed IS NOT NULL;

CREATE TABLE messages (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT NOT NULL, at INTEGER NOT NULL,
    sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX messages_of ON messages (person, at);

CREATE TABLE fixes (number INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT NOT NULL, person TEXT NOT NULL,
    at INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX fixes_of ON fixes (person, at);

CREATE TABLE answers (actor TEXT NOT NULL, key TEXT NOT NULL, organization_id TEXT NOT NULL, at INTEGER NOT NULL,
    fingerprint BLOB NOT NULL, status INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (actor, key)) WITHOUT ROWID;
CREATE INDEX answers_at ON answers (at);

CREATE TABLE beats (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT NOT NULL, person TEXT NOT NULL,
    at INTEGER NOT NULL, what TEXT NOT NULL, staff TEXT NOT NULL, session TEXT NOT NULL, subject TEXT NOT NULL,
    chain BLOB NOT NULL, UNIQUE (person, what, staff, session, subject));
