"""Messages that a provider has taken over under a reference of its own, until it is known what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from streams.records import HandedOver
from streams.sql.rows import Sealed, micros


class HandedOverRows(Sealed):
    """The part of a transaction that is about what may have to be asked for."""

    async def hand_over(self, taken: Sequence[HandedOver], ask_at: datetime) -> None:
        """A provider took these over; the reference of the last try counts."""
        await self.many(
            "INSERT INTO handed_over (delivery, channel, reference, ask_at, asked) VALUES (?, ?, ?, ?, 0) "
            "ON CONFLICT (delivery) DO UPDATE SET reference = excluded.reference, ask_at = excluded.ask_at, asked = 0",
            [(one.delivery, one.channel, one.reference, micros(ask_at)) for one in taken],
        )

    async def anything_to_ask_about(self, now: datetime) -> bool:
        """Whether it is time to ask about any."""
        return await self.row("SELECT 1 FROM handed_over WHERE ask_at <= ? LIMIT 1", micros(now)) is not None

    async def to_ask_about(self, now: datetime, again_at: datetime, most: int, limit: int) -> list[HandedOver]:
        """Takes those about which it is time to ask; each again at `again_at`, `most` times in all."""
        await self.execute("DELETE FROM handed_over WHERE asked >= ? AND ask_at <= ?", most, micros(now))
        rows = await self.rows(
            "SELECT delivery, channel, reference FROM handed_over WHERE ask_at <= ? ORDER BY ask_at "
            f"LIMIT ?{self.dialect.skip_locked}",
            *(micros(now), limit),
        )
        await self.many(
            "UPDATE handed_over SET ask_at = ?, asked = asked + 1 WHERE delivery = ?",
            [(micros(again_at), row[0]) for row in rows],
        )
        return [HandedOver(delivery=row[0], channel=row[1], reference=row[2]) for row in rows]

    async def nothing_to_ask(self, delivery: str) -> None:
        """It is known what became of it."""
        await self.execute("DELETE FROM handed_over WHERE delivery = ?", delivery)
