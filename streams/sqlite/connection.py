"""Carries out the shared statements on a connection to SQLite: at once, so that awaiting one never waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.sql.connection import Dialect, Row


def _array(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


DIALECT = Dialect(
    among="{} IN (SELECT value FROM json_each(?))",
    array=_array,
    next_number="(SELECT coalesce(max(number), 0) + 1 FROM {})",
)


class SqliteConnection:
    """One connection; whoever uses it has begun a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._many = connection.executemany

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row that it returns."""
        return self._execute(sql, values).fetchall()

    async def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found = self._execute(sql, values).fetchall()
        return found[0] if found else None

    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._execute(sql, values).rowcount

    async def many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> None:
        """The same statement for each tuple of values."""
        if values:
            self._many(sql, values)

    async def each(self, sql: str, values: Sequence[tuple[Any, ...]]) -> Sequence[Row]:
        """The same, with the rows that all of them return."""
        return [row for one in values for row in self._execute(sql, one).fetchall()]
