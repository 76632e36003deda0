"""Journeys, sealed under keys of their own: whoever has no key of one can read nothing of it, plan nor trail."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from alerts.journey_progress import Progress
from alerts.signal_base import Fix
from streams.records import Journey, Outcome
from streams.sealing import Unreadable
from streams.sql.connection import Row
from streams.sql.rows import Sealed, micros

COLUMNS = "id, sealed, progress"


class JourneyRows(Sealed):
    """The part of a transaction that is about journeys."""

    async def put_journey(self, journey: Journey) -> None:
        """Keeps a journey, under a new key."""
        await self.keys.make("journey", journey.id)
        sealed = await self.seal(journey.id, journey, f"journeys|{journey.id}|sealed")
        await self.execute(
            "INSERT INTO journeys (id, organization_id, person, begun_at, sealed) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            *(journey.id, journey.organization, journey.person, micros(journey.begun_at), sealed),
        )

    async def journeys_of(self, person: str) -> list[tuple[Journey, Progress]]:
        """Those of this person that are not over and can be read; nobody else changes how they go meanwhile."""
        rows = await self.rows(
            f"SELECT {COLUMNS} FROM journeys WHERE person = ? AND over_at IS NULL ORDER BY id{self.dialect.lock}",
            person,
        )
        found = []
        for row in rows:
            with contextlib.suppress(Unreadable):
                found.append(await self._journey(row))
        return found

    async def save_progress(self, journey: str, progress: Progress) -> None:
        """Keeps how a journey goes."""
        sealed = await self.seal(journey, progress, f"journeys|{journey}|progress")
        await self.execute("UPDATE journeys SET progress = ? WHERE id = ?", sealed, journey)

    async def put_journey_fixes(self, organization: str, journey: str, fixes: Sequence[Fix]) -> None:
        """Adds positions to the trail of a journey."""
        await self.many(
            "INSERT INTO journey_fixes (organization_id, journey, sealed) VALUES (?, ?, ?)",
            [(organization, journey, await self.seal(journey, f, "journey_fixes|sealed")) for f in fixes],
        )

    async def journey_trail(self, journey: str, limit: int = 500) -> list[Fix]:
        """The newest positions of a journey, in the order in which they came."""
        rows = await self.rows(
            "SELECT sealed FROM journey_fixes WHERE journey = ? ORDER BY number DESC LIMIT ?", journey, limit
        )
        return [await self.open(journey, row[0], "journey_fixes|sealed", Fix) for row in reversed(rows)]

    async def end_journeys(self, outcomes: Sequence[Outcome], at: datetime) -> None:
        """These are over: their keys are to be destroyed."""
        await self.many(
            "UPDATE journeys SET over_at = ? WHERE id = ?",
            [(micros(at), journey) for outcome in outcomes for journey in outcome.journeys_over],
        )

    async def journeys_over(self, before: datetime, limit: int) -> list[str]:
        """Those whose keys are to be destroyed: over, or failed with an incident that was closed before then."""
        rows = await self.rows(
            "SELECT id FROM journeys WHERE over_at IS NOT NULL OR (begun_at < ? AND NOT EXISTS (SELECT 1 FROM "
            "incidents i WHERE i.person = journeys.person AND (i.closed_at IS NULL OR i.closed_at >= ?)) "
            "AND NOT EXISTS (SELECT 1 FROM check_ins c WHERE c.id = journeys.id AND c.state = 'scheduled')) LIMIT ?",
            *(micros(before), micros(before), limit),
        )
        return [row[0] for row in rows]

    async def drop_journeys(self, journeys: Sequence[str]) -> None:
        """Nothing of them is left, once their keys are gone."""
        await self.many("DELETE FROM journey_fixes WHERE journey = ?", [(journey,) for journey in journeys])
        await self.many("DELETE FROM journeys WHERE id = ?", [(journey,) for journey in journeys])

    async def _journey(self, row: Row) -> tuple[Journey, Progress]:
        journey = await self.open(row[0], row[1], f"journeys|{row[0]}|sealed", Journey)
        if not row[2]:
            return journey, Progress()
        return journey, await self.open(row[0], row[2], f"journeys|{row[0]}|progress", Progress)
