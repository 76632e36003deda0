"""Opening the database file: settings, and migrations that run once."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

SCHEMA = "streams.sqlite.schema"
PAGE_CACHE_KIB = 65_536


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in write-ahead mode, durable at every commit; transactions are begun by hand."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=5)
    connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
    return connection


def migrate(connection: sqlite3.Connection) -> int:
    """Brings the schema up to date, each step in a transaction of its own. Returns the version."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    files = sorted(f.name for f in resources.files(SCHEMA).iterdir() if f.name.endswith(".sql"))
    for name in files:
        number = int(name.split("_", maxsplit=1)[0])
        if number <= version:
            continue
        script = resources.files(SCHEMA).joinpath(name).read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
        version = number
    return version
