-- Journeys: plan, progress and trail are sealed under a key of the journey's own, which is destroyed when it is over.
CREATE TABLE journeys (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, person TEXT NOT NULL,
    begun_at BIGINT NOT NULL, over_at BIGINT, sealed BYTEA NOT NULL, progress BYTEA) WITH (fillfactor = 70);
CREATE INDEX journeys_of ON journeys (person);
CREATE INDEX journeys_over ON journeys (over_at) WHERE over_at IS NOT NULL;
CREATE TABLE journey_fixes (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL,
    journey TEXT NOT NULL, sealed BYTEA NOT NULL);
CREATE INDEX journey_fixes_of ON journey_fixes (journey, number);
