"""How far a group has come in a topic, asked of the broker and not of the consumer whose word is doubted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec

from streams.ending import in_time
from streams.kafka.connection import ANSWER_WITHIN, CLOSE_WITHIN, Broker, Unreachable
from streams.kafka.topics import Topic


class Place(msgspec.Struct, frozen=True):
    """One partition: what the group has done with, and where the topic ends."""

    done: int
    end: int

    @property
    def lag(self) -> int:
        """How many messages wait."""
        return max(0, self.end - self.done)


async def places(broker: Broker, group: str, topic: Topic, partitions: Iterable[int]) -> dict[int, Place]:
    """The places of these partitions. Raises `Unreachable`."""
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415 - only a process that has a broker
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    wanted = [TopicPartition(topic.name, partition) for partition in partitions]
    opened: list[Any] = []
    try:
        async with asyncio.timeout(2 * ANSWER_WITHIN):
            consumer: Any = AIOKafkaConsumer(**broker.options(), enable_auto_commit=False)
            opened.append(consumer.stop)
            await consumer.start()
            first = await consumer.beginning_offsets(wanted)
            end = await consumer.end_offsets(wanted)
            admin: Any = AIOKafkaAdminClient(**broker.options())
            opened.append(admin.close)
            await admin.start()
            committed = await admin.list_consumer_group_offsets(group, partitions=wanted)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unreachable(f"the places of {group} are not told ({type(error).__name__})") from error
    finally:
        for close in opened:
            with contextlib.suppress(Exception):
                await in_time(close(), CLOSE_WITHIN)
    found = {}
    for tp in wanted:
        known = committed[tp].offset if tp in committed else -1
        # What was deleted before it was read is not waited for.
        found[tp.partition] = Place(done=max(known, first[tp]), end=end[tp])
    return found
