"""Who pumps timers: every scheduler, and workers only when no scheduler has been heard of for three seconds.

Several may pump at once without harm (a timer is taken by one of them); this only keeps the work where it is meant to
be. Whoever's own clock is too wrong does not pump.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import structlog

from streams.clock import Clock
from streams.store import NotKept, Store

log = structlog.get_logger()

KIND = "pump"
SILENT_FOR = timedelta(seconds=3)


class PumpDuty(Protocol):
    """Whether this process pumps."""

    on: bool

    async def look(self) -> None:
        """Called every second."""


class Alone:
    """There is nobody else."""

    on = True

    async def look(self) -> None:
        """Nothing to find out."""


class Shared:
    """One of several. A scheduler says every second that it pumps, a worker listens for that."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        name: str,
        scheduler: bool,
        clock_off: Callable[[], bool],
        alarm: Callable[[str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._name = f"{KIND}:{name}"
        self._scheduler = scheduler
        self._clock_off = clock_off
        self._alarm = alarm
        self.on = scheduler

    async def look(self) -> None:
        """Finds out; while the store is out of reach nothing changes."""
        before = self.on
        try:
            self.on = await self._find_out()
        except NotKept:
            return
        if self.on != before:
            log.info("pumps now" if self.on else "pumps no longer", action="pump_duty", on=self.on)

    async def _find_out(self) -> bool:
        if self._clock_off():
            self._alarm("clock_off")
            return False
        now = self._clock.now()
        if self._scheduler:
            await self._store.write(lambda tx: tx.beat(self._name, now), 1)
            return True
        last = await self._store.read(lambda tx: tx.last_beat(KIND))
        return last is None or now - last > SILENT_FOR
