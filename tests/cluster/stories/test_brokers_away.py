"""The broker goes away and comes back: presses are taken as ever, told by the sweeper, and then by wake-ups again."""

from __future__ import annotations

import pytest

from tests.cluster.promptness import SWEPT_WITHIN, answered_without_waiting, wake_ups_work
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.storm import Storm
from tests.cluster.together import TOGETHER
from tests.cluster.town import ClusterTown, until

pytestmark = TOGETHER


async def all_brokers_go_and_come_back(town: ClusterTown, people: int, rounds: int) -> None:
    """Killed while people press."""
    for _ in range(rounds):
        mia, noa = await town.phones(2)
        storm = Storm(town, await town.phones(people))
        await storm.reaches(storm.total // 3)
        await town.cluster.kafka.kill()
        presses = await storm.over()
        alone = await town.press(mia)
        assert await town.told(mia) < SWEPT_WITHIN
        presses += [alone, await town.press(noa, api=1)]
        assert await town.told(noa) < SWEPT_WITHIN
        answered_without_waiting(presses)
        await nothing_is_lost_and_nobody_told_twice(town, presses)
        await town.cluster.kafka.start()
        await nothing_is_lost_and_nobody_told_twice(town, await wake_ups_work(town))
        await town.heal()


async def test_all_brokers_go_and_come_back(town: ClusterTown) -> None:
    """The phone is answered at once all the while."""
    await all_brokers_go_and_come_back(town, 20, 1)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_all_brokers_go_and_come_back_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    await all_brokers_go_and_come_back(town, 100, 10)


async def test_a_broker_that_stands_still_keeps_nobody_waiting(town: ClusterTown) -> None:
    """Its connections are open and nothing comes: worse than one that is gone."""
    phones = await town.phones(4)
    town.cluster.kafka.pause(0)
    try:
        presses = [await town.press(phone, api=number % 2) for number, phone in enumerate(phones)]
        answered_without_waiting(presses)
        assert await town.told(*phones) < SWEPT_WITHIN
        sent = await town.call("POST", "/v1/locations", phones[0].token, {"fixes": [town.here()]})
        assert sent.status == 202

        async def kept() -> bool:
            return bool((await town.incident(presses[0].incident))["trail"])

        await until(kept, "a position was not kept without the broker")
    finally:
        town.cluster.kafka.resume(0)
    await nothing_is_lost_and_nobody_told_twice(town, presses)
    await nothing_is_lost_and_nobody_told_twice(town, await wake_ups_work(town))
