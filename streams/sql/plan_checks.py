"""What is open in people's plans, as the last check has found it; a plan without a hole has no row."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from alerts.plan_holes import Hole
from streams.records import OpenPlan
from streams.sealing import Unreadable
from streams.sql.rows import Sealed, instant, micros


class PlanCheckRows(Sealed):
    """The part of a transaction that is about what plans leave open."""

    async def keep_holes(self, organization: str, person: str, found: list[Hole], at: datetime) -> None:
        """What is open in her plan now; since when, and who was told, is kept for as long as anything is."""
        if not found:
            await self.execute("DELETE FROM plan_checks WHERE person = ?", person)
            return
        with contextlib.suppress(Unreadable):
            sealed = await self.seal(person, msgspec.to_builtins(found), f"plan_checks|{person}|sealed")
            await self.execute(
                "INSERT INTO plan_checks (person, organization_id, since, sealed) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed",
                *(person, organization, micros(at), sealed),
            )

    async def plans_untold(self, organization: str, after: str, limit: int) -> list[str]:
        """The people in whose plan something is open of which no advocate was told, in the order of their ids."""
        rows = await self.rows(
            "SELECT person FROM plan_checks WHERE organization_id = ? AND told_at IS NULL AND person > ? "
            "ORDER BY person LIMIT ?",
            *(organization, after, limit),
        )
        return [row[0] for row in rows]

    async def plans_told(self, people: Sequence[str], at: datetime) -> None:
        """Advocates were told of what is open in the plans of these people."""
        where = self.dialect.one_of("person")
        await self.execute(f"UPDATE plan_checks SET told_at = ? WHERE {where}", micros(at), self.dialect.array(people))

    async def open_plans(self, organization: str, limit: int) -> list[OpenPlan]:
        """The plans in which something is open, the oldest first."""
        rows = await self.rows(
            "SELECT person, since, sealed FROM plan_checks WHERE organization_id = ? ORDER BY since, person LIMIT ?",
            *(organization, limit),
        )
        await self.keys.load([row[0] for row in rows])
        found = []
        for person, since, sealed in rows:
            with contextlib.suppress(Unreadable):
                holes = await self.open(person, sealed, f"plan_checks|{person}|sealed", tuple[Hole, ...])
                found.append(OpenPlan(person=person, since=instant(since), holes=holes))
        return found
