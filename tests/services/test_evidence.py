"""What becomes of a trail: destroyed some days after it is over, unless she keeps it as evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.signal_base import Fix
from tests.services.town import PIN, TWIN, Answer, Phone, Town

FOUR_DAYS = 4 * 24 * 3600


async def trail(town: Town, phone: Phone) -> list[Fix]:
    """Every position of hers that is kept."""
    since = datetime(1971, 1, 1, tzinfo=UTC)
    found: list[Fix] = await town.assembly.store.read(lambda tx: tx.trail(phone.person, since))
    return found


async def after_a_night(town: Town, *, count: int = 3) -> Phone:
    """Mia, an incident that is over, and some positions of it."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    await town.settled()
    for number in range(count):
        await here(town, mia, latitude=41.88 + number / 100)
    incident = await town.incident()
    await town.act(incident["id"], "resolve", disposition="safe")
    assert len(await trail(town, mia)) == count
    return mia


async def here(town: Town, phone: Phone, *, latitude: float) -> None:
    """A position of hers, some seconds later."""
    town.clock.jump(seconds=10)
    fix = {"latitude": latitude, "longitude": -87.63, "at": town.clock.now().isoformat()}
    assert (await town.call("POST", "/v1/locations", phone.token, {"fixes": [fix]})).status == 202


async def days_later(town: Town) -> None:
    """Four days later somebody has tidied up."""
    town.clock.jump(seconds=FOUR_DAYS)
    await town.assembly.housekeeping.tidy()


async def keep(town: Town, phone: Phone, days: int | None, **fields: Any) -> Answer:
    """Until so many days from now, or no longer."""
    until = (town.clock.now() + timedelta(days=days)).isoformat() if days is not None else None
    return await town.call("PUT", "/v1/me/trail", phone.token, {"keep_until": until, **fields})


async def test_a_trail_is_destroyed_three_days_after_it_is_over(town: Town) -> None:
    """And nothing of it is left."""
    mia = await after_a_night(town)
    assert (await town.get("/v1/me/trail", mia.token)) == {"keep_until": None}
    await days_later(town)
    assert await trail(town, mia) == []


async def test_she_keeps_it_until_a_day_that_she_picks(town: Town) -> None:
    """More needs no PIN, less does."""
    mia = await after_a_night(town)
    kept = await keep(town, mia, 30)
    assert kept.status == 200
    await days_later(town)
    assert len(await trail(town, mia)) == 3
    assert (await keep(town, mia, 60)).status == 200
    assert ((await keep(town, mia, 10)).status, (await keep(town, mia, 10, pin="0000")).status) == (422, 403)
    assert (await keep(town, mia, None, pin=PIN)).body == {"keep_until": None}
    await days_later(town)
    assert await trail(town, mia) == []


async def test_under_duress_it_looks_given_up(town: Town) -> None:
    """The twin: the same answers, staff are told, and nothing is lost."""
    mia = await after_a_night(town)
    await keep(town, mia, 30)
    given_up = await keep(town, mia, None, pin=TWIN)
    assert (given_up.status, given_up.body) == (200, {"keep_until": None})
    assert (await town.get("/v1/me/trail", mia.token)) == {"keep_until": None}
    await town.settled()
    assert [row["trigger"] for row in await town.live()] == ["duress"]
    await town.act((await town.live())[0]["id"], "resolve", disposition="safe")
    await days_later(town)
    assert len(await trail(town, mia)) == 3


async def test_it_ends_with_the_day_that_she_picked(town: Town) -> None:
    """The day after, it is destroyed like any other."""
    mia = await after_a_night(town)
    await keep(town, mia, 5)
    await days_later(town)
    assert len(await trail(town, mia)) == 3
    await days_later(town)
    assert await trail(town, mia) == []


async def test_a_trail_says_each_thing_once(town: Town) -> None:
    """Positions of the same place and instant, and those that a phone sends twice, are kept once."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    await town.settled()
    at = town.clock.now().isoformat()
    fix = {"latitude": 41.88, "longitude": -87.63, "at": at}
    for _ in range(3):
        await town.call("POST", "/v1/locations", mia.token, {"fixes": [fix, fix, {**fix, "latitude": 41.88001}]})
    assert len(await trail(town, mia)) == 1
    town.clock.jump(seconds=2)
    far = {**fix, "latitude": 41.89, "at": town.clock.now().isoformat()}
    await town.call("POST", "/v1/locations", mia.token, {"fixes": [far]})
    assert len(await trail(town, mia)) == 2


async def test_a_phone_that_was_away_for_a_day_brings_a_thousand(town: Town) -> None:
    """Taken in whatever order they come; the last one is where she is."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    await town.settled()
    began = town.clock.now() - timedelta(hours=20)
    fixes = [
        {"latitude": 41 + n / 1000, "longitude": -87.63, "at": (began + timedelta(minutes=n)).isoformat()}
        for n in range(1000)
    ]
    answer = await town.call("POST", "/v1/locations", mia.token, {"fixes": fixes[::-1]})
    assert (answer.status, answer.body) == (202, {"accepted": 1000})
    await town.settled()
    assert (await town.incident())["location"]["latitude"] == 41.999
    found: list[Fix] = await town.assembly.store.read(lambda tx: tx.trail(mia.person, began, 2000))
    assert len(found) == 1000
    too_many = await town.call("POST", "/v1/locations", mia.token, {"fixes": [*fixes, fixes[0]]})
    assert too_many.status == 422
