"""A corner of the town with a broker in it: topics of its own, who publishes, and who listens."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.kafka.connection import Broker
from streams.kafka.faust_app import StreamApp, Tally, make_locations_app, make_signals_app
from streams.kafka.messages import PURPOSE, Fixes
from streams.kafka.publisher import Publisher
from streams.kafka.stream_worker import StreamWorker
from streams.kafka.topics import Topics, declare, topics
from streams.sealing import MasterKey

WITHIN = 30.0
HARBOUR = "0198f0d2-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def person() -> str:
    """Somebody new."""
    return str(uuid.uuid4())


async def until(condition: Callable[[], Any], otherwise: str, within: float = WITHIN) -> None:
    """Waits for a condition, with a limit."""
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, otherwise
        await asyncio.sleep(0.005)


class Listener:
    """Whoever is woken, in order, by one worker."""

    def __init__(self) -> None:
        self.woken: list[tuple[str, str, int]] = []
        self.tally = Tally()

    def wake(self, organization: str, who: str, lane: int) -> None:
        """The callback."""
        self.woken.append((organization, who, lane))

    def heard(self, *people: str) -> bool:
        """Whether all of these were woken."""
        return set(people) <= {who for _, who, _ in self.woken}


class Keeper:
    """Whoever keeps fixes; `trouble` makes it fail so many times."""

    def __init__(self) -> None:
        self.kept: list[Fixes] = []
        self.batches: list[int] = []
        self.alarms: list[str] = []
        self.trouble = 0
        self.tally = Tally()

    async def keep(self, batch: list[Fixes]) -> None:
        """The callback."""
        if self.trouble:
            self.trouble -= 1
            raise OSError("the store is away")
        self.batches.append(len(batch))
        self.kept += batch


class Corner:
    """One broker, topics that nobody else uses, one master key."""

    def __init__(self, broker: Broker, *, partitions: int = 4) -> None:
        self.broker = broker
        self.topics: Topics = topics(f"test-{uuid.uuid4().hex[:12]}.", signals=partitions, locations=partitions)
        self.sealer = MasterKey(b"k" * 32).sealer(PURPOSE)

    async def declare(self) -> None:
        """Makes the topics."""
        await declare(self.broker, self.topics)

    @contextlib.asynccontextmanager
    async def publisher(self, *, connected: bool = True) -> AsyncIterator[Publisher]:
        """Somebody who publishes."""
        made = Publisher(self.broker, self.sealer, self.topics)
        made.start()
        try:
            if connected:
                await until(lambda: made.connected, "the publisher never connected")
            yield made
        finally:
            await made.stop()

    def signals(self, listener: Listener) -> StreamApp:
        """An app that wakes."""
        return make_signals_app(self.broker, self.sealer, listener.wake, listener.tally, self.topics)

    def locations(self, keeper: Keeper) -> StreamApp:
        """An app that keeps fixes."""
        return make_locations_app(
            self.broker, self.sealer, keeper.keep, keeper.tally, alarm=keeper.alarms.append, topics=self.topics
        )

    @contextlib.asynccontextmanager
    async def listening(
        self, listener: Listener, *, working: bool = True, patience: int = 10
    ) -> AsyncIterator[StreamWorker]:
        """A worker that wakes."""
        worker = StreamWorker(
            self.broker, lambda: self.signals(listener), listener.tally, name="signals", patience=patience
        )
        async with running(worker, working=working):
            yield worker

    @contextlib.asynccontextmanager
    async def keeping(self, keeper: Keeper) -> AsyncIterator[StreamWorker]:
        """A worker that keeps fixes."""
        worker = StreamWorker(self.broker, lambda: self.locations(keeper), keeper.tally, name="locations")
        async with running(worker):
            yield worker

    async def send(self, topic: str, *messages: tuple[bytes | None, bytes | None]) -> None:
        """Sends as anybody could who reaches the broker."""
        producer = AIOKafkaProducer(**self.broker.options())
        await producer.start()
        try:
            for key, value in messages:
                await producer.send_and_wait(topic, value, key=key)
        finally:
            await producer.stop()


@contextlib.asynccontextmanager
async def running(worker: StreamWorker, *, working: bool = True) -> AsyncIterator[None]:
    """A worker, from its start until it has stopped."""
    task = asyncio.create_task(worker.run())
    try:
        if working:
            await until(lambda: worker.healthy and worker.assigned, f"the worker never worked: {worker.state}")
        yield
    finally:
        await worker.stop()
        assert task.done(), "the worker would not stop"


def later(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)
