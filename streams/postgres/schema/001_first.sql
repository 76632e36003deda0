-- Everything that belongs to an agency carries organization_id; what identifies or locates anybody is sealed.
-- Instants are whole microseconds since 1970 (UTC). Later files only add: the version before must go on working beside
-- the one that brought them.

CREATE SEQUENCE organizations_number; CREATE SEQUENCE staff_number; CREATE SEQUENCE people_number;
CREATE SEQUENCE contacts_number; CREATE SEQUENCE devices_number; CREATE SEQUENCE zones_number;
CREATE SEQUENCE policies_number;
CREATE TABLE organizations (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT, sealed BYTEA NOT NULL,
    number BIGINT NOT NULL, deleted_at BIGINT);
CREATE TABLE staff (LIKE organizations INCLUDING ALL);
CREATE TABLE people (LIKE organizations INCLUDING ALL);
CREATE TABLE contacts (LIKE organizations INCLUDING ALL);
CREATE TABLE devices (LIKE organizations INCLUDING ALL);
CREATE TABLE zones (LIKE organizations INCLUDING ALL);
CREATE TABLE policies (LIKE organizations INCLUDING ALL);
CREATE INDEX contacts_of ON contacts (person) WHERE deleted_at IS NULL;
CREATE INDEX devices_of ON devices (person) WHERE deleted_at IS NULL;
CREATE INDEX zones_of ON zones (person) WHERE deleted_at IS NULL;
CREATE INDEX people_in ON people (organization_id, number) WHERE deleted_at IS NULL;
CREATE INDEX staff_in ON staff (organization_id, number) WHERE deleted_at IS NULL;
CREATE INDEX policies_in ON policies (organization_id, number) WHERE deleted_at IS NULL;

-- Addresses that must be compared are found by a keyed hash.
CREATE TABLE addresses (organization_id TEXT NOT NULL, address_hmac BYTEA NOT NULL, owner TEXT NOT NULL,
    method TEXT PRIMARY KEY);
CREATE INDEX addresses_by ON addresses (address_hmac);
CREATE INDEX addresses_of ON addresses (owner);

CREATE TABLE tokens (hash BYTEA PRIMARY KEY, organization_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    person TEXT, document BYTEA NOT NULL, expires_at BIGINT);
CREATE INDEX tokens_of ON tokens (subject);
CREATE INDEX tokens_of_person ON tokens (person) WHERE person IS NOT NULL;
CREATE INDEX tokens_expire ON tokens (expires_at) WHERE expires_at IS NOT NULL;

-- No foreign keys to the rows that are locked for deciding: a press must not wait behind a batch.
CREATE TABLE inbox (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL,
    person TEXT NOT NULL, id TEXT NOT NULL, lane INTEGER NOT NULL, received_at BIGINT NOT NULL, sealed BYTEA NOT NULL,
    answer BYTEA, handled_at BIGINT, result TEXT, UNIQUE (person, id)) WITH (fillfactor = 80);
CREATE INDEX inbox_waiting ON inbox (person, number) WHERE handled_at IS NULL;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;

-- Both rows are made with the person, so that they are there to be locked.
CREATE TABLE person_sides (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, document BYTEA NOT NULL)
    WITH (fillfactor = 70);
CREATE TABLE situations (person TEXT PRIMARY KEY, organization_id TEXT NOT NULL, incident TEXT, sealed BYTEA NOT NULL)
    WITH (fillfactor = 70);

CREATE TABLE incidents (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL, opened_at BIGINT NOT NULL,
    closed_at BIGINT, sealed BYTEA NOT NULL) WITH (fillfactor = 70);
CREATE INDEX incidents_in ON incidents (organization_id, state, number);
CREATE INDEX incidents_of ON incidents (person, number);
CREATE TABLE aliases (alias TEXT PRIMARY KEY, organization_id TEXT NOT NULL, incident TEXT NOT NULL);

CREATE TABLE check_ins (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL,
    due_at BIGINT NOT NULL, sealed BYTEA NOT NULL);
CREATE INDEX check_ins_of ON check_ins (person, due_at);

CREATE TABLE timers (person TEXT NOT NULL, name TEXT NOT NULL, organization_id TEXT NOT NULL,
    generation INTEGER NOT NULL, due_at BIGINT NOT NULL, PRIMARY KEY (person, name));
CREATE INDEX timers_due ON timers (due_at);

-- The subject of a delivery about an incident is the incident.
CREATE TABLE deliveries (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL, person TEXT NOT NULL, subject TEXT NOT NULL, incident TEXT,
    recipient TEXT NOT NULL, method TEXT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL,
    epoch INTEGER NOT NULL, step INTEGER NOT NULL, round INTEGER NOT NULL, position INTEGER NOT NULL,
    methods INTEGER NOT NULL, lane INTEGER NOT NULL, drill INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, due_at BIGINT NOT NULL, give_up_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
    settled_at BIGINT, why TEXT, sealed BYTEA NOT NULL) WITH (fillfactor = 80);
CREATE INDEX deliveries_due ON deliveries (lane, due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_about ON deliveries (subject, number);

CREATE TABLE attempts (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, delivery TEXT NOT NULL,
    attempt INTEGER NOT NULL, ended_at BIGINT NOT NULL, outcome TEXT NOT NULL, why TEXT);

-- One row for what one decision wrote to a timeline, and told the consoles. `position` is what the feed tails: it grows
-- with the transaction that wrote the row, so that all below the oldest one that still runs is complete, which a
-- number alone is not (it is given out before the commit).
CREATE SEQUENCE journal_in_transaction;
CREATE TABLE journal (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL,
    person TEXT NOT NULL, incident TEXT, event TEXT, at BIGINT NOT NULL, sealed BYTEA,
    position BIGINT NOT NULL DEFAULT
        ((pg_current_xact_id()::text::bigint << 16) | (nextval('journal_in_transaction') & 65535)));
CREATE INDEX journal_feed ON journal (position) WHERE event IS NOT NULL;
CREATE INDEX journal_old ON journal (at) WHERE event IS NOT NULL;
CREATE INDEX journal_of ON journal (incident, number) WHERE sealed IS NOT NULL;

CREATE TABLE messages (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,
    sealed BYTEA NOT NULL);
CREATE INDEX messages_of ON messages (person, at);

CREATE TABLE fixes (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL,
    person TEXT NOT NULL, at BIGINT NOT NULL, sealed BYTEA NOT NULL);
CREATE INDEX fixes_of ON fixes (person, at);

CREATE TABLE answers (actor TEXT NOT NULL, key TEXT NOT NULL, organization_id TEXT NOT NULL, at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL, status INTEGER NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (actor, key));
CREATE INDEX answers_at ON answers (at);

CREATE TABLE beats (name TEXT PRIMARY KEY, at BIGINT NOT NULL) WITH (fillfactor = 50);

CREATE TABLE audit (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL,
    person TEXT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL, staff TEXT NOT NULL, session TEXT NOT NULL,
    subject TEXT NOT NULL, chain BYTEA NOT NULL, UNIQUE (person, what, staff, session, subject));

-- In a schema of its own, so that a backup can leave it out and keep it apart (`pg_dump --exclude-schema=keys`).
CREATE SCHEMA keys;
CREATE TABLE keys.data_keys (id BYTEA PRIMARY KEY, subject_kind TEXT NOT NULL, subject TEXT NOT NULL UNIQUE,
    wrapped BYTEA, destroyed_at TIMESTAMPTZ);
CREATE INDEX data_keys_destroyed ON keys.data_keys (destroyed_at) WHERE destroyed_at IS NOT NULL;

-- What a process that has to take presses without this store needs a copy of, and how its copy keeps up. Written by
-- triggers, so that no statement can forget it.
CREATE TABLE changes (position BIGINT NOT NULL DEFAULT
        ((pg_current_xact_id()::text::bigint << 16) | (nextval('journal_in_transaction') & 65535)),
    kind TEXT NOT NULL, id TEXT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE INDEX changes_by_position ON changes (position);

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.changes (kind, id) VALUES (TG_TABLE_NAME, coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE FUNCTION note_change_of_side() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.changes (kind, id) VALUES (TG_TABLE_NAME, coalesce(NEW.person, OLD.person));
    RETURN NULL;
END $$;
CREATE FUNCTION note_change_of_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(NEW.kind, OLD.kind) IN ('device', 'panic') THEN
        INSERT INTO public.changes (kind, id) VALUES (TG_TABLE_NAME, encode(coalesce(NEW.hash, OLD.hash), 'hex'));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION note_change_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.changes (kind, id) VALUES (TG_TABLE_NAME, coalesce(NEW.subject, OLD.subject));
    RETURN NULL;
END $$;
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON organizations
    FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON people FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON policies FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON check_ins FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON person_sides
    FOR EACH ROW EXECUTE FUNCTION note_change_of_side();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON tokens
    FOR EACH ROW EXECUTE FUNCTION note_change_of_token();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON keys.data_keys
    FOR EACH ROW EXECUTE FUNCTION note_change_of_key();
