"""The store's clock, which rules due times and leases where many machines share a store.

It is read once a second and goes on by this machine's monotonic clock between, so that somebody who sets this machine's
wall clock changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from streams.clock import Clock

OFF_BY = 2.0
SLOW = 0.25


class StoreClock:
    """A `Clock` that says what time it is in the store; before the first look, on this machine."""

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._at: datetime | None = None
        self._read_at = 0.0

    def now(self) -> datetime:
        """The wall-clock time in UTC, by the store."""
        if self._at is None:
            return self._machine.now()
        return self._at + timedelta(seconds=self._machine.monotonic() - self._read_at)

    def monotonic(self) -> float:
        """Seconds that never run backwards, in this process."""
        return self._machine.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Waits so long."""
        await self._machine.sleep(seconds)

    def read(self, at: datetime, began: float) -> None:
        """The store said `at`; it was asked at `began` (monotonic). An answer that took long says little."""
        ended = self._machine.monotonic()
        if self._at is None or ended - began < SLOW:
            self._at, self._read_at = at, (began + ended) / 2

    @property
    def offset(self) -> float:
        """By how many seconds the store is ahead of this machine's wall clock."""
        return (self.now() - self._machine.now()).total_seconds()

    @property
    def off(self) -> bool:
        """Whether this machine's wall clock is too wrong to be trusted with anything that is timed."""
        return abs(self.offset) > OFF_BY
