"""The data keys, in a file of their own (`keys.db`), so that backups of them can be few and short-lived."""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from streams.sealing import MasterKey, Sealer, Unreadable

KEPT_OPEN = 50_000


class SqliteKeyRing:
    """Makes, finds and destroys data keys: one per person and one per organization."""

    def __init__(self, path: Path, master: MasterKey) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        path.chmod(0o600)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS data_keys (id BLOB PRIMARY KEY, subject_kind TEXT NOT NULL, "
            "subject TEXT NOT NULL UNIQUE, wrapped BLOB, destroyed_at INTEGER) WITHOUT ROWID"
        )
        self._master = master
        # The writer's thread and the loop both ask; one connection does not take two at once.
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Sealer] = OrderedDict()

    async def make(self, kind: str, subject: str) -> None:
        """A key for `subject`, on disk before this returns; the one it has already, if any."""
        key_id, key = uuid.uuid4().bytes, os.urandom(32)
        with self._lock:
            self._connection.execute(
                "INSERT INTO data_keys (id, subject_kind, subject, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (key_id, kind, subject, self._master.wrap(key_id, key)),
            )

    def known(self, subject: str) -> Sealer | None:
        """The sealer of a person or organization where it is at hand."""
        return self._open.get(subject)

    async def find(self, subject: str) -> Sealer:
        """The sealer of a person or organization. Raises `Unreadable` when its key was destroyed or never made."""
        with self._lock:
            row = self._connection.execute("SELECT id, wrapped FROM data_keys WHERE subject = ?", (subject,)).fetchone()
        if row is None or row[1] is None:
            raise Unreadable("data key")
        sealer = Sealer(row[0], self._master.unwrap(row[0], row[1]))
        self._open[subject] = sealer
        if len(self._open) > KEPT_OPEN:
            self._open.popitem(last=False)
        return sealer

    async def load(self, subjects: Iterable[str]) -> None:
        """Nothing to do: a look at the file costs no more for one than for many."""

    def index(self, value: str) -> bytes:
        """A keyed hash by which an address is found without being kept."""
        return self._master.index(value)

    def destroy(self, subject: str, at: datetime) -> None:
        """Makes everything that is sealed for `subject` unreadable for good."""
        with self._lock:
            self._connection.execute(
                "UPDATE data_keys SET wrapped = NULL, destroyed_at = ? WHERE subject = ?",
                (int(at.timestamp() * 1_000_000), subject),
            )
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._open.pop(subject, None)

    def copy(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Takes over keys as another store has them (id, kind, subject, wrapped); without `wrapped` it is destroyed."""
        with self._lock:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT INTO data_keys (id, subject_kind, subject, wrapped) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (subject) DO UPDATE SET id = excluded.id, wrapped = excluded.wrapped",
                    rows,
                )
            if any(row[3] is None for row in rows):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for row in rows:
            self._open.pop(row[2], None)

    def close(self) -> None:
        """Lets go of the file, once what another thread does with it has ended: giving that up does not stop it."""
        with self._lock:
            self._connection.close()
