"""Calling it off: the PIN before and after anybody was told, the twin that looks the same, the wrong PIN."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest

from tests.services.town import PIN, TWIN, Phone, Town

WRONG = "1111"


async def test_the_pin_before_anybody_was_told_cancels(town: Town) -> None:
    """Nobody ever hears of it."""
    mia = await town.mia()
    pressed = await town.press(mia)
    answer = await town.cancel(mia)
    assert (answer.status, answer.body) == (200, {"state": "cancelled"})
    await town.wait(minutes=30)
    assert town.sink.received == []
    assert (await town.incident(pressed["incident"]))["state"] == "cancelled"


async def test_the_pin_after_is_a_claim_that_staff_check(town: Town) -> None:
    """Contacts' steps stop, staff see it, and the all-clear goes out only when staff resolve it."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    answer = await town.cancel(mia)
    assert answer.body == {"state": "cancelled"}
    incident = await town.incident()
    assert incident["state"] == "open"
    assert incident["stood_down_at"] is not None
    await town.wait(minutes=3)
    assert town.sink.purposes("ana") == ["alert"]
    assert town.sink.purposes("dispatch") == ["alert", "repeat"]
    shown = await town.get(f"/v1/panic/{pressed['id']}", mia.panic)
    assert shown["state"] == "cancelled"

    await town.act(pressed["incident"], "resolve", disposition="safe")
    assert town.sink.purposes("ana") == ["alert", "all_clear"]
    assert (await town.incident(pressed["incident"]))["disposition"] == "safe"


async def _side(town: Town, phone: Phone, press: str) -> list[object]:
    """All that the phone can see, ids as they come numbered."""
    seen: list[object] = []
    names: dict[str, str] = {}
    for path in (f"/v1/panic/{press}", "/v1/me", "/v1/check-ins"):
        answer = await town.call("GET", path, phone.token)
        kept = {k: v for k, v in answer.headers.items() if k != "Date"}
        text = re.sub(r"[0-9a-f-]{36}", lambda m: names.setdefault(m[0], f"id{len(names)}"), answer.raw.decode())
        seen.append((answer.status, kept, text))
    return seen


@pytest.mark.parametrize("told_before", [False, True])
async def test_the_twin_cannot_be_told_from_the_pin(town: Town, told_before: bool) -> None:
    """Same bytes, same headers, same screens afterwards, whatever the phone does next."""
    await town.agency()
    sides = []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        pressed = await town.press(phone, immediate=told_before)
        answer = await town.cancel(phone, pin)
        same = {k: v for k, v in answer.headers.items() if k != "Date"}
        first = [answer.status, same, answer.raw]
        first += await _side(town, phone, pressed["id"])
        fix = {"latitude": 41.9, "longitude": -87.6, "at": town.clock.now().isoformat()}
        for token in (phone.token, phone.panic):
            sent = await town.call("POST", "/v1/locations", token, {"fixes": [fix]})
            first += [sent.status, sent.raw]
        again = await town.cancel(phone, pin)
        first += [again.status, again.raw]
        pressed = await town.press(phone)
        first += [pressed["state"], pressed["cancel_until"] is not None]
        first += await _side(town, phone, pressed["id"])
        sides.append(first)
    assert sides[0] == sides[1]


@pytest.mark.parametrize("told_before", [False, True])
async def test_that_nobody_has_answered_yet_tells_nothing_of_the_twin(town: Town, told_before: bool) -> None:
    """It is said to both or to neither: never of an alarm that her phone shows as called off, and of the next one."""
    await town.agency()
    phones = {pin: await town.phone(await town.person(f"Mia {pin}")) for pin in (PIN, TWIN)}

    async def pressed(**fields: object) -> dict[str, str]:
        return {pin: (await town.press(phone, **fields))["id"] for pin, phone in phones.items()}

    async def advice(presses: dict[str, str]) -> object:
        sides = [await _side(town, phones[pin], press) for pin, press in presses.items()]
        assert sides[0] == sides[1]
        shown = await town.get(f"/v1/panic/{presses[PIN]}", phones[PIN].token)
        return shown["advice"] and shown["advice"]["kind"]

    first = await pressed(immediate=told_before)
    if told_before:
        await town.wait(seconds=65)
        assert await advice(first) == "waiting"
    for pin, phone in phones.items():
        await town.cancel(phone, pin)
    assert await advice(first) is None
    await town.wait(minutes=5)
    assert await advice(first) is None
    again = await pressed(immediate=True)
    assert (await advice(first), await advice(again)) == (None, None)
    await town.wait(seconds=65)
    assert (await advice(first), await advice(again)) == (None, "waiting")


async def test_the_next_press_does_not_show_that_staff_came_after_the_twin(town: Town) -> None:
    """Somebody has it and is on the way since the twin; what she presses next is seen by nobody until it is."""
    await town.agency()
    sides = []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        first = await town.press(phone)
        await town.cancel(phone, pin)
        if pin == TWIN:
            await town.act(first["incident"], "claim")
            await town.act(first["incident"], "on-the-way")
        await town.wait(seconds=40)
        pressed = await town.press(phone)
        await town.wait(seconds=11)
        shown = await town.get(f"/v1/panic/{pressed['id']}", phone.panic)
        after = datetime.fromisoformat(shown["delivered"]) - datetime.fromisoformat(shown["stored"])
        sides.append((shown["state"], shown["seen"], shown["on_the_way"], after))
    await town.act(first["incident"], "claim")
    assert (await town.get(f"/v1/panic/{pressed['id']}", phone.panic))["state"] == "acknowledged"
    assert sides == [("open", None, None, timedelta(seconds=10))] * 2


async def test_both_answers_take_the_same_time(town: Town) -> None:
    """A fixed quarter of a second after arrival, for the PIN, the twin and a wrong one."""
    mia = await town.mia()
    loop = asyncio.get_running_loop()
    for pin in (PIN, TWIN, WRONG):
        await town.press(mia)
        before = loop.time()
        await town.call("POST", "/v1/panic/cancel", mia.panic, {"pin": pin})
        assert loop.time() - before >= 0.25


async def test_staff_see_duress_and_nobody_else_does(town: Town) -> None:
    """No contact's message and no webhook ever contains the word."""
    mia = await town.mia()
    pressed = await town.press(mia)
    await town.cancel(mia, TWIN)
    incident = await town.incident()
    assert (incident["trigger"], incident["severity"], incident["state"]) == ("duress", "extreme", "open")
    await town.wait(minutes=20)
    assert town.sink.purposes("ana")
    for received in town.sink.received:
        assert b"duress" not in received.body.lower()
    await town.act(pressed["incident"], "resolve", disposition="police_attended")
    assert (await town.get(f"/v1/panic/{pressed['id']}", mia.panic))["state"] == "cancelled"


async def test_fixes_after_a_cancel_are_destroyed_unless_it_was_duress(town: Town) -> None:
    """The phone sends on for thirty minutes either way."""
    await town.agency()
    kept = []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        pressed = await town.press(phone)
        await town.cancel(phone, pin)
        fix = {"latitude": 41.9, "longitude": -87.6, "at": town.clock.now().isoformat()}
        assert (await town.call("POST", "/v1/locations", phone.panic, {"fixes": [fix]})).status == 202
        await town.settled()
        kept.append(len((await town.incident(pressed["incident"]))["trail"]))
    assert kept == [0, 1]


async def test_a_wrong_pin_says_nothing_and_stops_nothing(town: Town) -> None:
    """No counter, no lock-out; the window runs on."""
    mia = await town.mia()
    await town.press(mia)
    first = await town.cancel(mia, WRONG)
    second = await town.cancel(mia, "not digits")
    assert (first.status, first.raw) == (403, second.raw)
    await town.wait(seconds=10)
    assert town.sink.purposes("ana") == ["alert"]
    assert (await town.cancel(mia)).status == 200


async def test_the_third_wrong_pin_ends_the_window(town: Town) -> None:
    """Marked for staff only."""
    mia = await town.mia()
    await town.press(mia)
    for _ in range(2):
        await town.cancel(mia, WRONG)
    assert town.sink.received == []
    third = await town.cancel(mia, WRONG)
    assert third.status == 403
    assert town.sink.purposes("ana") == ["alert"]
    assert (await town.incident())["wrong_pins"]
    assert "wrong" not in str(town.sink.to("ana")[0].json)


async def test_the_first_digit_adds_fifteen_seconds_once(town: Town) -> None:
    """Time to type."""
    mia = await town.mia()
    pressed = await town.press(mia)
    for _ in range(2):
        longer = await town.post(f"/v1/panic/{pressed['id']}/entering-pin", mia.panic)
    await town.settled()
    assert longer["cancel_until"] == "2026-11-24T18:00:25Z"
    await town.wait(seconds=24)
    assert town.sink.received == []
    await town.wait(seconds=1)
    assert town.sink.purposes("ana") == ["alert"]


async def test_a_cancel_made_in_time_and_received_late_never_cancels_a_later_press(town: Town) -> None:
    """The cancel covers presses made before it."""
    mia = await town.mia()
    await town.press(mia, sequence=1)
    await town.wait(seconds=30)
    await town.press(mia, sequence=3)
    answer = await town.cancel(mia, sequence=2, at="2026-11-24T18:00:05Z", sent_at="2026-11-24T18:00:30Z")
    assert answer.body == {"state": "cancelled"}
    incident = await town.incident()
    assert incident["state"] == "open"
    assert incident["stood_down_at"] is None


async def test_a_repeated_cancel_gets_its_first_answer(town: Town) -> None:
    """Also when the PIN was changed in between."""
    mia = await town.mia()
    await town.press(mia)
    key = {"id": "5b0d6f0e-6a5f-4a41-9d6c-1c0b3f0f9a11"}
    first = await town.cancel(mia, **key)
    second = await town.cancel(mia, **key)
    assert (first.status, first.raw) == (second.status, second.raw) == (200, b'{"state":"cancelled"}')


@pytest.mark.parametrize(
    ("pin", "twin", "field"),
    [
        ("2580", "2581", "duress_pin"),
        ("2580", "2850", "duress_pin"),
        ("2580", "25801", "duress_pin"),
        ("2580", None, "duress_pin"),
        ("258", "7913", "pin"),
        ("25a0", "7913", "pin"),
        ("2580", "7913000000001", "duress_pin"),
    ],
)
async def test_pin_and_twin_are_digits_and_far_apart(town: Town, pin: str, twin: str | None, field: str) -> None:
    """More than one digit and more than one swap."""
    body = {"name": "Mia", "pin": pin} | ({"duress_pin": twin} if twin else {})
    answer = await town.call("POST", "/v1/people", town.admin, body)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


async def test_she_changes_her_pin_and_the_twin_only_seems_to(town: Town) -> None:
    """It looks done, changes nothing and alarms staff."""
    mia = await town.mia()
    new = {"new_pin": "314159", "new_duress_pin": "271828"}
    under_duress = await town.call("POST", "/v1/me/pin", mia.token, {"pin": TWIN, **new})
    await town.settled()
    assert [row["trigger"] for row in await town.live()] == ["duress"]
    honest = await town.call("POST", "/v1/me/pin", mia.token, {"pin": PIN, **new})
    assert (under_duress.status, under_duress.raw) == (honest.status, honest.raw) == (204, b"")
    await town.act((await town.live())[0]["id"], "resolve", disposition="safe")
    await town.press(mia)
    assert (await town.cancel(mia, PIN)).status == 403
    assert (await town.cancel(mia, "314159")).status == 200
