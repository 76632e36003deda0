"""Trails: where somebody was while it mattered, destroyed some days later unless she keeps it as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.signal_base import Fix
from streams.records import KeptTrail
from streams.sql.rows import Sealed, instant_or_none, micros


class TrailRows(Sealed):
    """The part of a transaction that is about trails."""

    async def put_fixes(self, organization: str, person: str, fixes: Sequence[Fix]) -> None:
        """Adds positions to the trail."""
        await self.many(
            "INSERT INTO fixes (organization_id, person, at, sealed) VALUES (?, ?, ?, ?)",
            [(organization, person, micros(f.at), await self.seal(person, f, "fixes|sealed")) for f in fixes],
        )

    async def trail(self, person: str, since: datetime, limit: int = 500) -> list[Fix]:
        """The positions since then, in the order in which they were taken."""
        rows = await self.rows(
            "SELECT sealed FROM fixes WHERE person = ? AND at >= ? ORDER BY at DESC LIMIT ?",
            person,
            micros(since),
            limit,
        )
        return [await self.open(person, row[0], "fixes|sealed", Fix) for row in reversed(rows)]

    async def keep_trail(self, organization: str, person: str, kept: KeptTrail) -> None:
        """From now on the trail is kept so, and no longer."""
        until, shown = (micros(at) if at is not None else None for at in (kept.until, kept.shown_until))
        await self.execute(
            "INSERT INTO kept_trails (person, organization_id, until, shown_until) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET until = excluded.until, shown_until = excluded.shown_until",
            *(person, organization, until, shown),
        )

    async def kept_trail(self, person: str) -> KeptTrail:
        """Until when the trail is kept."""
        row = await self.row("SELECT until, shown_until FROM kept_trails WHERE person = ?", person)
        if row is None:
            return KeptTrail()
        return KeptTrail(until=instant_or_none(row[0]), shown_until=instant_or_none(row[1]))

    async def forget_trails(self, before: datetime, now: datetime, limit: int) -> int:
        """Destroys the positions of people whose last incident closed before then, `limit` at most; how many went."""
        return await self.execute(
            "DELETE FROM fixes WHERE number IN (SELECT f.number FROM fixes f WHERE f.at < ? AND NOT EXISTS "
            "(SELECT 1 FROM incidents i WHERE i.person = f.person AND (i.closed_at IS NULL OR i.closed_at >= ?)) "
            "AND NOT EXISTS (SELECT 1 FROM kept_trails k WHERE k.person = f.person AND k.until > ?) LIMIT ?)",
            *(micros(before), micros(before), micros(now), limit),
        )
