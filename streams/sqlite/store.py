"""The store on one machine: SQLite, one writer thread, readers beside it."""

from __future__ import annotations

import asyncio
import fcntl
import math
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from streams.records import Token
from streams.sealing import MasterKey, Sealer
from streams.sql.spool_transaction import SpoolTransaction
from streams.sql.transaction import SqlTransaction
from streams.sqlite.connection import DIALECT, SqliteConnection
from streams.sqlite.database import connect, migrate
from streams.sqlite.keys import SqliteKeyRing
from streams.sqlite.writer import Writer, run_to_end
from streams.store import InUse

T = TypeVar("T")
TOKENS_KEPT = 100_000


class SqliteStore:
    """Opens the data folder, and runs work in transactions on it."""

    up = True

    def __init__(
        self,
        folder: Path,
        master: MasterKey,
        reachable: frozenset[str],
        *,
        exclusive: bool = True,
        spool: bool = False,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A second process may read and add (a new token); only one may run the engine.
        self._lock = _lock(folder / "lock") if exclusive else None
        write = connect(folder / "porchlight.db")
        migrate(write)
        self._keys = SqliteKeyRing(folder / "keys.db", master)
        self._read = connect(folder / "porchlight.db", read_only=True)
        self._write = write
        kind = SpoolTransaction if spool else SqlTransaction
        self._writing = kind(SqliteConnection(write), self._keys, DIALECT, reachable, remembers=True)
        self._reading = SqlTransaction(SqliteConnection(self._read), self._keys, DIALECT, reachable)
        self._tokens: dict[bytes, Token] = {}
        self._deaths = 0
        self._writer = Writer(write, self._writing, self._committed)

    def back_for(self) -> float:
        """It is never away."""
        return math.inf

    async def start(self) -> None:
        """Nothing to do: the folder is open."""

    async def write(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int = 2, *, about: str | None = None
    ) -> T:
        """Runs `work` in a transaction and returns what it returned once that is durable."""
        del about  # whatever waits shares its transaction here
        result: T = await self._writer.submit(work, lane)
        return result

    async def read(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on a consistent view of what is durable; it must not write."""
        self._read.execute("BEGIN")
        try:
            result: T = run_to_end(work(self._reading))
        finally:
            self._read.execute("COMMIT")
        return result

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do; remembered until any token dies."""
        known = self._tokens.get(hashed)
        if known is None:
            deaths = self._deaths
            known = await self.read(lambda tx: tx.token(hashed))
            if known is not None:
                if len(self._tokens) >= TOKENS_KEPT:
                    self._tokens.clear()
                self._tokens[hashed] = known
                if deaths != self._deaths:
                    # One died while this one was looked up: it may have been this one.
                    self._tokens.pop(hashed, None)
        return known

    def _committed(self) -> None:
        """In the writer's thread, after a commit and before anybody is answered."""
        if self._writing.tokens_died:
            self._writing.tokens_died = False
            self._deaths += 1
            self._tokens.clear()

    async def sealer(self, subject: str) -> Sealer:
        """What seals for this person or organization. Raises `Unreadable`."""
        return self._keys.known(subject) or await self._keys.find(subject)

    async def destroy_key(self, subject: str, at: Any) -> None:
        """Makes everything sealed for this subject unreadable for good."""
        await asyncio.to_thread(self._keys.destroy, subject, at)

    async def copy_keys(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Takes over keys as another store has them: id, kind, subject, wrapped (None where it was destroyed)."""
        if rows:
            await asyncio.to_thread(self._keys.copy, rows)

    async def close(self) -> None:
        """Carries out what was handed in and lets go of the folder."""
        await self._writer.close()
        self._read.close()
        self._write.close()
        self._keys.close()
        if self._lock is not None:
            os.close(self._lock)


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise InUse("another process has this data folder open; stop it first") from error
    return handle
