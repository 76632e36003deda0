"""Watches the wall clock against the monotonic one: a clock that jumps must not make anybody look missing."""

from __future__ import annotations

from collections.abc import Callable

from streams.clock import Clock

STEP = 5.0
HOLD_FOR = 60.0


class ClockGuard:
    """Holds missed check-ins back for a minute after the wall clock jumped by more than five seconds."""

    def __init__(self, clock: Clock, alarm: Callable[[str], None]) -> None:
        self._clock = clock
        self._alarm = alarm
        self._offset = self._now()
        self._held_until = 0.0

    def holding(self) -> bool:
        """Looks at both clocks; whether deadlines of check-ins are held back now."""
        offset = self._now()
        if abs(offset - self._offset) > STEP:
            self._held_until = self._clock.monotonic() + HOLD_FOR
            self._alarm("clock_stepped")
        self._offset = offset
        return self._clock.monotonic() < self._held_until

    def _now(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
