"""The stories of the one-machine service again, on many machines: what happens here is seen and undone there."""

from __future__ import annotations

import asyncio

from tests.cluster.promptness import IN_TIME, wake_ups_work
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.together import TOGETHER
from tests.cluster.topics import taken
from tests.cluster.town import ClusterTown, Phone, until
from tests.services.town import PIN, TWIN

pytestmark = TOGETHER


async def state_of(town: ClusterTown, phone: Phone, press: str, *, api: int = 0) -> str:
    """How her own phone shows it."""
    return str((await town.get(f"/v1/panic/{press}", phone.panic, api=api))["state"])


async def test_a_press_waits_for_its_window_and_is_told_by_a_wake_up(town: ClusterTown) -> None:
    """Pending at the other API process too; told when the window is over; without one, sooner than by a sweep."""
    mia = await town.phone(contacts=("ana", "ben"), pin=True, window=1.5)
    pressed = await town.press(mia)
    assert pressed.body["state"] == "pending"
    assert (await town.incident(pressed.incident, api=1))["state"] == "pending"
    assert town.purposes(mia) == []
    await town.told(mia)
    assert town.clock() - pressed.at >= 1.4
    assert await state_of(town, mia, pressed.id, api=1) == "open"
    await nothing_is_lost_and_nobody_told_twice(town, [pressed, *await wake_ups_work(town)])


async def test_the_pin_at_the_other_api_calls_it_off_in_time(town: ClusterTown) -> None:
    """Nobody ever hears of it."""
    mia = await town.phone(pin=True, window=2)
    pressed = await town.press(mia)
    answer = await town.cancel(mia, api=1)
    assert (answer.status, answer.body) == (200, {"state": "cancelled"})
    assert await state_of(town, mia, pressed.id) == "cancelled"

    async def closed() -> bool:
        return bool((await town.incident(pressed.incident))["state"] == "cancelled")

    await until(closed, "it was never closed")
    # Another one, pressed later and told, is proof that this one's time has passed.
    noa = await town.phone(pin=True, window=2)
    await town.press(noa)
    await town.told(noa)
    assert town.received((await town.incident(pressed.incident))["id"]) == []


async def test_the_twin_at_the_other_api_looks_the_same_and_alarms_staff(town: ClusterTown) -> None:
    """The same bytes; on her side cancelled, at the desk duress."""
    mia, noa = await town.phones(2, pin=True, window=2)
    pressed = {phone.person: await town.press(phone) for phone in (mia, noa)}
    honest, forced = await town.cancel(mia, PIN, api=1), await town.cancel(noa, TWIN, api=1)
    assert (honest.status, honest.raw) == (forced.status, forced.raw) == (200, b'{"state":"cancelled"}')
    for phone in (mia, noa):
        for api in (0, 1):
            assert await state_of(town, phone, pressed[phone.person].id, api=api) == "cancelled"
    await town.told(noa)
    assert [(row["trigger"], row["state"]) for row in await town.live_of(noa, api=1)] == [("duress", "open")]
    assert await town.live_of(mia) == []
    assert town.purposes(mia) == []
    assert all(b"duress" not in one.body.lower() for one in town.sink.received)


async def test_a_check_in_is_missed_on_time_and_one_that_was_kept_is_not(town: ClusterTown) -> None:
    """Planned at one API process, completed at the other."""
    mia, noa = await town.phones(2)
    kept = await town.check_in(noa, seconds=1.5)
    missed = await town.check_in(mia, seconds=1.5)
    done = await town.post(f"/v1/check-ins/{kept['id']}/complete", noa.token, api=1)
    assert done["state"] == "completed"
    assert await town.told(mia) < IN_TIME
    assert (await town.get(f"/v1/check-ins/{missed['id']}", mia.token, api=1))["state"] == "missed"
    assert [row["trigger"] for row in await town.live_of(mia)] == ["missed_check_in"]
    await town.at_rest()
    assert (await town.get(f"/v1/check-ins/{kept['id']}", noa.token))["state"] == "completed"
    assert await town.live_of(noa) == []
    assert town.purposes(noa) == []


async def test_one_responder_has_it_and_closing_it_tells_everybody(town: ClusterTown) -> None:
    """Two claim at the same moment, each at another API process: one has it, the other hears who."""
    mia = await town.phone()
    pressed = await town.press(mia)
    await town.told(mia)
    sam, dana = await town.staff("Sam"), await town.staff("Dana")
    path = f"/v1/incidents/{pressed.incident}/claim"
    answers = await asyncio.gather(town.call("POST", path, sam, {}, api=0), town.call("POST", path, dana, {}, api=1))
    assert sorted(answer.status for answer in answers) == [200, 409]
    winner = "Sam" if answers[0].status == 200 else "Dana"
    refused = next(answer for answer in answers if answer.status == 409)
    assert winner in refused.raw.decode()
    for api in (0, 1):
        row = await town.incident(pressed.incident, api=api)
        assert (row["state"], row["holder"]) == ("acknowledged", winner)
    await town.act(pressed.incident, "resolve", dana, api=1, disposition="safe")
    await until(lambda: town.purposes(mia)[-1] == "all_clear", "nobody heard that it is over")
    assert (await town.incident(pressed.incident))["disposition"] == "safe"
    await nothing_is_lost_and_nobody_told_twice(town, [pressed])


async def test_the_console_at_one_api_shows_what_happens_through_the_other(town: ClusterTown) -> None:
    """Whoever comes back with the id of its last event misses nothing, at whichever API process."""
    mia, noa = await town.phones(2)
    async with town.feed(api=1) as console:
        pressed = await town.press(mia, api=0)
        await until(lambda: "incident.opened" in console.of(pressed.incident), "the console never heard of it")
        last = console.last
    meanwhile = await town.press(noa, api=1)
    await town.told(noa)
    await town.act(pressed.incident, "claim", api=1)
    async with town.feed(api=0, after=last) as console:
        await until(lambda: "incident.opened" in console.of(meanwhile.incident), "what happened meanwhile was lost")
        await until(lambda: console.of(pressed.incident), "what changed meanwhile was lost")
        await town.act(pressed.incident, "resolve", api=1, disposition="safe")
        await until(lambda: "incident.closed" in console.of(pressed.incident), "and it does not go on")
        row = next(one.data for one in reversed(console.events) if one.data["id"] == pressed.incident)
        assert row["state"] == "resolved"
        assert "reset" not in [one.event for one in console.events]


async def test_positions_are_kept_while_an_incident_is_live_and_only_then(town: ClusterTown) -> None:
    """They come through the topic `locations`, and are at no time in the store where nothing happens."""
    mia, noa = await town.phones(2)
    pressed = await town.press(mia)
    await town.told(mia)
    before = await taken(town.cluster.kafka.client(), "locations")
    for api, phone in enumerate((mia, noa)):
        sent = await town.call("POST", "/v1/locations", phone.token, {"fixes": [town.here()]}, api=api)
        assert (sent.status, sent.body) == (202, {"accepted": 1})

    async def shown() -> bool:
        found = await town.incident(pressed.incident, api=1)
        return bool(found["trail"] and found["location"])

    await until(shown, "her position never came to the incident")
    assert await taken(town.cluster.kafka.client(), "locations") == before + 2, "not through the topic"
    await town.at_rest()
    rows = await town.rows("SELECT person FROM fixes WHERE person = ANY($1)", [mia.person, noa.person])
    assert [row["person"] for row in rows] == [mia.person]
    mail = await town.rows("SELECT id FROM inbox WHERE person = $1", noa.person)
    assert mail == []


async def test_whoever_is_erased_here_is_unknown_there(town: ClusterTown) -> None:
    """Her token is dead at the other API process, and what she had is gone."""
    mia = await town.phone()
    pressed = await town.press(mia)
    await town.told(mia)
    await town.act(pressed.incident, "resolve", disposition="safe")
    assert (await town.call("GET", "/v1/me", mia.token, api=1)).status == 200
    assert (await town.call("DELETE", f"/v1/people/{mia.person}", town.admin, api=0)).status == 204
    for api in (1, 0):
        assert (await town.call("GET", "/v1/me", mia.token, api=api)).status == 401
        assert (await town.call("POST", "/v1/panic", mia.panic, {}, api=api)).status == 401
        assert (await town.call("GET", f"/v1/incidents/{pressed.incident}", town.admin, api=api)).status == 404
    await town.at_rest()
