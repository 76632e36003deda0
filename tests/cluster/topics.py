"""What lies on a topic, and messages put there by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition


async def taken(options: dict[str, Any], topic: str) -> int:
    """How many messages the topic has taken so far."""
    consumer = AIOKafkaConsumer(**options)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def publish(options: dict[str, Any], topic: str, messages: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Puts messages (key and value) on the topic, and waits until the broker has them."""
    async with _producer(options) as producer:
        sent = [await producer.send(topic, value, key=key) for key, value in messages]
        for one in sent:
            await one


@asynccontextmanager
async def _producer(options: dict[str, Any]) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(**options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
