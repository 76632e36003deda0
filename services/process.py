"""What runs in one process, and in which order it starts and stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

import msgspec
from aiohttp import web

from services.operator_alarm import OperatorAlarm
from services.web.service import Service
from streams.ending import AGAIN_AFTER, end
from streams.engine import Engine
from streams.feed import Feed
from streams.housekeeping import Housekeeping
from streams.store import Store

Role = Literal["all", "api", "worker", "scheduler"]
"""`all` is the whole service in one process."""


class Part(Protocol):
    """Something that moves by itself, beside the engine."""

    def start(self) -> None:
        """Starts it; does not wait for anything."""

    async def stop(self) -> None:
        """Ends it in order, within limits of its own."""


class Loop:
    """A coroutine that runs until it is cancelled, and then may take so many seconds to tidy up."""

    def __init__(
        self, run: Callable[[], Coroutine[Any, Any, None]], name: str, tidies_within: float = AGAIN_AFTER
    ) -> None:
        self._run = run
        self._tidies_within = tidies_within
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts it."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancels it and waits until it has gone."""
        await end(self._task, again_after=self._tidies_within)


class Assembly(msgspec.Struct, kw_only=True):
    """Everything that runs in one process, and how it is started and stopped."""

    role: Role
    service: Service
    app: web.Application
    store: Store
    engine: Engine
    feed: Feed
    housekeeping: Housekeeping
    alarm: OperatorAlarm
    sources: list[Part] = []
    """What brings work: stopped first."""
    sinks: list[Part] = []
    """What takes what was done: stopped last."""

    def start(self) -> None:
        """Starts whatever moves by itself."""
        for part in self.sinks:
            part.start()
        self.engine.start()
        for part in self.sources:
            part.start()
        self.housekeeping.start()

    async def stop(self) -> None:
        """Stops in order: no new work, messages under way to their end, then channels and the store."""
        self.service.stopping.set()
        self.housekeeping.stop()
        await self.service.plans.close()
        # Each may take seconds, and whoever stops us does not wait for ever.
        await asyncio.gather(*(part.stop() for part in self.sources))
        await self.engine.stop()
        for part in self.sinks:
            await part.stop()
        await self.close()

    async def close(self) -> None:
        """Lets go of everything that is open."""
        await self.alarm.close()
        for channel in self.service.channels.values():
            await channel.close()
        self.service.pins.close()
        if self.service.outbox is not None:
            self.service.outbox.close()
        await self.store.close()
