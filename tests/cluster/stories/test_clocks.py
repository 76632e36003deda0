"""A machine's wall clock is set while it runs: nobody is missed who is not, and nothing waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.cluster.cluster import Member
from tests.cluster.component import or_skip
from tests.cluster.false_clock import FalseClock
from tests.cluster.promptness import IN_TIME, wake_ups_work
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.together import TOGETHER
from tests.cluster.town import ClusterTown, until

pytestmark = TOGETHER


@asynccontextmanager
async def stepping(town: ClusterTown, folder: Path, *roles: str) -> AsyncIterator[tuple[FalseClock, list[Member]]]:
    """One more process of each of these roles, which go by a clock that can be set."""
    clock = or_skip(lambda: FalseClock(folder))
    async with AsyncExitStack() as stack:
        members = [await stack.enter_async_context(town.one_more(role, clock.environment)) for role in roles]
        yield clock, members


async def is_off(town: ClusterTown, member: Member, hours: float) -> None:
    """The process has noticed by how much its clock is off, and takes timers only where it is not."""

    async def noticed() -> bool:
        figures = await town.figures(member)
        off = figures.get("clock_offset_seconds", 1e9) + hours * 3600
        pumping = figures.get("pump_active") == (
            1.0 if hours == 0 and member in town.cluster.members["scheduler"] else 0.0
        )
        return abs(off) < 2 and pumping

    await until(noticed, f"{member.program.name} does not know that its clock is {hours} h off", every=0.2)


async def publishes(town: ClusterTown, member: Member) -> None:
    """The process has found the broker."""

    async def connected() -> bool:
        return await town.figure(member, "broker_up") == 1

    await until(connected, "it does not find the broker")


async def steps(town: ClusterTown, clock: FalseClock, members: list[Member], *hours: float) -> None:
    """To each of these and back; check-ins, a window and a press without one each time."""
    for step in hours:
        planned = await town.phone()
        check_in = await town.check_in(planned, seconds=3600)
        clock.set(step)
        for member in members:
            await is_off(town, member, step)
        mia, noa, eve = await town.phone(), await town.phone(pin=True, window=1), await town.phone()
        await town.check_in(mia, seconds=1.5)
        pressed = [await town.press(noa), await town.press(eve, api=1)]
        assert await town.told(mia, noa, eve) < IN_TIME, "somebody was told late"
        pressed += await wake_ups_work(town)
        await nothing_is_lost_and_nobody_told_twice(town, pressed)
        assert town.purposes(mia) == ["alert"]
        assert (await town.get(f"/v1/check-ins/{check_in['id']}", planned.token))["state"] == "scheduled"
        assert town.purposes(planned) == []
        assert await town.live_of(planned) == []


async def test_a_clock_that_is_set_makes_nobody_missing(town: ClusterTown, tmp_path: Path) -> None:
    """Two hours ahead, two behind, and right again: a scheduler and a worker among others."""
    async with stepping(town, tmp_path, "scheduler", "worker") as (clock, members):
        await steps(town, clock, members, 2, -2, 0)


async def test_where_every_clock_but_the_stores_is_wrong_the_workers_go_on(town: ClusterTown, tmp_path: Path) -> None:
    """The only scheduler is off: it stops, and says so by its silence."""
    await town.member("scheduler").stop()
    async with stepping(town, tmp_path, "scheduler") as (clock, (scheduler,)):
        await is_off(town, scheduler, 0)
        await steps(town, clock, [scheduler], 2)


async def test_an_api_process_whose_clock_is_set_goes_on_waking_others(town: ClusterTown, tmp_path: Path) -> None:
    """A broker may refuse what is dated from the future: then it must not be dated by this clock."""
    async with stepping(town, tmp_path, "api") as (clock, (api,)):
        number = town.cluster.members["api"].index(api)
        await publishes(town, api)
        pressed = []
        for hours in (2, -2):
            clock.set(hours)
            await is_off(town, api, hours)
            pressed += await wake_ups_work(town, api=number)
        await nothing_is_lost_and_nobody_told_twice(town, pressed)
        await publishes(town, api)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_a_clock_that_is_set_again_and_again(town: ClusterTown, tmp_path: Path) -> None:
    """The long form."""
    async with stepping(town, tmp_path, "scheduler", "worker") as (clock, members):
        await steps(town, clock, members, *(2, -2, 0.01, -0.01, 24, 0, -24, 0.5, 0) * 4)
