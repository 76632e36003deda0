"""Deliveries: queued by a decision, claimed under a lease, settled by whoever claimed them last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.audience import staff_key
from streams.records import Delivery
from streams.sql.connection import Row
from streams.sql.rows import Sealed, instant, instant_or_none, micros

COLUMNS = (
    "id, organization_id, person, subject, incident, recipient, method, channel, purpose, epoch, step, round, "
    "position, methods, lane, drill, state, attempts, due_at, give_up_at, created_at, settled_at, why, sealed"
)
PLACES = ", ".join("?" * 24)
TELLS = "incident IS NOT NULL"
"""An invitation that is sent again at a press is about it and tells nobody of it."""
GROUP = "subject = ? AND purpose = ? AND epoch = ? AND step = ? AND round = ? AND recipient = ?"


class DeliveryRows(Sealed):
    """The deliveries' part of a transaction."""

    async def staff_told_of(self, organization: str, staff: str, since: datetime) -> list[str]:
        """The incidents of which somebody of the staff was told by name since then, the oldest first."""
        rows = await self.rows(
            "SELECT incident, min(number) FROM deliveries WHERE recipient = ? AND recipient LIKE 'staff:%' "
            "AND created_at >= ? AND organization_id = ? AND incident IS NOT NULL GROUP BY incident ORDER BY 2",
            *(staff_key(staff), micros(since), organization),
        )
        return [row[0] for row in rows]

    async def put_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        """Keeps deliveries; one that is there already stays as it is."""
        await self.many(
            f"INSERT INTO deliveries ({COLUMNS}) VALUES ({PLACES}) ON CONFLICT (id) DO NOTHING",
            [await self._row(delivery) for delivery in deliveries],
        )

    async def known_deliveries(self, ids: Sequence[str]) -> set[str]:
        """Which of these deliveries are there already."""
        if not ids:
            return set()
        rows = await self.rows(f"SELECT id FROM deliveries WHERE {self.dialect.one_of('id')}", self.dialect.array(ids))
        return {row[0] for row in rows}

    async def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
        """Takes deliveries that are due, or whose lease ran out, the most urgent first, for as long as the lease."""
        rows = await self.rows(
            f"SELECT {COLUMNS} FROM deliveries WHERE state IN ('queued', 'sending') AND due_at <= ? "
            f"ORDER BY lane, due_at LIMIT ?{self.dialect.skip_locked}",
            micros(now),
            limit,
        )
        until = micros(now + lease)
        await self.many(
            "UPDATE deliveries SET state = 'sending', attempts = attempts + 1, due_at = ? WHERE id = ?",
            [(until, row[0]) for row in rows],
        )
        return [await self._delivery(row, claimed=True) for row in rows]

    async def renew(self, claimed: Iterable[tuple[str, int]], until: datetime) -> None:
        """Keeps leases alive while a try is under way."""
        due = micros(until)
        await self.many(
            "UPDATE deliveries SET due_at = ? WHERE id = ? AND attempts = ? AND state = 'sending'",
            [(due, delivery, attempt) for delivery, attempt in claimed],
        )

    async def succeeded(self, settled: Sequence[tuple[Delivery, str]], now: datetime) -> set[str]:
        """They were taken over or received; their recipients' other methods need not be tried. Which were open.

        Also where somebody has claimed it since: what was received once need not be sent again.
        """
        at = micros(now)
        rows = await self.each(
            "UPDATE deliveries SET state = ?, settled_at = ?, why = NULL WHERE id = ? AND attempts >= ? "
            "AND state IN ('sending', 'queued') RETURNING id",
            [(state, at, delivery.id, delivery.attempts) for delivery, state in settled],
        )
        mine = {row[0] for row in rows}
        await self._attempts([(delivery, state, None) for delivery, state in settled], at)
        await self.many(
            f"UPDATE deliveries SET state = 'void', settled_at = ? WHERE {GROUP} AND state = 'queued'",
            [(at, *group_of(delivery)) for delivery, _ in settled if delivery.id in mine and delivery.methods > 1],
        )
        return mine

    async def failed_once(self, delivery: Delivery, why: str, again_at: datetime | None, now: datetime) -> bool:
        """A try came to nothing: again at `again_at`, or never; the next method starts at once.

        Returns whether nothing of its incident is left that was, or may still be, received.
        """
        at = micros(now)
        state, due, settled = ("failed", at, at) if again_at is None else ("queued", micros(again_at), None)
        mine = await self.execute(
            "UPDATE deliveries SET state = ?, due_at = ?, why = ?, settled_at = ? "
            "WHERE id = ? AND attempts = ? AND state = 'sending'",
            *(state, due, why, settled, delivery.id, delivery.attempts),
        )
        await self._attempts([(delivery, "retry" if again_at is not None else "failed", why)], at)
        if not mine:
            return False
        await self.execute(
            "UPDATE deliveries SET due_at = CASE WHEN due_at < ? THEN due_at ELSE ? END "
            f"WHERE {GROUP} AND state = 'queued' AND attempts = 0 AND position = ?",
            *(at, at, *group_of(delivery), delivery.position + 1),
        )
        if again_at is not None or delivery.incident is None:
            return False
        alive = await self.row(
            f"SELECT 1 FROM deliveries WHERE subject = ? AND {TELLS} AND state NOT IN ('failed', 'void') LIMIT 1",
            delivery.incident,
        )
        return alive is None

    async def void(self, delivery: Delivery, why: str, now: datetime) -> None:
        """It must not be sent any more."""
        await self.execute(
            "UPDATE deliveries SET state = 'void', settled_at = ?, why = ? WHERE id = ? AND state = 'sending'",
            *(micros(now), why, delivery.id),
        )

    async def void_subject(self, subject: str, now: datetime) -> None:
        """What has not left of this incident or check-in, or to this contact apart from any, must not leave now."""
        await self.execute(
            "UPDATE deliveries SET state = 'void', settled_at = ? WHERE subject = ? AND state IN ('queued', 'sending') "
            "AND purpose <> 'all_clear'",
            *(micros(now), subject),
        )

    async def next_delivery_due(self) -> datetime | None:
        """When the next queued delivery is due, or the next lease ends."""
        row = await self.row(
            "SELECT min(due_at) FROM deliveries WHERE state IN ('queued', 'sending') AND lane IN (0, 1, 2)"
        )
        return None if row is None else instant_or_none(row[0])

    async def deliveries_of(self, incident: str) -> list[Delivery]:
        """All deliveries of an incident, in the order in which they were decided."""
        rows = await self.rows(
            f"SELECT {COLUMNS} FROM deliveries WHERE subject = ? ORDER BY number",
            incident,
        )
        return [await self._delivery(row, claimed=False) for row in rows]

    async def delivery(self, delivery: str) -> Delivery | None:
        """The delivery of this id, or None."""
        row = await self.row(f"SELECT {COLUMNS} FROM deliveries WHERE id = ?", delivery)
        return await self._delivery(row, claimed=False) if row is not None else None

    async def _attempts(self, tries: Sequence[tuple[Delivery, str, str | None]], at: int) -> None:
        await self.many(
            "INSERT INTO attempts (delivery, attempt, ended_at, outcome, why) VALUES (?, ?, ?, ?, ?)",
            [(delivery.id, delivery.attempts, at, outcome, why) for delivery, outcome, why in tries],
        )

    async def _row(self, d: Delivery) -> tuple[Any, ...]:
        sealed = await self.seal(d.person, d.facts, f"deliveries|{d.id}|sealed")
        settled = micros(d.settled_at) if d.settled_at else None
        return (
            *(d.id, d.organization, d.person, d.subject, d.incident, d.recipient, d.method, d.channel, d.purpose),
            *(d.epoch, d.step, d.round, d.position, d.methods, d.lane, int(d.drill), d.state, d.attempts),
            *(micros(d.due_at), micros(d.give_up_at), micros(d.created_at), settled, d.why, sealed),
        )

    async def _delivery(self, row: Row, *, claimed: bool) -> Delivery:
        facts = await self.open(row[2], row[23], f"deliveries|{row[0]}|sealed", dict[str, Any])
        return Delivery(
            id=row[0],
            organization=row[1],
            person=row[2],
            subject=row[3],
            incident=row[4],
            recipient=row[5],
            method=row[6],
            channel=row[7],
            purpose=row[8],
            epoch=row[9],
            step=row[10],
            round=row[11],
            position=row[12],
            methods=row[13],
            lane=row[14],
            drill=bool(row[15]),
            state="sending" if claimed else row[16],
            attempts=row[17] + 1 if claimed else row[17],
            due_at=instant(row[18]),
            give_up_at=instant(row[19]),
            created_at=instant(row[20]),
            settled_at=instant_or_none(row[21]),
            why=row[22],
            facts=facts,
        )


def group_of(d: Delivery) -> tuple[Any, ...]:
    """What the methods of one message have in common: the values for `GROUP`."""
    return d.subject, d.purpose, d.epoch, d.step, d.round, d.recipient
