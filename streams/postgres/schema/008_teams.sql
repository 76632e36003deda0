-- Teams whose members take turns at being on call. What the first steps need of them is copied as well.
CREATE SEQUENCE teams_number;
CREATE TABLE teams (LIKE organizations INCLUDING ALL);
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON teams FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON staff FOR EACH ROW EXECUTE FUNCTION note_change();
