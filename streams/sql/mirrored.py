"""Copies of rows as they lie, sealed, from one database to another: what taking a press without the store needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.sql.directory import DirectoryRows

RECORD = ("id", "organization_id", "person", "sealed", "number", "deleted_at")
# Another name wherever more is copied than before: a copy that is older begins anew.
POSITION = "store, teams"


class Mirrored(msgspec.Struct, frozen=True):
    """One table of which there are copies: its columns, the one by which a row is named first; `where` limits it."""

    columns: tuple[str, ...]
    where: str = "TRUE"
    binary: bool = False
    """Whether the name of a row is bytes, which are passed about in hexadecimal."""


TABLES = {
    "organizations": Mirrored(RECORD),
    "people": Mirrored(RECORD),
    "contacts": Mirrored(RECORD),
    "devices": Mirrored(RECORD),
    "staff": Mirrored(RECORD),
    "teams": Mirrored(RECORD),
    "policies": Mirrored(RECORD),
    "check_ins": Mirrored(("id", "organization_id", "person", "state", "due_at", "sealed")),
    "person_sides": Mirrored(("person", "organization_id", "document")),
    "tokens": Mirrored(
        ("hash", "organization_id", "kind", "subject", "person", "document", "expires_at"),
        where="kind IN ('device', 'panic', 'tracker', 'ping')",
        binary=True,
    ),
}
KEYS = "data_keys"
"""They come first: nothing that they seal is of use without them."""
KINDS = (KEYS, *TABLES)

Values = tuple[Any, ...]


class MirroredRows(DirectoryRows):
    """The part of a transaction that reads and writes rows as they lie."""

    async def rows_after(self, kind: str, after: str, limit: int) -> list[Values]:
        """A page of the table, in the order of the rows' names."""
        table = TABLES[kind]
        name = table.columns[0]
        start: Any = bytes.fromhex(after) if table.binary else after
        return [
            tuple(row)
            for row in await self.rows(
                f"SELECT {', '.join(table.columns)} FROM {kind} WHERE {table.where} AND {name} > ? "
                f"ORDER BY {name} LIMIT ?",
                *(start, limit),
            )
        ]

    async def rows_named(self, kind: str, names: Iterable[str]) -> list[Values]:
        """These rows, as far as they are there."""
        table = TABLES[kind]
        rows = await self.each(
            f"SELECT {', '.join(table.columns)} FROM {kind} WHERE {table.where} AND {table.columns[0]} = ?",
            [(bytes.fromhex(name) if table.binary else name,) for name in names],
        )
        return [tuple(row) for row in rows]

    async def put_rows(self, kind: str, rows: Sequence[Values]) -> None:
        """Puts rows in the place of those of their names."""
        columns = TABLES[kind].columns
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        await self.many(
            f"INSERT INTO {kind} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
            f"ON CONFLICT ({columns[0]}) DO UPDATE SET {changes}",
            rows,
        )
        self.forget()

    async def drop_rows(self, kind: str, names: Iterable[str]) -> None:
        """Takes rows away."""
        table = TABLES[kind]
        await self.many(
            f"DELETE FROM {kind} WHERE {table.columns[0]} = ?",
            [(bytes.fromhex(name) if table.binary else name,) for name in names],
        )
        self.forget()

    async def mirror_position(self) -> int | None:
        """How far this copy has come; None where it has not begun."""
        row = await self.row("SELECT position FROM mirror WHERE name = ?", POSITION)
        return None if row is None else int(row[0])

    async def set_mirror_position(self, position: int) -> None:
        """It has come so far."""
        await self.execute(
            "INSERT INTO mirror (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = "
            "excluded.position",
            *(POSITION, position),
        )
