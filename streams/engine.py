"""The engine of one process: runner, sweeper, pump and sender, wired together and run as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from alerts.decide import Decision
from alerts.signals import Signal
from streams.channel import Channel
from streams.clock import Clock
from streams.clock_guard import ClockGuard
from streams.delivery_context import Composer
from streams.processor import Claimed, Handled
from streams.pump import Pump
from streams.runner import Runner, Sweeper
from streams.sender import Sender
from streams.store import Store

log = structlog.get_logger()


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
    ) -> None:
        self._published = published
        self.sender = Sender(
            store, clock, channels, composer, wake=self.wake, changed=published, tried=tried, behind=self.behind
        )
        self.runner = Runner(
            store, clock, send=self._send, room=self.sender.room, alarm=alarm, changed=self._after_decision
        )
        self.pump = Pump(store, clock, self.runner, ClockGuard(clock, alarm))
        self.sweeper = Sweeper(store, clock, self.runner)
        self._tasks: list[asyncio.Task[None]] = []
        self._loops: tuple[Runner | Pump | Sweeper | Sender, ...] = ()
        self._stopping = False

    def wake(self, organization: str, person: str, lane: int) -> None:
        """This person has mail."""
        self.runner.wake(organization, person, lane)

    async def decide_now(self, organization: str, person: str, signal: Signal) -> Decision:
        """Decides one signal and returns what was decided, once durable."""
        return await self.runner.decide_now(organization, person, signal)

    def start(self) -> None:
        """Starts every loop."""
        self._loops = (self.runner, self.pump, self.sweeper, self.sender)
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

    def turning(self) -> bool:
        """Whether every loop still runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def stop(self, limit: float = 5.0) -> None:
        """Takes no new timers, lets what is under way end, then stops; what is left is found by the next start."""
        self._stopping = True
        pump = [task for task in self._tasks if task.get_name() in {"Pump", "Sweeper"}]
        for task in pump:
            task.cancel()
        try:
            await asyncio.wait_for(self.sender.drain(), limit)
        except TimeoutError:
            log.warning("stopped with messages under way", action="drain_cut")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send(self, claimed: list[Claimed]) -> None:
        self.sender.send(claimed)

    def _after_decision(self, handled: Handled) -> None:
        if handled.timers:
            self.pump.look_again()
        self.sender.look()
        if handled.events:
            self._published()
