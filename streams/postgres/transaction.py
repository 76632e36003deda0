"""What a transaction does otherwise on PostgreSQL, where many write at once: it locks what it will change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from streams.records import Person, TimerRow
from streams.sql.mail import NO_CHECK_INS, timer_of
from streams.sql.rows import micros
from streams.sql.transaction import SqlTransaction


class PostgresTransaction(SqlTransaction):
    """Lives for one transaction, so that what it remembers is what this transaction has seen."""

    @property
    def writing(self) -> bool:
        """Whether it takes locks."""
        return bool(self.dialect.lock)

    async def settle_in(self, person: Person) -> None:
        """The two rows by which a person is locked, there as long as she is."""
        await self.execute(
            "INSERT INTO situations (person, organization_id, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            *(person.id, person.organization, b""),
        )
        await self.execute(
            "INSERT INTO person_sides (person, organization_id, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            *(person.id, person.organization, b"{}"),
        )

    async def lock_people(self, people: Sequence[str], *, wait: bool = True) -> set[str]:
        """Nobody else decides for these people before the transaction ends; always in the same order."""
        if not self.writing:
            return set(people)
        rows = await self.rows(
            "SELECT person FROM situations WHERE person = ANY(?) ORDER BY person FOR NO KEY UPDATE"
            f"{'' if wait else ' SKIP LOCKED'}",
            list(people),
        )
        return {row[0] for row in rows}

    async def take_due_timers(self, now: datetime, limit: int, *, without_check_ins: bool = False) -> list[TimerRow]:
        """Takes away what is due, of people whom nobody else has locked. People first: so nobody waits in a ring."""
        due, kept = micros(now), NO_CHECK_INS if without_check_ins else ""
        rows = await self.rows(
            f"SELECT person FROM timers WHERE due_at <= ? {kept} ORDER BY due_at LIMIT ?", due, limit
        )
        people = await self.lock_people(sorted({row[0] for row in rows}), wait=False)
        taken = await self.rows(
            f"DELETE FROM timers WHERE person = ANY(?) AND due_at <= ? {kept} "
            "RETURNING organization_id, person, name, generation, due_at",
            *(list(people), due),
        )
        return sorted((timer_of(row) for row in taken), key=lambda timer: timer.due_at)

    async def kept_answer(self, actor: str, key: str) -> tuple[bytes, int, bytes] | None:
        """The first answer to this key; whoever comes with the same key meanwhile waits for it."""
        if self.writing:
            await self._alone(f"answer|{actor}|{key}")
        return await super().kept_answer(actor, key)

    async def letters_at(self, address: str, about: Iterable[str], now: datetime) -> dict[str, int]:
        """Of two texts from one address one waits for the other: else two people could have one letter."""
        await self._alone(f"letters|{self.keys.index(address).hex()}")
        return await super().letters_at(address, about, now)

    async def audit(
        self, organization: str, person: str, what: str, staff: str, session: str, subject: str, at: datetime
    ) -> None:
        """One link of the chain after the other."""
        await self._alone(f"audit|{person}")
        await super().audit(organization, person, what, staff, session, subject, at)

    async def forget_before(self, at: datetime, limit: int) -> int:
        """Drops what is older; of the changes the newest stays, so that a copy can tell whether it missed any."""
        gone = await super().forget_before(at, limit)
        return gone + await self.execute(
            "DELETE FROM changes WHERE position IN (SELECT position FROM changes WHERE at < ? "
            "AND position < (SELECT max(position) FROM changes) ORDER BY position LIMIT ?)",
            *(at, limit),
        )

    # What copies of this store are made from
    async def changes_span(self) -> tuple[int, int]:
        """The position of the oldest change that is kept, and the one below which all changes can be seen."""
        row = await self.row(
            "SELECT (SELECT coalesce(min(position), 0) FROM changes), "
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16"
        )
        return (int(row[0]), int(row[1])) if row is not None else (0, 0)

    async def changes_after(self, position: int, limit: int) -> list[tuple[int, str, str]]:
        """Position, kind and name of rows that changed, in order."""
        rows = await self.rows(
            f"SELECT position, kind, id FROM changes WHERE position > ? {self.dialect.feed_complete} "
            "ORDER BY position LIMIT ?",
            *(position, limit),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    async def keys_after(self, subject: str, limit: int) -> list[tuple[Any, ...]]:
        """Data keys, wrapped, in the order of their subjects: id, kind, subject, wrapped."""
        rows = await self.rows(
            "SELECT id, subject_kind, subject, wrapped FROM keys.data_keys WHERE subject > ? ORDER BY subject LIMIT ?",
            *(subject, limit),
        )
        return [tuple(row) for row in rows]

    async def keys_named(self, subjects: Sequence[str]) -> list[tuple[Any, ...]]:
        """The data keys of these subjects; `wrapped` is None where the key was destroyed."""
        rows = await self.rows(
            "SELECT id, subject_kind, subject, wrapped FROM keys.data_keys WHERE subject = ANY(?)", list(subjects)
        )
        return [tuple(row) for row in rows]

    async def _alone(self, name: str) -> None:
        await self.row("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", name)
