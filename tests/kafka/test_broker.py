"""The Kafka that the tests run on is a real one, and aiokafka and Faust get on with it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.kafka.broker import KafkaCluster, Mechanism

WITHIN = 30.0


async def topic(client: dict[str, Any], replicas: int = 1) -> str:
    """A new topic of one partition."""
    name = f"test-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(**client)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, replicas)])
    finally:
        await admin.close()
    return name


async def send(client: dict[str, Any], name: str, *values: bytes) -> None:
    """Sends as the service does: acknowledged by all, once each."""
    producer = AIOKafkaProducer(**client, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await asyncio.wait_for(producer.send_and_wait(name, value), WITHIN)
    finally:
        await producer.stop()


async def read(client: dict[str, Any], name: str, count: int) -> list[bytes]:
    """The first messages of a topic."""
    consumer = AIOKafkaConsumer(name, **client, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await asyncio.wait_for(consumer.getone(), WITHIN)).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_what_is_sent_is_read(kafka: KafkaCluster) -> None:
    """With aiokafka."""
    name = await topic(kafka.client())
    await send(kafka.client(), name, b"a", b"b")
    assert await read(kafka.client(), name, 2) == [b"a", b"b"]


async def test_a_faust_agent_gets_what_is_sent(kafka: KafkaCluster, tmp_path: Path) -> None:
    """In this very loop."""
    name = await topic(kafka.client())
    app = faust.App(
        f"app-{name}",
        broker=f"kafka://{kafka.servers}",
        datadir=tmp_path,
        web_enabled=False,
        loghandlers=[],
        logging_config=None,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )
    got: asyncio.Queue[bytes] = asyncio.Queue()

    @app.agent(app.topic(name, value_serializer="raw", key_serializer="raw"))
    async def listen(stream: Any) -> None:
        async for value in stream:
            got.put_nowait(value)

    running = asyncio.create_task(app.start())
    try:
        await send(kafka.client(), name, b"a", b"b")
        assert [await asyncio.wait_for(got.get(), WITHIN) for _ in range(2)] == [b"a", b"b"]
    finally:
        await app.stop()
        await running


@pytest.mark.timeout(300)
async def test_one_of_three_is_killed_and_sending_goes_on(kafka_three: KafkaCluster) -> None:
    """Two are enough, whichever they are, and who comes back counts again."""
    name = await topic(kafka_three.client(), replicas=3)
    await send(kafka_three.client(), name, b"three")
    await kafka_three.kill(0)
    await send(kafka_three.client(), name, b"two")
    await kafka_three.start(0)
    await kafka_three.kill(1)
    await send(kafka_three.client(), name, b"two others")
    await kafka_three.start(1)
    assert await read(kafka_three.client(), name, 3) == [b"three", b"two", b"two others"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_guarded_broker_takes_who_knows_the_password(kafka_guarded: KafkaCluster, mechanism: Mechanism) -> None:
    """Over TLS, and nobody else."""
    client = kafka_guarded.client(mechanism)
    name = await topic(client)
    await send(client, name, b"a")
    assert await read(client, name, 1) == [b"a"]
    with pytest.raises(KafkaError):
        await send({**client, "sasl_plain_password": "wrong"}, name, b"b")
    with pytest.raises(KafkaError):
        await send({"bootstrap_servers": kafka_guarded.servers}, name, b"b")
