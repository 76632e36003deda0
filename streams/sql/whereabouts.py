"""Where those are who are followed: one row for each, of three parts that are written apart.

What is asked of her positions is written by whoever decides for her, the borders by whoever changes her zones, and what
is known of where she is by whoever takes her positions: none of them reads what another one writes in order to write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

import msgspec

from alerts.track import Asks, Track, WatchedZone
from streams.records import Outcome, Whereabouts
from streams.sealing import Unreadable
from streams.sql.connection import Row
from streams.sql.rows import ENCODER, Sealed, decoder

NOTHING = Asks()


class WhereaboutsRows(Sealed):
    """The part of a transaction that is about where somebody is."""

    async def followed(self, people: Sequence[str]) -> set[str]:
        """Whose positions anything is asked of."""
        rows = await self.rows(
            f"SELECT person FROM whereabouts WHERE {self.dialect.one_of('person')}", self.dialect.array(people)
        )
        return {row[0] for row in rows}

    async def whereabouts(self, people: Sequence[str]) -> dict[str, Whereabouts]:
        """What is known of those of them who are followed; nobody else takes their positions meanwhile."""
        rows = await self.rows(
            "SELECT person, organization_id, asks, zones, track FROM whereabouts WHERE "
            f"{self.dialect.one_of('person')} ORDER BY person{self.dialect.lock}",
            self.dialect.array(people),
        )
        found = {}
        for row in rows:
            # Whoever was erased is as if she had never been; what cannot be read of one keeps no other waiting.
            with contextlib.suppress(Unreadable, msgspec.MsgspecError):
                found[row[0]] = await self._whereabouts(row)
        return found

    async def _whereabouts(self, row: Row) -> Whereabouts:
        person, organization, asks, zones, track = row
        place = f"whereabouts|{person}|"
        return Whereabouts(
            organization=organization,
            asks=decoder(Asks).decode(asks) if asks else NOTHING,
            zones=await self.open(person, zones, f"{place}zones", tuple[WatchedZone, ...]) if zones else (),
            track=await self.open(person, track, f"{place}track", Track) if track else Track(),
        )

    async def save_track(self, person: str, track: Track) -> None:
        """Keeps what is known of where she is, while she is followed."""
        sealed = await self.seal(person, track, f"whereabouts|{person}|track")
        await self.execute("UPDATE whereabouts SET track = ? WHERE person = ?", sealed, person)

    async def save_watched(self, organization: str, person: str, zones: tuple[WatchedZone, ...]) -> None:
        """From now on these borders are watched, and no others."""
        sealed = await self.seal(person, zones, f"whereabouts|{person}|zones") if zones else None
        await self.execute(
            "INSERT INTO whereabouts (person, organization_id, zones) VALUES (?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET zones = excluded.zones",
            *(person, organization, sealed),
        )
        await self._forget([person])

    async def save_asks(self, outcomes: Iterable[Outcome]) -> None:
        """What is asked of the positions of those for whom that has changed."""
        # Always in the same order: nobody waits in a ring.
        changed = sorted((o for o in outcomes if o.asks is not None), key=lambda outcome: outcome.person)
        await self.many(
            "INSERT INTO whereabouts (person, organization_id, asks) VALUES (?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET asks = excluded.asks",
            [(o.person, o.organization, ENCODER.encode(o.asks) if o.asks != NOTHING else None) for o in changed],
        )
        await self._forget([o.person for o in changed if o.asks == NOTHING])

    async def _forget(self, people: Sequence[str]) -> None:
        """Of whom nothing is asked any more, nothing is known."""
        await self.many(
            "DELETE FROM whereabouts WHERE person = ? AND asks IS NULL AND zones IS NULL",
            [(person,) for person in people],
        )
