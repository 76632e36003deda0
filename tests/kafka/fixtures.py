"""A real Apache Kafka for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.cluster.component import running
from tests.kafka.broker import KafkaCluster


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka() -> AsyncIterator[KafkaCluster]:
    """One broker for each process of the suite, left running: topics and groups of one's own keep tests apart."""
    async with running(KafkaCluster) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka_three() -> AsyncIterator[KafkaCluster]:
    """Three brokers for the tests of one module; whoever kills one starts it again."""
    async with running(lambda: KafkaCluster(3)) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka_guarded() -> AsyncIterator[KafkaCluster]:
    """One broker for the tests of one module that wants TLS and a password."""
    async with running(lambda: KafkaCluster(security="sasl_ssl")) as cluster:
        yield cluster
