"""Whom staff watch for a while, at her own wish."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from alerts.situation import StayNear
from streams.records import Outcome
from streams.sealing import Unreadable
from streams.sql.rows import Sealed, micros


class WatchedRows(Sealed):
    """The part of a transaction that is about whom staff watch."""

    async def save_stay_near(self, outcomes: Sequence[Outcome]) -> None:
        """Whom they watch from now on, and whom no more."""
        changed = [o for o in outcomes if o.stay_near_changed]
        await self.many(
            "DELETE FROM stay_near WHERE person = ?",
            [(o.person,) for o in changed if o.situation.stay_near is None],
        )
        await self.many(
            "INSERT INTO stay_near (person, organization_id, until, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET until = excluded.until, sealed = excluded.sealed",
            [
                (
                    *(o.person, o.organization, micros(o.situation.stay_near.until)),
                    await self.seal(o.person, o.situation.stay_near, f"stay_near|{o.person}|sealed"),
                )
                for o in changed
                if o.situation.stay_near is not None
            ],
        )

    async def watched(self, organization: str, limit: int = 200) -> list[tuple[str, StayNear]]:
        """Whom the staff of this agency watch now, whoever ends soonest first; person and what she asked."""
        rows = await self.rows(
            "SELECT person, sealed FROM stay_near WHERE organization_id = ? ORDER BY until LIMIT ?", organization, limit
        )
        found = []
        for person, sealed in rows:
            with contextlib.suppress(Unreadable):
                found.append((person, await self.open(person, sealed, f"stay_near|{person}|sealed", StayNear)))
        return found
