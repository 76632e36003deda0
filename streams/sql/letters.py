"""Which letter means whom at a number: one keeps meaning it until nobody has used it for a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from streams.sql.rows import Sealed, micros

KEPT_FOR = timedelta(days=1)


class LetterRows(Sealed):
    """The part of a transaction that is about letters before answers."""

    async def letters_at(self, address: str, about: Iterable[str], now: datetime) -> dict[str, int]:
        """The places in the alphabet of those who are asked about at this address now; who had one keeps it."""
        index = self.keys.index(address)
        await self.execute("DELETE FROM letters WHERE address_hmac = ? AND used_at < ?", index, micros(now - KEPT_FOR))
        rows = await self.rows("SELECT about, place FROM letters WHERE address_hmac = ?", index)
        known = {row[0]: row[1] for row in rows}
        taken, places = set(known.values()), {}
        for one in about:
            place = known.get(one)
            if place is None:
                place = next(free for free in range(len(taken) + 1) if free not in taken)
                taken.add(place)
            places[one] = place
        await self.many(
            "INSERT INTO letters (address_hmac, about, place, used_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (address_hmac, about) DO UPDATE SET used_at = excluded.used_at",
            [(index, one, place, micros(now)) for one, place in places.items()],
        )
        return places
