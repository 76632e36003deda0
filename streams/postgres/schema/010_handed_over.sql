-- What a provider took over under a reference of its own, until it is known what became of it.
CREATE TABLE handed_over (delivery TEXT PRIMARY KEY, channel TEXT NOT NULL, reference TEXT NOT NULL, ask_at BIGINT NOT NULL,
    asked INTEGER NOT NULL);
CREATE INDEX handed_over_due ON handed_over (ask_at);
