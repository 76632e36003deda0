"""One broker of three is killed: the two that are left go on, and so does everybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.cluster.component import running
from tests.cluster.promptness import answered_without_waiting, wake_ups_work
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.storm import Storm
from tests.cluster.together import TOGETHER
from tests.cluster.town import ClusterTown

pytestmark = TOGETHER


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town() -> AsyncIterator[ClusterTown]:
    """Three brokers, and of everything else as little as will do: the worker pumps, since there is no scheduler."""
    async with running(lambda: ClusterTown(brokers=3, roles={"api": 1, "worker": 1})) as made:
        await made.heal()
        yield made


async def a_broker_is_killed(town: ClusterTown, people: int, rounds: int) -> None:
    """One after the other, while people press."""
    for number in range(rounds):
        storm = Storm(town, await town.phones(people))
        await storm.reaches(storm.total // 4)
        await town.cluster.kafka.kill(number % 3)
        presses = await storm.over()
        answered_without_waiting(presses)
        await nothing_is_lost_and_nobody_told_twice(town, presses)
        await wake_ups_work(town, api=0)
        await town.cluster.kafka.start(number % 3)
        await town.heal()


async def test_a_broker_of_three_is_killed_under_load(town: ClusterTown) -> None:
    """Nobody is lost, told twice or kept waiting, and wake-ups work again before it is back."""
    await a_broker_is_killed(town, 20, 1)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_brokers_are_killed_one_after_the_other(town: ClusterTown) -> None:
    """The long form."""
    await a_broker_is_killed(town, 60, 9)
