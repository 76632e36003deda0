"""Processes die and come back under load; others take over what they had."""

from __future__ import annotations

import random

import pytest

from tests.cluster.cluster import Member
from tests.cluster.promptness import IN_TIME
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.storm import Storm
from tests.cluster.together import TOGETHER
from tests.cluster.town import ClusterTown, until

pytestmark = TOGETHER


async def a_worker_is_killed(town: ClusterTown, people: int, kills: int, chance: random.Random) -> int:
    """So often, while so many people press twice; how many messages came twice."""
    twice = 0
    for number in range(kills):
        phones = await town.phones(people)
        # Whoever is told has the message long before the worker hears of it: there is always something under way.
        town.sink.delay = 0.2
        before = len(town.sink.received)
        storm = Storm(town, phones)
        await town.has_received(before + chance.randint(1, storm.total // 2))
        await town.member("worker", number % 2).kill()
        town.sink.delay = 0.0
        presses = await storm.over()
        twice += await nothing_is_lost_and_nobody_told_twice(town, presses, in_doubt=1)
        await town.heal()
    return twice


async def test_a_worker_is_killed_in_the_middle_and_the_other_takes_over(town: ClusterTown) -> None:
    """Sixty presses through both API processes; what the dead one had under way is sent by the other."""
    print(f"{await a_worker_is_killed(town, 30, 1, random.Random(1))} messages received twice")


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_workers_are_killed_at_any_instant(town: ClusterTown) -> None:
    """The long form."""
    twice = await a_worker_is_killed(town, 100, 20, random.Random(2))
    print(f"20 kills, {twice} messages received twice")


async def a_worker_leaves_and_comes_back(town: ClusterTown, people: int, rounds: int) -> None:
    """The partitions move twice in each round, while so many people press twice."""
    for number in range(rounds):
        storm = Storm(town, await town.phones(people))
        await storm.reaches(storm.total // 6)
        moving = town.member("worker", number % 2)
        await moving.stop()
        await moving.start()
        await nothing_is_lost_and_nobody_told_twice(town, await storm.over(), in_doubt=1)
        await town.heal()


async def test_a_worker_leaves_and_comes_back_under_load(town: ClusterTown) -> None:
    """It finishes what it had, so that nobody at all is told twice."""
    await a_worker_leaves_and_comes_back(town, 30, 1)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_workers_leave_and_come_back_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    await a_worker_leaves_and_comes_back(town, 100, 20)


async def an_api_is_killed(town: ClusterTown, people: int, kills: int, chance: random.Random) -> None:
    """So often; phones that were cut off send the same again to the other one."""
    for number in range(kills):
        storm = Storm(town, await town.phones(people))
        await storm.reaches(chance.randint(1, storm.total // 2))
        await town.member("api", number % 2).kill()
        await nothing_is_lost_and_nobody_told_twice(town, await storm.over(), in_doubt=1)
        await town.heal()


async def test_an_api_process_is_killed_and_phones_go_to_the_other(town: ClusterTown) -> None:
    """It decides nothing and sends nothing, so nobody is told twice."""
    await an_api_is_killed(town, 20, 1, random.Random(3))


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_api_processes_are_killed_at_any_instant(town: ClusterTown) -> None:
    """The long form."""
    await an_api_is_killed(town, 100, 20, random.Random(4))


async def pumps(town: ClusterTown, member: Member, *, yes: bool = True) -> None:
    """Waits until this process takes timers, or until it no longer does."""

    async def so() -> bool:
        return await town.figure(member, "pump_active") == float(yes)

    await until(so, f"{member.program.name} {'does not pump' if yes else 'goes on pumping'}", every=0.2)


async def missed_and_told(town: ClusterTown) -> None:
    """Somebody does not check in, somebody else does, and a window ends: each as it should, once, and on time."""
    mia, noa, eve = await town.phone(), await town.phone(), await town.phone(pin=True, window=1)
    await town.check_in(mia, seconds=1)
    kept = await town.check_in(noa, seconds=1.5)
    pressed = await town.press(eve, api=1)
    await town.post(f"/v1/check-ins/{kept['id']}/complete", noa.token, api=1)
    assert await town.told(mia, eve) < IN_TIME
    await nothing_is_lost_and_nobody_told_twice(town, [pressed])
    assert [row["trigger"] for row in await town.live_of(mia)] == ["missed_check_in"]
    assert (town.purposes(mia), town.purposes(noa)) == (["alert"], [])


async def test_of_two_schedulers_one_is_killed(town: ClusterTown) -> None:
    """Both pump, nothing is told twice; and when one is gone the other goes on, without anybody else."""
    async with town.one_more("scheduler") as second:
        await pumps(town, second)
        await missed_and_told(town)
        await town.member("scheduler").kill()
        await missed_and_told(town)
        for number in (0, 1):
            assert await town.figure(town.member("worker", number), "pump_active") == 0


async def test_without_any_scheduler_the_workers_take_over_and_give_it_back(town: ClusterTown) -> None:
    """After three seconds of silence; while they do not know yet, nobody is late by more than that."""
    await town.member("scheduler").kill()
    await missed_and_told(town)
    for number in (0, 1):
        await pumps(town, town.member("worker", number))
    await missed_and_told(town)
    await town.member("scheduler").start()
    for number in (0, 1):
        await pumps(town, town.member("worker", number), yes=False)
    await missed_and_told(town)
