-- Where this store is the spool of a process that shares another one: how far its copy of that one has come.
CREATE TABLE mirror (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
