"""What a spool holds for the store that it stands in for: mail with its answers, and what was sent meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alerts.signals import DeliveryFailed, Signal, TimerDue
from streams.records import Delivery
from streams.sql.deliveries import DeliveryRows
from streams.sql.mail import MailRows
from streams.sql.rows import decoder, instant, micros

OF_A_PERSON = ("situations", "incidents", "timers", "deliveries", "journal", "messages", "fixes", "whereabouts")


class Spooled(msgspec.Struct, frozen=True, kw_only=True):
    """A signal as it came in, with its place in the inbox and the answer that its sender got."""

    number: int
    signal: Signal
    lane: int
    answer: bytes | None


class SpooledRows(MailRows, DeliveryRows):
    """The spool's part of a transaction."""

    async def spooled_people(self, limit: int) -> list[tuple[str, str]]:
        """Organization and person of those for whom there is mail, handled or not, the longest waiting first."""
        rows = await self.rows(
            "SELECT min(organization_id), person FROM inbox GROUP BY person ORDER BY min(number) LIMIT ?", limit
        )
        return [(row[0], row[1]) for row in rows]

    async def spooled_figures(self) -> tuple[int, datetime | None]:
        """How much mail there is, and when the oldest came."""
        row = await self.row("SELECT count(*), min(received_at) FROM inbox")
        return (0, None) if row is None or row[1] is None else (int(row[0]), instant(row[1]))

    async def spooled_mail(self, person: str) -> list[Spooled]:
        """All that came in for this person, in order. Raises `Unreadable`."""
        rows = await self.rows(
            "SELECT number, id, lane, sealed, answer FROM inbox WHERE person = ? ORDER BY number", person
        )
        sealer = await self.sealer(person)
        mail = [
            Spooled(
                number=row[0],
                signal=decoder(Signal).decode(sealer.open(row[3], f"inbox|{row[1]}|sealed")),
                lane=row[2],
                answer=row[4],
            )
            for row in rows
        ]
        # What the spool told itself is nobody else's business: the store finds out by itself.
        return [one for one in mail if not isinstance(one.signal, TimerDue | DeliveryFailed)]

    async def spooled_until(self, person: str) -> int:
        """The number of the last mail that came in for this person."""
        row = await self.row("SELECT coalesce(max(number), 0) FROM inbox WHERE person = ?", person)
        return int(row[0]) if row is not None else 0

    async def spooled_deliveries(self, person: str) -> list[Delivery]:
        """Everything that was queued or sent meanwhile."""
        rows = await self.rows("SELECT DISTINCT subject FROM deliveries WHERE person = ?", person)
        return [delivery for row in rows for delivery in await self.deliveries_of(row[0])]

    async def adopt(self, organization: str, alias: str, incident: str) -> None:
        """An incident that was told of under another id is this one; so are the messages about it."""
        await self.execute(
            "INSERT INTO aliases (alias, organization_id, incident) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            *(alias, organization, incident),
        )
        await self.execute(
            "UPDATE deliveries SET subject = ?, incident = ? WHERE subject = ?", incident, incident, alias
        )

    async def told_already(self, incident: str, told: Iterable[tuple[str, str]], now: datetime) -> None:
        """These recipients, by these methods, need not be told now what they were told by a spool."""
        await self.many(
            "UPDATE deliveries SET state = 'void', settled_at = ?, why = 'told by a spool' "
            "WHERE subject = ? AND recipient = ? AND method = ? AND state = 'queued' AND attempts = 0 "
            "AND due_at <= ? AND purpose IN ('alert', 'news')",
            [(micros(now), incident, recipient, method, micros(now)) for recipient, method in told],
        )

    async def forget_spooled(self, person: str, until: int) -> None:
        """Mail up to this number is in the store now; with the last of it goes everything but what is mirrored."""
        await self.execute("DELETE FROM inbox WHERE person = ? AND number <= ?", person, until)
        if await self.row("SELECT 1 FROM inbox WHERE person = ? LIMIT 1", person):
            return
        await self.execute(
            "DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE person = ?)", person
        )
        await self.execute("DELETE FROM aliases WHERE incident IN (SELECT id FROM incidents WHERE person = ?)", person)
        for table in OF_A_PERSON:
            await self.execute(f"DELETE FROM {table} WHERE person = ?", person)
