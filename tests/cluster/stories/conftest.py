"""One cluster for all of these: started once, healed after each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.cluster.component import running
from tests.cluster.town import ClusterTown


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def started() -> AsyncIterator[ClusterTown]:
    """The town, from the first of these tests to the last."""
    async with running(ClusterTown) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def town(started: ClusterTown) -> AsyncIterator[ClusterTown]:
    """The town as this test finds it: all is well. What the test has broken is put right afterwards."""
    await started.heal()
    yield started
    await started.heal()
