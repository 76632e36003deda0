"""Publishing: straight after the commit, without ever making the one who committed wait or fail.

That a person has mail stands in the inbox; the message only saves the two seconds until the sweeper looks. So whatever
cannot be sent now is dropped and counted, and a broker that is away is asked again until it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog

from streams.ending import end, in_time
from streams.kafka.connection import ANSWER_WITHIN, CLOSE_WITHIN, Broker, Unreachable, back_off, calm_libraries, load
from streams.kafka.messages import Fixes, key_of, partition_of, seal_fixes, seal_mail
from streams.kafka.topics import TOPICS, Topic, Topics, Undeclared, expect
from streams.sealing import Sealer

log = structlog.get_logger()

WAITING = 10_000
"""People of one lane who may wait to be sent; beyond it the sweeper finds them."""

IN_FLIGHT = 5_000
SLICE = 50
ACKNOWLEDGED_WITHIN = 1.0
LOOK_EVERY = 1.0
LOOK_AT_MOST = 1.5
MUTE_FOR = 15
"""Looks at which the broker answered and acknowledged nothing; then another producer may fare better."""

TRY_AGAIN_AFTER = 1.0
CALM = 0.02
"""Seconds between two pokes of the feed."""


class Publisher:
    """Wakes workers, pokes the feed, hands over fixes. `connected` says whether the broker takes what is sent."""

    def __init__(self, broker: Broker, sealer: Sealer, topics: Topics = TOPICS) -> None:
        self._broker = broker
        self._sealer = sealer
        self._topics = topics
        self._producer: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._lanes: tuple[OrderedDict[tuple[str, str], None], ...] = (OrderedDict(), OrderedDict(), OrderedDict())
        self._poke_waits = False
        self._calm: asyncio.TimerHandle | None = None
        self._poked_meanwhile = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._broken = asyncio.Event()
        self._in_flight = 0
        self._said: str | None = None
        self.connected = False
        self.published = 0
        self.dropped = 0

    def start(self) -> None:
        """Connects in the background, for as long as it takes."""
        calm_libraries()
        self._tasks = [
            asyncio.create_task(_for_ever(self._keep_connected), name="publisher connection"),
            asyncio.create_task(_for_ever(self._publish_what_waits), name="publisher"),
        ]

    def wake(self, organization: str, person: str, lane: int) -> None:
        """This person has mail. Never waits and never raises."""
        waiting = self._lanes[lane]
        if not self.connected or len(waiting) >= WAITING:
            self.dropped += 1
            return
        waiting[organization, person] = None
        self._something.set()

    def poke(self) -> None:
        """The journal has grown. Many within a moment are told as the first and one last."""
        if not self.connected:
            return
        if self._calm is not None:
            self._poked_meanwhile = True
            return
        self._calm = asyncio.get_running_loop().call_later(CALM, self._calm_is_over)
        self._poke_waits = True
        self._something.set()

    async def put_fixes(self, organization: str, person: str, sealed: bytes, *, at: datetime) -> bool:
        """Whether the broker has taken them; False after a second at most, and then the store must.

        `at` is the instant of the newest fix. What was not acknowledged in time may arrive all the same: readers take
        the newest.
        """
        producer = self._producer
        if producer is None or not self.connected or self._in_flight >= IN_FLIGHT:
            return False
        message = seal_fixes(self._sealer, Fixes(organization=organization, person=person, at=at, sealed=sealed))
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                sent = await self._send(producer, self._topics.locations, key_of(person), message)
                # Given up on, it is still on its way: what waits for its acknowledgement must see it arrive.
                await asyncio.shield(sent)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - whatever it was, the broker does not have them
            return False
        return True

    async def stop(self, limit: float = 3.0) -> None:
        """Sends what waits, within the limit, and leaves."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while self.connected and (self._in_flight or self._poke_waits or any(self._lanes)):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        self.connected = False
        if self._calm is not None:
            self._calm.cancel()
        await end(*self._tasks)

    # Sending
    async def _publish_what_waits(self) -> None:
        await self._something.wait()
        self._something.clear()
        sent = 0
        while (message := self._next()) is not None:
            await self._publish(*message)
            sent += 1
            if sent % SLICE == 0:
                # Handing over waits for nothing as a rule, and others need the loop.
                await asyncio.sleep(0)

    def _next(self) -> tuple[Topic, bytes, bytes] | None:
        """The most urgent message; the feed's own after the first lane, which it must not be slower than."""
        for lane, waiting in enumerate(self._lanes):
            if waiting:
                (organization, person), _ = waiting.popitem(last=False)
                sealed = seal_mail(self._sealer, organization, person, lane)
                return self._topics.signals, key_of(person), sealed
            if self._poke_waits:
                self._poke_waits = False
                return self._topics.feed, b"", b""
        return None

    async def _publish(self, topic: Topic, key: bytes, value: bytes) -> None:
        while self._in_flight >= IN_FLIGHT:
            self._room.clear()
            await self._room.wait()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                await self._send(self._producer, topic, key, value)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the sweeper finds the mail, the feed looks every second
            self.dropped += 1

    async def _send(self, producer: Any, topic: Topic, key: bytes, value: bytes) -> asyncio.Future[Any]:
        partition = partition_of(key, topic.partitions)
        sent: asyncio.Future[Any] = await producer.send(topic.name, value, key=key, partition=partition)
        self._in_flight += 1
        sent.add_done_callback(functools.partial(self._settled, producer))
        return sent

    def _settled(self, producer: Any, sent: asyncio.Future[Any]) -> None:
        failed = sent.cancelled() or sent.exception() is not None
        if producer is not self._producer:
            # It was given up on with all that it had, and counted then.
            return
        self._in_flight -= 1
        self._room.set()
        if failed:
            # An idempotent producer tries again by itself; one that gives up has lost its place in the sequence.
            self.dropped += 1
            self._broken.set()
            return
        self.published += 1
        if not self.connected and not self._broken.is_set():
            self._is_connected()

    def _calm_is_over(self) -> None:
        self._calm = None
        if self._poked_meanwhile:
            self._poked_meanwhile = False
            self.poke()

    # The connection
    async def _keep_connected(self) -> None:
        producer = await self._connect()
        try:
            self._broken.clear()
            self._producer = producer
            self._is_connected()
            await self._watch(producer)
        finally:
            self._producer = None
            self.connected = False
            self.dropped += self._in_flight
            self._in_flight = 0
            self._room.set()
            await _close(producer)
        await asyncio.sleep(TRY_AGAIN_AFTER)

    async def _connect(self) -> Any:
        await load("aiokafka")
        for wait in back_off():
            try:
                await expect(self._broker, self._topics.all())
                return await self._new_producer()
            except Undeclared as error:
                self._is_away("the broker lacks topics", str(error))
            except Unreachable as error:
                self._is_away("the broker is away", str(error))
            await asyncio.sleep(wait)
        raise AssertionError

    async def _new_producer(self) -> Any:
        from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - only a process that has a broker pays for it
        from aiokafka.errors import KafkaError  # noqa: PLC0415

        producer: Any = None
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                producer = AIOKafkaProducer(**self._broker.options(), acks="all", enable_idempotence=True)
                await producer.start()
                for topic in self._topics.all():
                    await producer.partitions_for(topic.name)
        except (KafkaError, OSError, TimeoutError) as error:
            await _close(producer)
            raise Unreachable(f"no producer ({type(error).__name__})") from error
        return producer

    async def _watch(self, producer: Any) -> None:
        """Until the producer is of no use any more."""
        published, in_flight, mute = self.published, 0, 0
        while not self._broken.is_set() and mute < MUTE_FOR:
            with contextlib.suppress(TimeoutError):
                await in_time(self._broken.wait(), LOOK_EVERY)
            silent, waited = published == self.published, in_flight > 0
            published, in_flight = self.published, self._in_flight
            mute = mute if silent else 0
            if silent and waited:
                self._is_away("the broker is away", "nothing is acknowledged")
                mute += await _answers(producer)
            elif silent and not await _answers(producer):
                self._is_away("the broker is away", "no answer")
            elif not self.connected and not in_flight:
                self._is_connected()

    def _is_connected(self) -> None:
        self.connected = True
        if self._said is not None:
            self._said = None
            log.info("the broker is back", action="broker_back", part="publisher", dropped=self.dropped)

    def _is_away(self, what: str, why: str) -> None:
        self.connected = False
        for waiting in self._lanes:
            self.dropped += len(waiting)
            waiting.clear()
        self._poke_waits = False
        if self._said != what:
            self._said = what
            log.warning(what, action="broker_away", part="publisher", why=why)


async def _for_ever(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except Exception:
            with contextlib.suppress(Exception):
                log.exception("publishing failed", action="publisher_failed")
            await asyncio.sleep(TRY_AGAIN_AFTER)


async def _answers(producer: Any) -> bool:
    try:
        async with asyncio.timeout(LOOK_AT_MOST):
            return bool(await producer.client.force_metadata_update())
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer
        return False


async def _close(producer: Any) -> None:
    """Ends a producer within limits, also one that would go on trying to deliver for ever."""
    if producer is None:
        return
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_WITHIN / 2):
            await producer.stop()
            return
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_WITHIN / 4):
            # There is no public way to give up on what is not delivered, and `stop` waits for it.
            await producer._sender.close()  # noqa: SLF001
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_WITHIN / 4):
            await producer.client.close()
