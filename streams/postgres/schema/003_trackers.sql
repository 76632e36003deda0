-- Keys of trackers and pings, and what a ping needs to know of its device, are copied as well.
CREATE OR REPLACE FUNCTION note_change_of_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(NEW.kind, OLD.kind) IN ('device', 'panic', 'tracker', 'ping') THEN
        INSERT INTO public.changes (kind, id) VALUES (TG_TABLE_NAME, encode(coalesce(NEW.hash, OLD.hash), 'hex'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON devices FOR EACH ROW EXECUTE FUNCTION note_change();
