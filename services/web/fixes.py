"""Positions of a person, wherever they come from: the one way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from alerts.signal_base import Fix
from services.web.service import Service
from streams import tracker
from streams.records import LANE_REST
from streams.store import Transaction

AHEAD = timedelta(minutes=5)
"""A clock may be ahead by so much and still be taken at its word."""
AT_ONCE = 100
"""So many are taken in one transaction: nobody waits behind a phone that was away for a day."""
Source = Literal["phone", "owntracks", "osmand"]


async def take_fixes(
    service: Service, organization: str, person: str, fixes: Sequence[Fix], *, source: Source, now: datetime
) -> None:
    """Hands them to the stream, else to the store; taken where she is followed. Raises `NotKept`."""
    stream = service.fixes
    if stream is None or not await stream.put(organization, person, fixes):
        in_order = sorted(fixes, key=lambda fix: fix.at)
        for begin in range(0, len(in_order), AT_ONCE):
            lane = await _keep(service, person, in_order[begin : begin + AT_ONCE], now)
            if lane is not None:
                service.engine.wake(organization, person, lane)
    service.metrics.fixes.labels(source).inc(len(fixes))


async def _keep(service: Service, person: str, fixes: Sequence[Fix], now: datetime) -> int | None:
    """Into the store; the lane of the mail that she has now."""

    async def work(tx: Transaction) -> dict[str, int]:
        return await tracker.take_fixes(tx, {person: fixes}, now)

    return (await service.store.write(work, LANE_REST, about=person)).get(person)


def dated(at: datetime, now: datetime) -> tuple[datetime, bool]:
    """When a position was taken, never later than now; and whether that is only when it came in, by a wrong clock."""
    return min(at, now), at > now + AHEAD
