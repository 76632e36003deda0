-- Which letter means whom at a number, so that no late answer is taken for another's.
CREATE TABLE letters (address_hmac BYTEA NOT NULL, about TEXT NOT NULL, place INTEGER NOT NULL, used_at BIGINT NOT NULL,
    PRIMARY KEY (address_hmac, about));
CREATE INDEX letters_used ON letters (used_at);
