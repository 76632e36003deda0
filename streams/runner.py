"""The in-process runner: whoever has mail is decided, the most urgent first, a slice at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from alerts.decide import Decision
from alerts.signals import Signal, TimerDue
from alerts.situation import Situation
from streams.clock import Clock
from streams.journeys_over import forget_journeys
from streams.processor import Claimed, Handled, handle
from streams.records import LANE_TIMER, TimerRow
from streams.store import NotKept, Store, Transaction, just_back

log = structlog.get_logger()

SLICE = 64
PAUSE_AFTER_ERROR = 0.5
AT_A_SWEEP = 5_000
SKIPPED_AGAIN = 0.02


class Runner:
    """Decides people's mail as soon as they are woken, and what the sweeper finds."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        send: Callable[[list[Claimed]], None],
        room: Callable[[], bool],
        alarm: Callable[[str], None],
        changed: Callable[[Handled], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._send = send
        self._room = room
        self._alarm = alarm
        self._changed = changed
        self._lanes: tuple[OrderedDict[tuple[str, str], None], ...] = (OrderedDict(), OrderedDict(), OrderedDict())
        self._awake = asyncio.Event()
        self._deciding = 0

    @property
    def busy(self) -> bool:
        """Whether somebody waits or is being decided."""
        return self._deciding > 0 or any(self._lanes)

    def wake(self, organization: str, person: str, lane: int) -> None:
        """This person has mail."""
        self._lanes[lane][(organization, person)] = None
        self._awake.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._awake.wait()
            if not await self.step():
                self._awake.clear()

    async def step(self) -> bool:
        """Decides one slice; False when nobody waits."""
        for lane, waiting in enumerate(self._lanes):
            if waiting:
                people = [waiting.popitem(last=False)[0] for _ in range(min(SLICE, len(waiting)))]
                await self._decide(people, lane)
                return True
        return False

    async def decide_now(self, organization: str, person: str, signal: Signal) -> Decision:
        """Decides this signal, and whatever waits before it, and returns what was decided once that is durable."""

        async def work(tx: Transaction) -> Handled:
            await tx.put_mail(organization, person, 0, signal)
            return await handle(tx, [(organization, person)], self._clock.now(), claim=self._room())

        self._deciding += 1
        try:
            handled = await self._store.write(work, 0)
            await self._pass_on(handled)
        finally:
            self._deciding -= 1
        known = handled.decisions.get(signal.id)
        # It was decided before, under the same id: nothing changes.
        return known or Decision(situation=Situation(person=person), effects=(), repeated=True)

    async def decide_due(self, take: Callable[[Transaction], Awaitable[list[TimerRow]]]) -> int:
        """Takes timers that are due and decides them in the same transaction; returns how many."""
        now = self._clock.now()
        taken = 0

        async def work(tx: Transaction) -> Handled:
            nonlocal taken
            timers = await take(tx)
            taken = len(timers)
            also: dict[str, list[Signal]] = {}
            for timer in timers:
                also.setdefault(timer.person, []).append(timer_due(timer, now))
            people = list(dict.fromkeys((timer.organization, timer.person) for timer in timers))
            return await handle(tx, people, now, also=also, claim=self._room())

        self._deciding += 1
        try:
            await self._pass_on(await self._store.write(work, LANE_TIMER))
        finally:
            self._deciding -= 1
        return taken

    async def _decide(self, people: list[tuple[str, str]], lane: int) -> None:
        self._deciding += 1
        try:
            await self._pass_on(await self._handle(people, lane))
        except asyncio.CancelledError:
            raise
        except NotKept:
            # The mail is where it was: the sweeper finds it when the store is back.
            log.debug("the store is out of reach", action="batch_failed", people=len(people))
            await asyncio.sleep(PAUSE_AFTER_ERROR)
        except Exception:
            log.exception("batch failed", action="batch_failed", people=len(people))
            for one in people:
                await self._decide_alone(one, lane)
        finally:
            self._deciding -= 1

    async def _decide_alone(self, one: tuple[str, str], lane: int) -> None:
        try:
            await self._pass_on(await self._handle([one], lane))
        except Exception:
            log.exception("could not decide", action="decide_failed")
            self._alarm("decide_failed")
            await self._clock.sleep(PAUSE_AFTER_ERROR)

    async def _handle(self, people: list[tuple[str, str]], lane: int) -> Handled:
        async def work(tx: Transaction) -> Handled:
            return await handle(tx, people, self._clock.now(), claim=self._room(), wait=False)

        handled = await self._store.write(work, min(lane, 1))
        if handled.skipped:
            # Their mail may be younger than what the other process has taken: look again when it has ended.
            asyncio.get_running_loop().call_later(SKIPPED_AGAIN, self._wake_all, handled.skipped, lane)
        return handled

    def _wake_all(self, people: list[tuple[str, str]], lane: int) -> None:
        for organization, person in people:
            self.wake(organization, person, lane)

    async def _pass_on(self, handled: Handled) -> None:
        if handled.deliveries:
            self._send(handled.deliveries)
        for what in handled.operator_alarms:
            self._alarm(what)
        self._changed(handled)
        if handled.journeys_over:
            try:
                await forget_journeys(self._store, handled.journeys_over, self._clock.now())
            except NotKept:
                log.warning("journeys are forgotten later", action="journeys_left")


def timer_due(timer: TimerRow, now: datetime) -> TimerDue:
    """The signal that a timer came due."""
    return TimerDue(
        id=f"{timer.name}#{timer.generation}",
        person=timer.person,
        at=timer.due_at,
        received_at=now,
        name=timer.name,
        generation=timer.generation,
    )


class Sweeper:
    """Finds mail that nobody has handled for two seconds, whatever the reason."""

    EVERY = 1.0

    def __init__(self, store: Store, clock: Clock, runner: Runner, *, at_once: bool = True) -> None:
        self._store = store
        self._clock = clock
        self._runner = runner
        self._at_once = at_once
        self.cycled_at = clock.monotonic()
        """When it last swept without an error (monotonic)."""

    async def run(self) -> None:
        """Until it is cancelled; the first sweep may take everything at once, for what a crash left behind."""
        everything = self._at_once
        while True:
            try:
                await self.step(everything=everything)
                everything = False
                self.cycled_at = self._clock.monotonic()
            except NotKept:
                log.debug("the store is out of reach", action="sweep_failed")
            except Exception:
                log.exception("sweep failed", action="sweep_failed")
            await self._clock.sleep(self.EVERY)

    async def step(self, *, everything: bool = False) -> int:
        """One sweep; returns how many people it woke."""
        if just_back(self._store):
            return 0
        before = None if everything else self._clock.now() - timedelta(seconds=2)

        async def work(tx: Transaction) -> list[tuple[int, str, str]]:
            return await tx.waiting(AT_A_SWEEP, before)

        found = await self._store.read(work)
        for lane, organization, person in found:
            self._runner.wake(organization, person, lane)
        return len(found)
