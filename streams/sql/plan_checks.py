"""What is open in people's plans, as the last check has found it; a plan without a hole has no row."""

from __future__ import annotations

import contextlib
from datetime import datetime

import msgspec

from alerts.plan_holes import Hole
from streams.records import OpenPlan
from streams.sealing import Unreadable
from streams.sql.rows import Sealed, instant, micros


class PlanCheckRows(Sealed):
    """The part of a transaction that is about what plans leave open."""

    async def keep_holes(self, organization: str, person: str, found: list[Hole], at: datetime) -> bool:
        """What is open in her plan now; since when is kept for as long as anything is. Whether nothing was."""
        if not found:
            await self.execute("DELETE FROM plan_checks WHERE person = ?", person)
            return False
        before = await self.row("SELECT 1 FROM plan_checks WHERE person = ?", person)
        with contextlib.suppress(Unreadable):
            sealed = await self.seal(person, msgspec.to_builtins(found), f"plan_checks|{person}|sealed")
            await self.execute(
                "INSERT INTO plan_checks (person, organization_id, since, sealed) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed",
                *(person, organization, micros(at), sealed),
            )
            return before is None
        return False

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
