"""What is due is taken by a clock that may jump at any instant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, cast

from streams.clock_guard import ClockGuard
from streams.pump import Pump
from streams.pump_duty import Alone
from streams.runner import Runner
from streams.store import Store
from tests.services.jump_clock import NOON, JumpClock

DUE = NOON + timedelta(minutes=30)


class StoreOfOneCheckIn:
    """A check-in is due in half an hour; while that is looked up, the clock is set two hours ahead."""

    def __init__(self, clock: JumpClock) -> None:
        self._clock = clock

    def back_for(self) -> float:
        """It was never away."""
        return float("inf")

    async def read(self, _work: Callable[[Any], Awaitable[Any]]) -> datetime:
        """When the next timer is due."""
        self._clock.step_wall(hours=2)
        return DUE


class TakesDown:
    """By which hour what is due is asked for, and whether check-ins are held back."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, bool]] = []

    async def decide_due(self, take: Callable[[Any], Awaitable[list[Any]]]) -> int:
        """Decides what was taken."""
        return len(await take(self))

    async def take_due_timers(self, now: datetime, _limit: int, *, without_check_ins: bool) -> list[Any]:
        """Takes nothing."""
        self.asked.append((now, without_check_ins))
        return []


async def test_a_clock_that_jumps_while_the_pump_looks_makes_nobody_missing() -> None:
    """The hour is that of before, or check-ins are held back."""
    clock, taken = JumpClock(), TakesDown()
    store = cast("Store", StoreOfOneCheckIn(clock))
    pump = Pump(store, clock, cast("Runner", taken), ClockGuard(clock, lambda _: None), duty=Alone())
    for _ in range(3):
        await pump.step()
    assert taken.asked
    assert all(held or now < DUE for now, held in taken.asked)
