-- Which letter means whom at a number, so that no late answer is taken for another's.
CREATE TABLE letters (address_hmac BLOB NOT NULL, about TEXT NOT NULL, place INTEGER NOT NULL, used_at INTEGER NOT NULL,
    PRIMARY KEY (address_hmac, about)) WITHOUT ROWID;
CREATE INDEX letters_used ON letters (used_at);
