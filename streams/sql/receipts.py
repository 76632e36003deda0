"""Receipts: what a provider says, later and in any order, of a message that it took over. A state never goes back."""

from __future__ import annotations

from datetime import datetime

from streams.records import Delivery
from streams.sql.deliveries import GROUP, TELLS, DeliveryRows, group_of
from streams.sql.handed_over import HandedOverRows
from streams.sql.rows import micros

BEFORE = {
    "sent": ("queued", "sending"),
    "delivered": ("queued", "sending", "sent"),
    "read": ("queued", "sending", "sent", "delivered"),
    "failed": ("queued", "sending", "sent"),
}
"""The states that each one can follow: what was received once has not failed."""


class ReceiptRows(HandedOverRows, DeliveryRows):
    """The part of a transaction that is about receipts."""

    async def receive(self, delivery: str, state: str, why: str | None, now: datetime) -> Delivery | None:
        """Takes a receipt; the delivery where it has changed anything, else None."""
        before = BEFORE[state]
        rows = await self.rows(
            f"UPDATE deliveries SET state = ?, settled_at = ?, why = ? WHERE id = ? AND {self.dialect.one_of('state')} "
            "RETURNING id",
            *(state, micros(now), why, delivery, self.dialect.array(before)),
        )
        if state != "sent":
            await self.nothing_to_ask(delivery)
        return await self.delivery(delivery) if rows else None

    async def go_on_after(self, failed: Delivery, now: datetime) -> bool:
        """The next method of a message that came to nothing after all starts at once, for as long as any other.

        Returns whether nothing of its incident is left that was, or may still be, received.
        """
        at, span = micros(now), micros(failed.give_up_at) - micros(failed.created_at)
        begun = await self.execute(
            f"UPDATE deliveries SET state = 'queued', due_at = ?, give_up_at = ?, settled_at = NULL WHERE {GROUP} "
            "AND state IN ('void', 'queued') AND attempts = 0 AND position = ?",
            *(at, at + span, *group_of(failed), failed.position + 1),
        )
        if begun or failed.incident is None:
            return False
        alive = await self.row(
            f"SELECT 1 FROM deliveries WHERE subject = ? AND {TELLS} AND state NOT IN ('failed', 'void') LIMIT 1",
            failed.incident,
        )
        return alive is None
