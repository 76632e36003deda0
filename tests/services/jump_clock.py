"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


class JumpClock:
    """Time passes only by `jump`; whoever sleeps by this clock wakes when their time has come."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The wall clock."""
        return self._now

    def monotonic(self) -> float:
        """The monotonic clock."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Waits until somebody has jumped so far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, future))
        await future

    def jump(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Lets time pass at once."""
        span = timedelta(seconds=seconds, minutes=minutes, hours=hours)
        self._now += span
        self._monotonic += span.total_seconds()
        for due, future in self._sleepers:
            if due <= self._monotonic and not future.done():
                future.set_result(None)
        self._sleepers = [(due, future) for due, future in self._sleepers if not future.done()]

    def step_wall(self, **span: float) -> None:
        """Sets the wall clock, as somebody with too many rights might."""
        self._now += timedelta(**span)
