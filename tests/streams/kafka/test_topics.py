"""The topics are made once, and never changed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.kafka.connection import Broker, Unreachable
from streams.kafka.topics import Refused, Undeclared, declare, expect, topics
from tests.cluster.ports import reserve
from tests.kafka.broker import KafkaCluster
from tests.streams.kafka.conftest import broker_of


async def described(client: dict[str, Any], *names: str) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Topics and their settings as the broker has them."""
    admin = AIOKafkaAdminClient(**client)
    await admin.start()
    try:
        found = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics(list(names))}
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    finally:
        await admin.close()
    return found, {r[3]: {entry[0]: entry[1] for entry in r[4]} for r in answer.resources}


async def test_declared_once_they_are_made_declared_twice_they_are_there(kafka: KafkaCluster) -> None:
    """With partitions and retention as they are meant to be."""
    broker, wanted = broker_of(kafka), topics(f"test-{uuid.uuid4().hex}.")
    assert [declared.text for declared in await declare(broker, wanted)] == ["made"] * 4
    again = await declare(broker, wanted)
    assert [declared.text for declared in again] == ["there"] * 4
    assert all(declared.right for declared in again)
    found, settings = await described(kafka.client(), *(topic.name for topic in wanted.all()))
    assert [len(found[topic.name]) for topic in wanted.all()] == [24, 32, 32, 1]
    assert settings[wanted.last_fixes.name]["cleanup.policy"] == "compact"
    kept = [int(settings[topic.name]["retention.ms"]) for topic in (wanted.signals, wanted.locations, wanted.feed)]
    assert kept == [3_600_000, 86_400_000, 600_000]


async def test_another_number_of_partitions_is_told_and_left_alone(kafka: KafkaCluster) -> None:
    """To change it would send people's messages elsewhere."""
    broker, prefix = broker_of(kafka), f"test-{uuid.uuid4().hex}."
    await declare(broker, topics(prefix, signals=3))
    wanted = topics(prefix)
    signals, *others = await declare(broker, wanted)
    assert (signals.right, signals.text) == (False, "there, but with 3 partitions instead of 24")
    assert all(declared.right for declared in others)
    with pytest.raises(Undeclared, match=wanted.signals.name):
        await expect(broker, wanted.all())
    await expect(broker, (wanted.feed,))


async def test_more_copies_than_brokers_are_refused_in_the_brokers_words(kafka: KafkaCluster) -> None:
    """And nothing is made."""
    broker, wanted = broker_of(kafka), topics(f"test-{uuid.uuid4().hex}.")
    with pytest.raises(Refused, match="replicat"):
        await declare(broker, wanted, replication=2)
    with pytest.raises(Undeclared):
        await expect(broker, (wanted.feed,))


@pytest.mark.timeout(180)
async def test_on_three_brokers_there_are_three_copies_of_which_two_suffice(kafka_three: KafkaCluster) -> None:
    """Unless somebody asks for another number."""
    broker, wanted = broker_of(kafka_three), topics(f"test-{uuid.uuid4().hex}.")
    await declare(broker, wanted)
    found, settings = await described(kafka_three.client(), wanted.signals.name)
    assert all(len(partition["replicas"]) == 3 for partition in found[wanted.signals.name])
    assert settings[wanted.signals.name]["min.insync.replicas"] == "2"


async def test_where_nobody_answers_the_servers_are_named() -> None:
    """With the reason of the first of them."""
    port = reserve(1)[0]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}: ConnectionRefused"):
        await declare(Broker(servers=(f"127.0.0.1:{port}",)))
