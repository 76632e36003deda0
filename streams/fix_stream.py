"""Positions on their way through a stream: sealed under the person's key going in, taken where she is followed.

Whoever is not followed leaves no trace of where she was: her fixes are read by nobody on their way out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
import structlog

from alerts.signal_base import Fix
from streams.clock import Clock
from streams.records import LANE_REST
from streams.sealing import Unreadable
from streams.store import NotKept, Store, Transaction
from streams.tracker import take_fixes

log = structlog.get_logger()

PLACE = "locations|fixes"
# Made before there is a second thread, as the store's own are.
DECODER = msgspec.json.Decoder(tuple[Fix, ...])


class Stream(Protocol):
    """Takes sealed fixes, or says that it did not."""

    async def put_fixes(self, organization: str, person: str, sealed: bytes, *, at: datetime) -> bool:
        """Whether they were taken for good."""
        ...


class SealedFixes(Protocol):
    """What came out of the stream."""

    @property
    def organization(self) -> str:
        """Whose person it is."""
        ...

    @property
    def person(self) -> str:
        """Who was there."""
        ...

    @property
    def sealed(self) -> bytes:
        """The fixes."""
        ...


class FixStream:
    """Both ends of it."""

    def __init__(self, store: Store, clock: Clock, stream: Stream, wake: Callable[[str, str, int], None]) -> None:
        self._store = store
        self._clock = clock
        self._stream = stream
        self._wake = wake

    async def put(self, organization: str, person: str, fixes: Sequence[Fix]) -> bool:
        """Hands them over; False when the stream did not take them, and the store has to."""
        try:
            sealer = await self._store.sealer(person)
        except (NotKept, Unreadable):
            return False
        sealed = sealer.seal(msgspec.json.encode(fixes), PLACE)
        return await self._stream.put_fixes(organization, person, sealed, at=max(fix.at for fix in fixes))

    async def keep(self, batch: Sequence[SealedFixes]) -> None:
        """Takes those of people who are followed. Raises `NotKept`."""
        people = sorted({one.person for one in batch})
        followed = await self._store.read(lambda tx: tx.followed(people))
        fixes: dict[str, list[Fix]] = {}
        organizations = {one.person: one.organization for one in batch}
        for one in batch:
            if one.person in followed:
                fixes.setdefault(one.person, []).extend(await self._open(one))
        if not fixes:
            return

        async def work(tx: Transaction) -> dict[str, int]:
            return await take_fixes(tx, fixes, self._clock.now())

        for person, lane in (await self._store.write(work, LANE_REST)).items():
            self._wake(organizations[person], person, lane)

    async def _open(self, one: SealedFixes) -> tuple[Fix, ...]:
        try:
            return DECODER.decode((await self._store.sealer(one.person)).open(one.sealed, PLACE))
        except (Unreadable, msgspec.MsgspecError):
            log.warning("fixes that cannot be read", action="fixes_unreadable")
            return ()
