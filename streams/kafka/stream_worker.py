"""Runs a Faust app inside our own loop, and replaces it when it has stopped working, which Faust may do silently.

What is replaced is the app, never the process: sweeper, sender and pump go on meanwhile. While no broker answers
nothing is replaced, since nothing would come of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Literal

import structlog

from streams.ending import in_time
from streams.kafka.connection import Broker, Unreachable, back_off, calm_libraries, load
from streams.kafka.faust_app import StreamApp, Tally
from streams.kafka.stream_watch import PATIENCE, StreamWatch
from streams.kafka.topics import Undeclared, expect

log = structlog.get_logger()

LOOK_EVERY = 1.0
ASK_EVERY = 5
"""Looks between two questions whether a broker answers."""

STOP_WITHIN, REPLACE_WITHIN = 10.0, 3.0
STOP_WITHOUT_BROKER_WITHIN = 1.0
ENDS_WITHIN = STOP_WITHIN + 3.0
"""Seconds after which a worker that was told to end has ended, if it was told at all."""
AGAIN_AFTER = (0.5, 2.0, 5.0, 15.0, 60.0)
WELL_AFTER = 300
"""Looks after which an app was well, and the next trouble is a new one."""

State = Literal["waiting", "starting", "working", "away", "stopped"]


class StreamWorker:
    """One app after the other, for as long as it is wanted."""

    def __init__(
        self, broker: Broker, make: Callable[[], StreamApp], tally: Tally, *, name: str, patience: int = PATIENCE
    ) -> None:
        self._broker = broker
        self._make = make
        self._tally = tally
        self._name = name
        self._patience = patience
        self._task: asyncio.Task[Any] | None = None
        self._watch: StreamWatch | None = None
        self._said: str | None = None
        self.current: StreamApp | None = None
        self.state: State = "stopped"
        self.replaced = 0

    @property
    def healthy(self) -> bool:
        """Whether messages are worked on as they come."""
        return self.state == "working"

    @property
    def assigned(self) -> tuple[int, ...]:
        """The partitions that this worker has."""
        return self._watch.assigned() if self._watch is not None else ()

    async def run(self) -> None:
        """Until it is cancelled or `stop` is called."""
        calm_libraries()
        self._task = asyncio.current_task()
        await load("aiokafka", "streams.kafka.faust_parts")
        troubles = 0
        try:
            while True:
                self.current = made = self._make()
                await self._until_there(made)
                looks, why = await self._one_life(made)
                self.replaced += 1
                log.error("a stream worker is replaced", action="stream_replaced", part=self._name, why=why)
                troubles = 0 if looks >= WELL_AFTER else troubles + 1
                await asyncio.sleep(AGAIN_AFTER[min(troubles, len(AGAIN_AFTER) - 1)])
        finally:
            self.state = "stopped"
            self._watch = None

    async def stop(self) -> None:
        """Leaves the group, so that others take over at once; within a limit."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=2 * STOP_WITHIN)

    async def _one_life(self, made: StreamApp) -> tuple[int, str]:
        """Runs one app until something is wrong with it and a broker answers; for how many looks, and what it was."""
        self.state = "starting"
        self._watch = watch = StreamWatch(self._broker, made, self._tally, self._patience)
        start = asyncio.create_task(made.app.start(), name=f"{self._name} start")
        looks, within = 0, STOP_WITHIN
        try:
            while True:
                if start.done():
                    await asyncio.sleep(LOOK_EVERY)
                else:
                    await asyncio.wait({start}, timeout=LOOK_EVERY)
                looks += 1
                why = await self._look(made, start, watch, ask=looks % ASK_EVERY == 0)
                if why is not None:
                    within = REPLACE_WITHIN
                    return looks, why
        finally:
            await self._end(made, start, within)

    async def _look(self, made: StreamApp, start: asyncio.Task[Any], watch: StreamWatch, *, ask: bool) -> str | None:
        trouble = _trouble(made, start)
        if (trouble or ask or self.state == "away") and not await self._is_there(made):
            self.state = "away"
            return None
        self.state = "working" if start.done() else "starting"
        return trouble or await watch.look(ready=start.done())

    async def _end(self, made: StreamApp, start: asyncio.Task[Any], within: float) -> None:
        from streams.kafka.faust_parts import give_up, thread_ended  # noqa: PLC0415 - loaded by whoever made the app

        there = False
        with contextlib.suppress(TimeoutError):
            there = await in_time(self._is_there(made), STOP_WITHOUT_BROKER_WITHIN)
        start.cancel()
        stop = asyncio.create_task(made.app.stop(), name=f"{self._name} stop")
        await asyncio.wait({start, stop}, timeout=within if there else STOP_WITHOUT_BROKER_WITHIN)
        for again in range(20):
            if stop.done() and thread_ended(made.app):
                break
            if again:
                # It goes on to the next of its parts when it is told to give up on one.
                stop.cancel()
                give_up(made.app)
            await asyncio.sleep(0.05)
        for task in (start, stop):
            if task.done() and not task.cancelled():
                task.exception()
        if not stop.done():
            log.error("a stream worker would not stop", action="stream_left_behind", part=self._name)

    # The broker
    async def _until_there(self, made: StreamApp) -> None:
        self.state = "waiting"
        for wait in back_off():
            if await self._is_there(made):
                return
            await asyncio.sleep(wait)

    async def _is_there(self, made: StreamApp) -> bool:
        try:
            await expect(self._broker, made.needs)
        except Undeclared as error:
            self._say("the broker lacks topics", str(error))
        except Unreachable as error:
            self._say("the broker is away", str(error))
        else:
            if self._said is not None:
                self._said = None
                log.info("the broker is back", action="broker_back", part=self._name)
            return True
        return False

    def _say(self, what: str, why: str) -> None:
        if self._said != what:
            self._said = what
            log.warning(what, action="broker_away", part=self._name, why=why)


def _trouble(made: StreamApp, start: asyncio.Task[Any]) -> str | None:
    if start.done() and not start.cancelled() and (error := start.exception()) is not None:
        return f"it did not start: {type(error).__name__}"
    if made.app.crashed:
        return f"it crashed: {type(made.app.crash_reason).__name__}"
    return None
