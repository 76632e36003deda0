"""A real PostgreSQL for tests: one server for each process of the suite, a fresh database for each test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.cluster.component import running
from tests.postgres.server import PostgresServer


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """A server that is left running. Without fsync: no test of the suite takes the power from the machine."""
    async with running(lambda: PostgresServer(fsync=False)) as server:
        yield server


@pytest_asyncio.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = f"test_{uuid.uuid4().hex}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)
