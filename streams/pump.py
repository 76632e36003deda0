"""The timer pump: waits for the earliest due time and has what is due decided, a slice at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from streams.clock import Clock
from streams.clock_guard import ClockGuard
from streams.pump_duty import PumpDuty
from streams.records import LANE_TIMER, TimerRow
from streams.runner import Runner, timer_due
from streams.sealing import Unreadable
from streams.store import NotKept, Store, Transaction, just_back

log = structlog.get_logger()

SLICE = 64
LOOK_AT_LEAST_EVERY = 1.0
LOOK_WHILE_HELD = 0.2
LOOK_WHILE_LOCKED = 0.005
CHECK_INS_WAIT_FOR = 5.0
"""Seconds after the store has come back: an answer that lies in somebody's spool is worth waiting for."""


class Pump:
    """Wakes on the next deadline; a look every second is the net beneath it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        runner: Runner,
        guard: ClockGuard,
        *,
        duty: PumpDuty,
        look_every: float = LOOK_AT_LEAST_EVERY,
    ) -> None:
        self._store = store
        self._clock = clock
        self._runner = runner
        self._guard = guard
        self._duty = duty
        self._look_every = look_every
        self._earlier = asyncio.Event()
        self._held = False
        self.behind = False
        self.cycled_at = clock.monotonic()
        """When it last looked without an error (monotonic)."""

    def look_again(self) -> None:
        """A timer was set: it may be due before the one that is waited for."""
        self._earlier.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._earlier.clear()
            try:
                taken = await self.step()
                more = self.behind = taken >= SLICE
                wait = 0.0 if more else await self.seconds_to_next()
                if self._held or not self._duty.on:
                    wait = max(wait, LOOK_WHILE_HELD)
                elif not taken and wait <= 0:
                    # What is due is with people whom another process has locked just now.
                    wait = LOOK_WHILE_LOCKED
                self.cycled_at = self._clock.monotonic()
            except NotKept:
                log.debug("the store is out of reach", action="pump_failed")
                wait = LOOK_AT_LEAST_EVERY
            except Exception:
                log.exception("pump failed", action="pump_failed")
                wait = LOOK_AT_LEAST_EVERY
            if wait > 0:
                await self._wait(wait)

    async def step(self) -> int:
        """Takes one slice of what is due; returns how many."""
        # Read before the guard looks: of a clock that jumps in between it knows, and one that jumps later counts not.
        now = self._clock.now()
        held = self._held = self._guard.holding() or self._store.back_for() < CHECK_INS_WAIT_FOR
        if not self._duty.on or just_back(self._store) or await self.seconds_to_next() > 0:
            return 0

        async def take(tx: Transaction) -> list[TimerRow]:
            return await tx.take_due_timers(now, SLICE, without_check_ins=held)

        try:
            return await self._runner.decide_due(take)
        except NotKept:
            raise
        except Exception:
            log.exception("slice of timers failed", action="timers_failed")
        return await self._into_the_inbox(take)

    async def _into_the_inbox(self, take: Callable[[Transaction], Awaitable[list[TimerRow]]]) -> int:
        """One of them spoils the others: as mail, they are decided person by person."""

        async def work(tx: Transaction) -> list[TimerRow]:
            timers = await take(tx)
            for timer in timers:
                signal = timer_due(timer, self._clock.now())
                # Of somebody who was erased nothing can be kept, and nothing is due any more.
                with contextlib.suppress(Unreadable):
                    await tx.put_mail(timer.organization, timer.person, LANE_TIMER, signal)
            return timers

        timers = await self._store.write(work, LANE_TIMER)
        for timer in timers:
            self._runner.wake(timer.organization, timer.person, LANE_TIMER)
        return len(timers)

    async def seconds_to_next(self) -> float:
        """How long to wait: until the earliest due time, and never longer than the net's mesh."""

        async def work(tx: Transaction) -> datetime | None:
            return await tx.next_due()

        due = await self._store.read(work)
        if due is None:
            return self._look_every
        return min(self._look_every, max(0.0, (due - self._clock.now()).total_seconds()))

    async def _wait(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._earlier.wait())
        try:
            await asyncio.wait({sleeping, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            woken.cancel()
