"""Fixtures of the broker's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from streams.kafka.connection import Broker
from tests.cluster.component import running
from tests.kafka.broker import KafkaCluster
from tests.streams.kafka.town import Corner


def broker_of(cluster: KafkaCluster) -> Broker:
    """How we reach it."""
    return Broker(servers=tuple(cluster.servers.split(",")))


@pytest.fixture
async def corner(kafka: KafkaCluster) -> Corner:
    """A corner of the town on the broker that all tests share."""
    made = Corner(broker_of(kafka))
    await made.declare()
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_kafka() -> AsyncIterator[KafkaCluster]:
    """A broker that this module may stop; whoever stops it starts it again."""
    async with running(KafkaCluster) as cluster:
        yield cluster
