"""The seam between the statements, which every database shares, and the database that carries them out.

Statements are written once, with `?` for values, in the SQL that SQLite (3.35 and later) and PostgreSQL both speak.
Where they differ, a `Dialect` says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

Row = Sequence[Any]


class Connection(Protocol):
    """Carries out statements inside the transaction that is open."""

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row that it returns."""
        ...

    async def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        ...

    async def many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> None:
        """The same statement for each tuple of values; without any, nothing."""
        ...

    async def each(self, sql: str, values: Sequence[tuple[Any, ...]]) -> Sequence[Row]:
        """The same, with the rows that all of them return."""
        ...


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where the databases differ. `{}` in a template is a column or a table."""

    among: str
    """True where a column has one of the values of a list, which is given as one value: see `array`."""
    array: Callable[[Iterable[str]], Any]
    next_number: str
    """The number of a new row of a directory's table."""
    lock: str = ""
    """After a SELECT inside a writing transaction: nobody else writes these rows before it ends."""
    skip_locked: str = ""
    """The same, leaving out the rows that somebody else has locked."""
    feed_number: str = "number"
    """The column whose order is the one in which changes of the journal become visible."""
    feed_complete: str = ""
    """Leaves out what may still be preceded by a change that nobody can see yet."""

    def one_of(self, column: str) -> str:
        """The condition that `column` has one of the values of a list."""
        return self.among.format(column)
