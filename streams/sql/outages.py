"""Outages, as far as anybody noticed: what came due meanwhile, told once and not one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from streams.records import OUTAGE_CHANGED, Outage, Outcome
from streams.sql.rows import Sealed, instant, micros

PAUSE = timedelta(minutes=10)
"""What is noticed within this of one another belongs to one outage."""
MOST_ROWS = 5_000


class OutageRows(Sealed):
    """The part of a transaction that is about outages."""

    async def note_late(self, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Some things were noticed late."""
        agencies = {outcome.organization for outcome in outcomes if outcome.late}
        for agency in agencies:
            late = [one for outcome in outcomes if outcome.organization == agency for one in outcome.late]
            asked = sum(one.asked for one in late)
            await self.execute(
                "INSERT INTO noticed_late (organization_id, at, since, asked, told) VALUES (?, ?, ?, ?, ?)",
                *(agency, micros(at), micros(min(one.missed_at for one in late)), asked, len(late) - asked),
            )
            await self.execute(
                "INSERT INTO journal (organization_id, person, incident, event, at) VALUES (?, ?, ?, ?, ?)",
                *(agency, "", "", OUTAGE_CHANGED, micros(at)),
            )

    async def last_outage(self, organization: str, since: datetime) -> Outage | None:
        """The last one that was noticed since then; None without any."""
        rows = await self.rows(
            "SELECT number, at, since, asked, told FROM noticed_late WHERE organization_id = ? AND at >= ? "
            "ORDER BY at DESC, number DESC LIMIT ?",
            *(organization, micros(since), MOST_ROWS),
        )
        together = list(rows[:1])
        for row in rows[1:]:
            if instant(together[-1][1]) - instant(row[1]) > PAUSE:
                break
            together.append(row)
        if not together:
            return None
        return Outage(
            id=str(min(row[0] for row in together)),
            since=instant(min(row[2] for row in together)),
            noticed_from=instant(together[-1][1]),
            noticed_until=instant(together[0][1]),
            asked=sum(row[3] for row in together),
            told=sum(row[4] for row in together),
        )

    async def forget_outages(self, before: datetime) -> int:
        """Drops what was noticed before then; how many rows went."""
        return await self.execute("DELETE FROM noticed_late WHERE at < ?", micros(before))
