"""Carries out the shared statements on a connection to PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from streams.sql.connection import Dialect, Row

READING = Dialect(
    among="{} = ANY(?)",
    array=list,
    next_number="nextval('{}_number')",
    feed_number="position",
    feed_complete="AND position < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16)",
)
WRITING = msgspec.structs.replace(READING, lock=" FOR UPDATE", skip_locked=" FOR UPDATE SKIP LOCKED")


@lru_cache(maxsize=512)
def numbered(sql: str) -> str:
    """The statement with `$1`, `$2`, … in the place of each `?`; no statement of ours has one elsewhere."""
    parts = sql.split("?")
    return "".join(part + (f"${number}" if number < len(parts) else "") for number, part in enumerate(parts, 1))


class PostgresConnection:
    """One connection of asyncpg; whoever uses it has begun a transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row that it returns."""
        found: Sequence[Row] = await self._connection.fetch(numbered(sql), *values)
        return found

    async def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found: Row | None = await self._connection.fetchrow(numbered(sql), *values)
        return found

    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        status: str = await self._connection.execute(numbered(sql), *values)
        return int(status.rpartition(" ")[2])

    async def many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> None:
        """The same statement for each tuple of values, in one exchange."""
        if len(values) == 1:
            await self._connection.execute(numbered(sql), *values[0])
        elif values:
            await self._connection.executemany(numbered(sql), values)

    async def each(self, sql: str, values: Sequence[tuple[Any, ...]]) -> Sequence[Row]:
        """The same, with the rows that all of them return, in one exchange."""
        found: Sequence[Row] = await self._connection.fetchmany(numbered(sql), values) if values else []
        return found
