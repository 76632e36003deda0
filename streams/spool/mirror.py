"""Keeps a sealed copy of what taking a press needs: tokens, PIN hashes, plans, first-step addresses, keys.

Rows are copied as they lie, under the same keys; a key that is destroyed in the store is destroyed here as well, and a
token that dies there dies here, a moment later. A copy that has been away for longer than changes are kept begins anew.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import structlog

from streams.sql.mirrored import KEYS, KINDS, TABLES
from streams.store import NotKept, Store

log = structlog.get_logger()

PAGE = 500
LOOK_EVERY = 0.5


class Copy(Store, Protocol):
    """The store that holds the copy."""

    async def copy_keys(self, rows: Any) -> None:
        """Takes over keys as they are wrapped in the other store."""


class Mirror:
    """Follows the changes of a store."""

    def __init__(self, store: Store, copy: Copy) -> None:
        self._store = store
        self._copy = copy
        self._paused = asyncio.Event()
        self._paused.set()

    def pause(self) -> None:
        """The copy is written by somebody else for a while."""
        self._paused.clear()

    def go_on(self) -> None:
        """It is ours again."""
        self._paused.set()

    async def run(self) -> None:
        """Until it is cancelled; waits out a store that is out of reach."""
        while True:
            await self._paused.wait()
            try:
                more = await self.step()
            except NotKept:
                more = False
            except Exception:
                log.exception("mirror failed", action="mirror_failed")
                more = False
            if not more:
                await asyncio.sleep(LOOK_EVERY)

    async def step(self) -> bool:
        """Takes over a page of changes, the whole of it the first time; True when there may be more."""
        position = await self._copy.read(lambda tx: tx.mirror_position())
        first, complete = await self._store.read(lambda tx: tx.changes_span())
        if position is None or not first <= position <= complete:
            # Too old, or of a database that is not this one: restored elsewhere, its positions count anew.
            await self._begin(complete)
            return True
        changes = await self._store.read(lambda tx: tx.changes_after(position, PAGE))
        if not changes:
            return False
        named: dict[str, list[str]] = {}
        for _, kind, name in changes:
            named.setdefault(kind, []).append(name)
        for kind in KINDS:
            if kind in named:
                await self._take_over(kind, list(dict.fromkeys(named[kind])))
        await self._copy.write(lambda tx: tx.set_mirror_position(changes[-1][0]))
        return True

    async def _begin(self, position: int) -> None:
        log.info("mirror begins anew", action="mirror_begins")

        async def clear(tx: Any) -> None:
            for kind in TABLES:
                await tx.execute(f"DELETE FROM {kind}")  # noqa: S608 - the names are this code's own
            tx.forget()
            tx.tokens_died = True

        await self._copy.write(clear)
        for kind in KINDS:
            after = ""
            while page := await self._page(kind, after):
                await self._put(kind, page)
                after = _name(kind, page[-1])
        await self._copy.write(lambda tx: tx.set_mirror_position(position))

    async def _page(self, kind: str, after: str) -> list[tuple[Any, ...]]:
        async def work(tx: Any) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = await (
                tx.keys_after(after, PAGE) if kind == KEYS else tx.rows_after(kind, after, PAGE)
            )
            return found

        return await self._store.read(work)

    async def _take_over(self, kind: str, names: list[str]) -> None:
        async def work(tx: Any) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = await (tx.keys_named(names) if kind == KEYS else tx.rows_named(kind, names))
            return found

        rows = await self._store.read(work)
        await self._put(kind, rows, gone=set(names) - {_name(kind, row) for row in rows})

    async def _put(self, kind: str, rows: list[tuple[Any, ...]], gone: set[str] | None = None) -> None:
        if kind == KEYS:
            await self._copy.copy_keys(rows)
            return

        async def work(tx: Any) -> None:
            await tx.put_rows(kind, rows)
            await tx.drop_rows(kind, gone or ())
            tx.forget()
            tx.tokens_died = tx.tokens_died or kind == "tokens"

        await self._copy.write(work)


def _name(kind: str, row: tuple[Any, ...]) -> str:
    if kind == KEYS:
        return str(row[2])
    return row[0].hex() if TABLES[kind].binary else str(row[0])
