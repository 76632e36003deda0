"""The feed's wake-up, heard: whenever somebody's commit grew the journal, this process looks at once.

Only a wake-up: every process that serves consoles hears all of them, there is no group and no place to remember, and
while the broker is away the feed goes on looking by itself every second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog

from streams.ending import in_time
from streams.kafka.connection import ANSWER_WITHIN, CLOSE_WITHIN, Broker, Unreachable, back_off, calm_libraries, load
from streams.kafka.topics import TOPICS, Topic, expect

log = structlog.get_logger()

HEAR_FOR = 5.0


class FeedWakeups:
    """Calls `poke` for what is published on the feed's topic."""

    def __init__(self, broker: Broker, poke: Callable[[], None], topic: Topic = TOPICS.feed) -> None:
        self._broker = broker
        self._poke = poke
        self._topic = topic
        self.listening = False

    async def run(self) -> None:
        """Until it is cancelled; comes back by itself, however long the broker was away."""
        calm_libraries()
        await load("aiokafka")
        waits = back_off()
        while True:
            try:
                await expect(self._broker, (self._topic,))
                waits = back_off()
                await self._listen()
            except Unreachable:
                pass
            except Exception:
                log.exception("the feed's wake-ups failed", action="feed_wakeups_failed")
            finally:
                self.listening = False
            await asyncio.sleep(next(waits))

    async def _listen(self) -> None:
        from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415 - only a process that has a broker

        consumer: Any = AIOKafkaConsumer(**self._broker.options(), auto_offset_reset="latest", enable_auto_commit=False)
        place = TopicPartition(self._topic.name, 0)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await consumer.start()
                consumer.assign([place])
                await consumer.seek_to_end(place)
            self.listening = True
            # Something may have happened while nobody listened.
            self._poke()
            while True:
                if await consumer.getmany(timeout_ms=int(HEAR_FOR * 1000)):
                    self._poke()
        finally:
            with contextlib.suppress(Exception):
                await in_time(consumer.stop(), CLOSE_WITHIN)
