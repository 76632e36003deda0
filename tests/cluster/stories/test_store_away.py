"""PostgreSQL restarts, goes away, stands still: presses and PINs are taken, told, moved, and counted once."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.cluster.promptness import WITH_PATIENCE, answered_without_waiting
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.storm import Storm
from tests.cluster.together import TOGETHER
from tests.cluster.town import ClusterTown, Phone, Pressed, until
from tests.services.town import PIN, TWIN

pytestmark = TOGETHER


async def away(town: ClusterTown) -> None:
    """The server is gone, and whatever was copied from it is all there was."""
    await town.copied()
    await town.cluster.postgres.stop()


async def back(town: ClusterTown) -> None:
    """The server is there again, and every spool is empty."""
    await town.cluster.postgres.start()
    await town.at_rest()


async def restarts(town: ClusterTown, people: int, rounds: int, chance: random.Random) -> None:
    """In order, or as if it had crashed, while people press."""
    for number in range(rounds):
        phones = await town.phones(people)
        await town.copied()
        storm = Storm(town, phones, times=3)
        await storm.reaches(chance.randint(1, storm.total // 2))
        if number % 2:
            await town.cluster.postgres.kill()
        else:
            await town.cluster.postgres.stop()
        await town.cluster.postgres.start()
        await nothing_is_lost_and_nobody_told_twice(town, await storm.over(), in_doubt=1)
        await town.heal()


async def test_the_store_restarts_under_load(town: ClusterTown) -> None:
    """In order, then as if it had crashed."""
    await restarts(town, 12, 2, random.Random(1))


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_the_store_restarts_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    await restarts(town, 60, 20, random.Random(2))


async def test_the_store_is_away_and_the_pin_comes_by_the_other_way(town: ClusterTown) -> None:
    """Each API process has a spool of its own, and neither knows what is in the other's."""
    early, late, before, forced = await town.phones(4, pin=True, window=1)
    in_time, begun = await town.phone(pin=True, window=8), await town.phone(pin=True, window=4)
    pressed = {"before": await town.press(before)}
    await town.told(before)
    pressed["begun"] = await town.press(begun)
    await away(town)
    pressed["in_time"] = await town.press(in_time, api=0)
    pressed["late"] = await town.press(late, api=0)
    pressed["forced"] = await town.press(forced, api=1)
    answered_without_waiting(list(pressed.values()), WITH_PATIENCE)
    assert pressed["in_time"].body["state"] == "pending"
    for phone, pin, api in ((begun, PIN, 1), (in_time, PIN, 1), (before, PIN, 0), (forced, TWIN, 0)):
        answer = await town.cancel(phone, pin, api=api)
        assert (answer.status, answer.body) == (200, {"state": "cancelled"})
    await town.told(late, forced)
    assert (await town.cancel(late, api=1)).status == 200
    pressed["early"] = await town.press(early, api=1)
    await town.passed(pressed["begun"].body["cancel_until"])
    assert town.purposes(in_time) == []
    await back(town)
    for name in ("begun", "in_time"):
        await called_off(town, pressed[name])
    for name in ("late", "before"):
        incident = await town.incident(pressed[name].incident)
        assert (incident["state"], incident["stood_down_at"] is not None) == ("open", True), name
    assert (await town.incident(pressed["forced"].incident))["trigger"] == "duress"
    await town.told(early)
    told = [pressed[name] for name in ("late", "before", "forced", "early")]
    await nothing_is_lost_and_nobody_told_twice(town, told)
    assert town.purposes(in_time) + town.purposes(begun) == []


async def called_off(town: ClusterTown, pressed: Pressed) -> None:
    """It is closed, and nobody ever hears of it."""

    async def closed() -> bool:
        return bool((await town.incident(pressed.incident))["state"] == "cancelled")

    await until(closed, "a PIN that came in time was not taken as one")
    assert town.received((await town.incident(pressed.incident))["id"]) == []


async def test_a_check_in_that_was_kept_while_the_store_was_away_is_not_missed(town: ClusterTown) -> None:
    """Its deadline passes in the outage; the answer lies in a spool when the store comes back."""
    mia = await town.phone()
    check_in = await town.check_in(mia, seconds=3)
    await away(town)
    done = await town.call("POST", f"/v1/check-ins/{check_in['id']}/complete", mia.token, {}, api=1)
    assert (done.status, done.body["state"]) == (200, "completed")
    await town.passed(check_in["missed_at"])
    await back(town)

    async def completed() -> bool:
        return bool((await town.get(f"/v1/check-ins/{check_in['id']}", mia.token))["state"] == "completed")

    # What lies in the spool is moved within moments.
    await until(completed, "an answer that was given in time was not taken as one")
    assert town.purposes(mia) == []
    assert await town.live_of(mia) == []


async def left_behind(town: ClusterTown, phones: list[Phone], number: int) -> None:
    """An API process dies with presses in its spool; another one starts in its folder."""
    await away(town)
    presses = [await town.press(phone, api=number, only=True) for phone in phones]
    member = town.member("api", number)
    assert await town.figure(member, "spooled") == len(phones)
    await member.kill()
    again = [await town.press(pressed.phone, api=1 - number, id=pressed.id) for pressed in presses[::2]]
    # It starts while the store is away, too.
    await member.start()
    await back(town)
    await nothing_is_lost_and_nobody_told_twice(town, presses[1::2], in_doubt=1)
    # The two processes know nothing of one another: each tells, under the same id.
    await nothing_is_lost_and_nobody_told_twice(town, [*presses[::2], *again], in_doubt=2)


async def test_a_spool_that_was_left_behind_is_moved(town: ClusterTown) -> None:
    """Some phones have meanwhile sent the same to the other process: still counted once."""
    await left_behind(town, await town.phones(4), 0)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_spools_that_were_left_behind_are_moved_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    for number in range(20):
        await left_behind(town, await town.phones(30), number % 2)
        await town.heal()


async def test_who_is_told_to_end_waits_until_its_spool_is_empty(town: ClusterTown) -> None:
    """And then ends by itself, in order."""
    mia = await town.phone()
    await away(town)
    pressed = await town.press(mia, api=0, only=True)
    member = town.member("api", 0)
    stopping = asyncio.create_task(member.stop())
    await town.told(mia)
    assert member.program.running, "it left with a press in its spool"
    await town.cluster.postgres.start()
    await stopping
    await nothing_is_lost_and_nobody_told_twice(town, [pressed])


async def stands_still(town: ClusterTown, people: int) -> None:
    """Connections are open, nothing is answered, in the middle of everything: no phone may wait for that."""
    phones = await town.phones(people)
    await town.copied()
    storm = Storm(town, phones)
    await storm.reaches(storm.total // 3)
    town.cluster.postgres.pause()
    try:
        presses = await storm.over()
        answered_without_waiting(presses, WITH_PATIENCE)
        await town.told(*{pressed.phone for pressed in presses[-people:]})
    finally:
        town.cluster.postgres.resume()
    await nothing_is_lost_and_nobody_told_twice(town, presses, in_doubt=1)


async def test_a_store_that_stands_still_keeps_no_phone_waiting(town: ClusterTown) -> None:
    """The spool takes over within two seconds, and everybody after that is answered at once."""
    await stands_still(town, 20)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_a_store_that_stands_still_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    for _ in range(20):
        await stands_still(town, 60)
        await town.heal()
