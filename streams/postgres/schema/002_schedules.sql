-- Recurring schedules, as they were agreed; what is running of them is in their person's situation.
CREATE SEQUENCE schedules_number;
CREATE TABLE schedules (LIKE organizations INCLUDING ALL);
CREATE INDEX schedules_of ON schedules (person) WHERE deleted_at IS NULL;
