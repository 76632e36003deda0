-- What was noticed late because nobody was at work: a row for each transaction that noticed any, never changed, so that
-- nobody waits for anybody. Read together they are one outage.
CREATE TABLE noticed_late (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id TEXT NOT NULL, at BIGINT NOT NULL,
    since BIGINT NOT NULL, asked INTEGER NOT NULL, told INTEGER NOT NULL);
CREATE INDEX noticed_late_in ON noticed_late (organization_id, at);
