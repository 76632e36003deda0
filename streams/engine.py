"""The engine of one process: runner, sweeper, pump and sender, wired together and run as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
import structlog

from alerts.decide import Decision
from alerts.signals import Signal
from streams.channel import Channel
from streams.clock import Clock
from streams.clock_guard import ClockGuard
from streams.delivery_context import Composer
from streams.ending import end, in_time
from streams.processor import Claimed, Handled
from streams.pump import Pump
from streams.pump_duty import Alone, PumpDuty
from streams.receipt_asker import ReceiptAsker
from streams.runner import Runner, Sweeper
from streams.sender import Sender
from streams.store import Store

log = structlog.get_logger()


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """What of the engine runs in this process. What it decides itself when it is asked to, it also sends itself."""

    decides: bool = True
    """Whoever has mail is decided here, and mail that lies unhandled is looked for."""
    pumps: bool = True
    claims: bool = True
    """Deliveries that others have decided are sent too."""
    sweeps_at_once: bool = True
    """The first sweep takes all mail, however young: nobody else can be at it."""
    look_every: float = 1.0
    """Seconds between looks for what other processes may have set: the mesh of the net beneath the waits."""


EVERYTHING = Duties()


class Engine:
    """Everything that moves without being asked."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        composer: Composer,
        *,
        alarm: Callable[[str], None],
        published: Callable[[], None],
        tried: Callable[[str, str], None],
        duties: Duties = EVERYTHING,
        duty: PumpDuty | None = None,
        wake: Callable[[str, str, int], None] | None = None,
    ) -> None:
        self._published = published
        self._clock = clock
        self._duties = duties
        self.duty: PumpDuty = duty or Alone()
        self.sender = Sender(
            store,
            clock,
            channels,
            composer,
            wake=self.wake,
            changed=published,
            tried=tried,
            alarm=alarm,
            behind=self.behind,
            claims=duties.claims,
            look_every=duties.look_every,
        )
        self.runner = Runner(
            store, clock, send=self._send, room=self.sender.room, alarm=alarm, changed=self._after_decision
        )
        self._wake = wake or self.runner.wake
        self.asker = ReceiptAsker(store, clock, channels, wake=self.wake, changed=published)
        self.pump = Pump(
            store, clock, self.runner, ClockGuard(clock, alarm), duty=self.duty, look_every=duties.look_every
        )
        self.sweeper = Sweeper(store, clock, self.runner, at_once=duties.sweeps_at_once)
        self._tasks: list[asyncio.Task[None]] = []
        self._loops: tuple[Runner | Pump | Sweeper | ReceiptAsker | Sender, ...] = ()
        self._stopping = False

    def wake(self, organization: str, person: str, lane: int) -> None:
        """This person has mail: decided here, or by whoever is told of it."""
        self._wake(organization, person, lane)

    async def decide_now(self, organization: str, person: str, signal: Signal) -> Decision:
        """Decides one signal and returns what was decided, once durable."""
        return await self.runner.decide_now(organization, person, signal)

    def start(self) -> None:
        """Starts every loop."""
        self._loops = (
            *((self.runner, self.sweeper) if self._duties.decides else ()),
            *((self.pump,) if self._duties.pumps else ()),
            *((self.asker,) if self._duties.claims else ()),
            self.sender,
        )
        self._tasks = [asyncio.create_task(loop.run(), name=type(loop).__name__) for loop in self._loops]

    def revive(self) -> bool:
        """Starts again whatever has stopped though it should not; whether there was anything."""
        stopped = [at for at, task in enumerate(self._tasks) if task.done()]
        if self._stopping:
            return False
        for at in stopped:
            loop = self._loops[at]
            log.error("a loop had stopped", action="revived", loop=type(loop).__name__)
            self._tasks[at] = asyncio.create_task(loop.run(), name=type(loop).__name__)
        return bool(stopped)

    def look(self) -> None:
        """Looks now at what may be due: the net beneath the waits."""
        self.pump.look_again()
        self.sender.look()

    def behind(self) -> bool:
        """Whether more has come due than could be decided yet."""
        return self.pump.behind

    @property
    def busy(self) -> bool:
        """Whether anything is being decided or sent."""
        return self.runner.busy or self.sender.busy

    @property
    def pumping(self) -> bool:
        """Whether this process takes timers that are due."""
        return self._duties.pumps and self.duty.on

    def now(self) -> datetime:
        """The time by which it works."""
        return self._clock.now()

    def turning(self) -> bool:
        """Whether every loop still runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def cycled_within(self, seconds: float) -> bool:
        """Whether every loop that looks by itself has done so lately, and found the store there."""
        since = self._clock.monotonic() - seconds
        looking = [loop for loop in self._loops if isinstance(loop, Pump | Sweeper)]
        sends = [self.sender] if self._duties.claims else []
        return self.turning() and all(loop.cycled_at >= since for loop in (*looking, *sends))

    async def stop(self, limit: float = 5.0) -> None:
        """Takes no new timers, lets what is under way end, then stops; what is left is found by the next start."""
        self._stopping = True
        pump = [task for task in self._tasks if task.get_name() in {"Pump", "Sweeper"}]
        for task in pump:
            task.cancel()
        try:
            await in_time(self.sender.drain(), limit)
        except TimeoutError:
            log.warning("stopped with messages under way", action="drain_cut")
        await end(*self._tasks)

    def _send(self, claimed: list[Claimed]) -> None:
        self.sender.send(claimed)

    def _after_decision(self, handled: Handled) -> None:
        if handled.timers:
            self.pump.look_again()
        self.sender.look()
        if handled.events:
            self._published()
