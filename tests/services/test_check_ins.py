"""Check-ins: a promise to be heard of, and what follows when it is not kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.services.test_directory import other_agency
from tests.services.town import PIN, TWIN, Answer, Phone, Town, until


async def plan(town: Town, phone: Phone, *, minutes: float = 30, **fields: Any) -> Any:
    """Mia plans to be home in half an hour."""
    due_at = (town.clock.now() + timedelta(minutes=minutes)).isoformat()
    return await town.post("/v1/check-ins", phone.token, {"due_at": due_at, **fields})


async def answer(town: Town, phone: Phone, check_in: Any, act: str, **fields: Any) -> Answer:
    """She answers, with her PIN unless said otherwise."""
    body = {"pin": PIN, **fields}
    given = await town.call("POST", f"/v1/check-ins/{check_in['id']}/{act}", phone.token, body)
    await town.settled()
    return given


async def state(town: Town, phone: Phone, check_in: Any) -> str:
    """As her phone shows it."""
    return str((await town.get(f"/v1/check-ins/{check_in['id']}", phone.token))["state"])


async def test_a_missed_check_in_is_told_when_its_grace_is_over(town: Town) -> None:
    """Due, overdue, missed; no cancel window of its own."""
    mia = await town.mia()
    check_in = await plan(town, mia, grace_seconds=120, remind_seconds=0)
    assert (check_in["state"], check_in["missed_at"]) == ("scheduled", "2026-11-24T18:32:00Z")
    await town.wait(minutes=31)
    assert await state(town, mia, check_in) == "overdue"
    assert town.sink.received == []
    await town.wait(minutes=1)
    assert await state(town, mia, check_in) == "missed"
    assert town.sink.purposes("ana") == ["alert"]
    incident = await town.incident()
    assert (incident["trigger"], incident["severity"], incident["presses"]) == ("missed_check_in", "severe", 0)


async def test_completing_it_ends_it(town: Town) -> None:
    """And nothing follows."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    done = await answer(town, mia, check_in, "complete")
    assert (done.status, done.body["state"]) == (200, "completed")
    again = await answer(town, mia, check_in, "complete")
    assert again.body == done.body
    await town.wait(hours=2)
    assert town.sink.received == []


async def test_extending_counts_from_the_first_due_time(town: Town) -> None:
    """`extend_at_most` of the default policy is an hour."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    longer = (town.clock.now() + timedelta(minutes=80)).isoformat()
    assert (await answer(town, mia, check_in, "extend", due_at=longer)).body["due_at"] == "2026-11-24T19:20:00Z"
    too_far = (town.clock.now() + timedelta(minutes=91)).isoformat()
    refused = await answer(town, mia, check_in, "extend", due_at=too_far)
    assert (refused.status, refused.problem) == (422, "extends-too-far")
    await town.wait(minutes=80)
    assert town.sink.received == []
    await town.wait(minutes=30)
    assert town.sink.purposes("ana")[0] == "alert"


async def test_cancelling_it_ends_it(town: Town) -> None:
    """The plan is off."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    assert (await answer(town, mia, check_in, "cancel")).body["state"] == "cancelled"
    refused = await answer(town, mia, check_in, "complete")
    assert (refused.status, refused.problem) == (409, "check-in-over")


@pytest.mark.parametrize("act", ["complete", "extend", "cancel"])
async def test_each_answer_needs_the_pin_where_there_is_one(town: Town, act: str) -> None:
    """And a wrong one changes nothing."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    due_at = {"due_at": (town.clock.now() + timedelta(minutes=40)).isoformat()} if act == "extend" else {}
    missing = await town.call("POST", f"/v1/check-ins/{check_in['id']}/{act}", mia.token, due_at)
    assert (missing.status, missing.body["errors"][0]["field"]) == (422, "pin")
    wrong = await answer(town, mia, check_in, act, pin="1111", **due_at)
    assert (wrong.status, wrong.problem) == (403, "pin-refused")
    assert await state(town, mia, check_in) == "scheduled"


async def test_without_a_pin_none_is_asked_for(town: Town) -> None:
    """One touch."""
    mia = await town.mia(pin=False)
    check_in = await plan(town, mia)
    done = await town.call("POST", f"/v1/check-ins/{check_in['id']}/complete", mia.token, {})
    assert done.body["state"] == "completed"


@pytest.mark.parametrize("act", ["complete", "extend", "cancel"])
async def test_the_twin_looks_done_and_alarms_staff(town: Town, act: str) -> None:
    """The phone shows what it would show for the PIN."""
    await town.agency()
    answers, lists = [], []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        check_in = await plan(town, phone)
        due_at = {"due_at": (town.clock.now() + timedelta(minutes=50)).isoformat()} if act == "extend" else {}
        given = await answer(town, phone, check_in, act, pin=pin, **due_at)
        answers.append((given.status, given.raw.replace(check_in["id"].encode(), b"ID")))
        again = await answer(town, phone, check_in, act, pin=pin, **due_at)
        answers.append((again.status, again.raw.replace(check_in["id"].encode(), b"ID")))
        lists.append((await town.call("GET", "/v1/me", phone.token)).raw.replace(check_in["id"].encode(), b"ID"))
    assert answers[:2] == answers[2:]
    assert lists[0] == lists[1]
    assert [row["trigger"] for row in await town.live()] == ["duress"]


async def test_the_third_wrong_pin_at_a_check_in_opens_an_incident(town: Town) -> None:
    """Somebody is guessing."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    for _ in range(3):
        await answer(town, mia, check_in, "complete", pin="1111")
    incident = await town.incident()
    assert incident["wrong_pins"]
    assert town.sink.purposes("ana") == ["alert"]


async def test_a_miss_during_a_running_window_opens_at_once_with_both_triggers(town: Town) -> None:
    """And the press's PIN cancels only the press."""
    mia = await town.mia()
    await plan(town, mia, minutes=1, grace_seconds=0, remind_seconds=0)
    await town.wait(seconds=55)
    await town.press(mia)
    await town.wait(seconds=5)
    incident = await town.incident()
    assert incident["state"] == "open"
    assert [t["kind"] for t in incident["triggers"]] == ["panic", "missed_check_in"]
    await town.cancel(mia)
    incident = await town.incident()
    assert incident["trigger"] == "missed_check_in"
    assert incident["state"] == "open"


async def test_completing_a_check_in_never_cancels_a_press(town: Town) -> None:
    """Two different promises."""
    mia = await town.mia()
    check_in = await plan(town, mia)
    await town.press(mia)
    await answer(town, mia, check_in, "complete")
    await town.wait(seconds=10)
    assert town.sink.purposes("ana") == ["alert"]


async def test_an_answer_given_in_time_and_received_late_counts_as_in_time(town: Town) -> None:
    """The phone was in a tunnel at the deadline."""
    mia = await town.mia()
    check_in = await plan(town, mia, grace_seconds=60, remind_seconds=0)
    at = (town.clock.now() + timedelta(minutes=29)).isoformat()
    await town.wait(minutes=32)
    assert town.sink.purposes("ana") == ["alert"]
    late = await answer(town, mia, check_in, "complete", at=at, sent_at=town.clock.now().isoformat())
    assert late.status == 200
    incident = await town.incident()
    assert "answered_in_time_received_late" in [line["kind"] for line in incident["timeline"]]
    assert incident["stood_down_at"] is not None


async def test_reminders_go_where_it_is_safe_and_say_only_what_she_wrote(town: Town) -> None:
    """To what she marked safe; nothing else."""
    await town.agency()
    reach = [
        {"channel": "webhook", "address": town.sink.url("tablet"), "safety": "safe"},
        {"channel": "webhook", "address": town.sink.url("shared-phone"), "safety": "shared"},
    ]
    mia = await town.phone(await town.person(reach=reach))
    assert (await town.get("/v1/me", mia.token))["reminders"] == "reach"
    await plan(town, mia, note="Water the plants", remind_seconds=600)
    await town.wait(minutes=20)
    (reminder,) = town.sink.to("tablet")
    assert reminder.json["data"]["text"].startswith("Water the plants")
    await town.wait(minutes=10)
    assert len(town.sink.to("tablet")) == 2
    assert town.sink.to("shared-phone") == []


async def test_reminders_come_at_the_hours_she_gave_and_at_no_other(town: Town) -> None:
    """He is at work until two: it is noon in Chicago now."""
    await town.agency()
    reach = [{**town.hook("tablet"), "safety": "safe", "hours": [{"start": "08:00", "end": "14:00"}]}]
    mia = await town.phone(await town.person(reach=reach, time_zone="America/Chicago"))
    assert (await town.get("/v1/me", mia.token))["reminders"] == "reach"
    check_in = await plan(town, mia, note="Water the plants", remind_seconds=600)
    await town.wait(minutes=20)
    assert len(town.sink.to("tablet")) == 1
    await answer(town, mia, check_in, "complete")
    town.clock.jump(minutes=120)
    assert (await town.get("/v1/me", mia.token))["reminders"] == "app_only"
    await plan(town, mia, note="Water the plants", remind_seconds=600)
    await town.wait(minutes=30)
    assert len(town.sink.to("tablet")) == 1


async def test_hours_that_name_a_day_twice_say_where(town: Town) -> None:
    """And nothing is kept."""
    await town.agency()
    hours = [{"days": ["mon", "mon"], "start": "08:00", "end": "09:00"}]
    reach = [{**town.hook("tablet"), "safety": "safe", "hours": hours}]
    refused = await town.call("POST", "/v1/people", town.admin, {"name": "Mia", "reach": reach})
    assert refused.status == 422
    assert "reach[0].hours[0].days" in str(refused.body)


async def test_with_nothing_marked_safe_the_app_alone_reminds(town: Town) -> None:
    """And says so."""
    mia = await town.mia()
    assert (await town.get("/v1/me", mia.token))["reminders"] == "app_only"


async def test_a_check_in_overdue_through_an_outage_is_asked_for_once_more(town: Town) -> None:
    """`after_outage: ask_again` of the default policy is two minutes."""
    mia = await town.mia()
    await plan(town, mia, grace_seconds=0, remind_seconds=0)
    await town.stop()
    town.clock.jump(minutes=60)
    await town.start()
    await town.settled()
    assert town.sink.received == []
    await town.wait(minutes=2)
    assert town.sink.purposes("ana") == ["alert"]


async def test_a_plan_by_duration(town: Town) -> None:
    """In half an hour."""
    mia = await town.mia()
    made = await town.post("/v1/check-ins", mia.token, {"due_in_seconds": 1800})
    assert made["due_at"] == "2026-11-24T18:30:00Z"
    both = {"due_in_seconds": 1800, "due_at": "2026-11-24T19:00:00Z"}
    for body, field in (
        (both, "due_at"),
        ({"due_in_seconds": 0}, "due_in_seconds"),
        ({"due_in_seconds": 1e12}, "due_in_seconds"),
    ):
        refused = await town.call("POST", "/v1/check-ins", mia.token, body)
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, field)


async def test_after_an_outage_the_desk_is_told_once(town: Town) -> None:
    """One line for all of it, of this agency alone; and nothing for what was noticed in time."""
    await town.agency()
    phones = [await town.phone(await town.person(f"Mia {number}")) for number in range(5)]
    for phone in phones:
        await plan(town, phone, minutes=30, grace_seconds=0, remind_seconds=0)
    on_time = await town.phone(await town.person("Lia"))
    await plan(town, on_time, minutes=1, grace_seconds=0, remind_seconds=0)
    await town.wait(minutes=2)
    assert (await town.get("/v1/outages/last", town.admin)) == {"outage": None}
    await town.press(phones[0], immediate=True)
    await town.stop()
    town.clock.jump(minutes=60)
    await town.start()
    async with town.stream("/v1/feed", town.admin) as stream:
        await town.settled()
        heard = b""
        while b"outage.changed" not in heard:
            heard += await stream.content.readany()
    outage = (await town.get("/v1/outages/last", town.admin))["outage"]
    # Whoever has pressed is told about as it is; the others are asked once more.
    assert (outage["since"], outage["asked"], outage["told"]) == ("2026-11-24T18:30:00Z", 4, 1)
    assert (await town.get("/v1/outages/last", await other_agency(town))) == {"outage": None}
    await town.wait(hours=25)
    assert (await town.get("/v1/outages/last", town.admin)) == {"outage": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "due_at"),
        ({"due_at": "2026-11-24T17:00:00Z"}, "due_at"),
        ({"due_at": "3026-11-24T17:00:00Z"}, "due_at"),
        ({"due_at": "2026-11-24T19:00:00"}, "due_at"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": "2026-11-24T19:00:00Z", "grace_seconds": -1}, "grace_seconds"),
        ({"due_at": "2026-11-24T19:00:00Z", "remind_seconds": "soon"}, "remind_seconds"),
        ({"due_at": "2026-11-24T19:00:00Z", "mood": "bad"}, "mood"),
    ],
)
async def test_a_plan_that_cannot_be_kept_names_the_field(town: Town, body: dict[str, Any], field: str) -> None:
    """Nothing half-understood is promised."""
    mia = await town.mia()
    refused = await town.call("POST", "/v1/check-ins", mia.token, body)
    assert refused.status == 422
    assert refused.body["errors"][0]["field"] == field


async def test_a_clock_that_jumps_ahead_makes_nobody_missing(town: Town) -> None:
    """Held for a minute; presses are not."""
    mia = await town.mia()
    await plan(town, mia, minutes=30, grace_seconds=0, remind_seconds=0)
    town.clock.step_wall(hours=2)
    town.assembly.engine.look()
    await town.call("POST", "/v1/panic", mia.panic, {"immediate": True})

    async def told() -> bool:
        return town.sink.purposes("ana") != []

    await until(told, "the press was held back too")
    assert [t["kind"] for t in (await town.incident())["triggers"]] == ["panic"]
    town.clock.jump(seconds=61)
    town.assembly.engine.look()
    await town.settled()
    assert [t["kind"] for t in (await town.incident())["triggers"]] == ["panic", "missed_check_in"]


async def test_the_twin_alarms_staff_also_where_nothing_can_be_done(town: Town) -> None:
    """Too much more time is refused with the same words, and somebody hears of it."""
    await town.agency()
    answers = []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        check_in = await plan(town, phone)
        due_at = (town.clock.now() + timedelta(hours=5)).isoformat()
        refused = await answer(town, phone, check_in, "extend", pin=pin, due_at=due_at)
        answers.append((refused.status, refused.raw))
    assert answers[0] == answers[1]
    assert [row["trigger"] for row in await town.live()] == ["duress"]


@pytest.mark.parametrize("pin", [PIN, TWIN])
async def test_a_repeated_plan_and_answer_get_their_first_answers(town: Town, pin: str) -> None:
    """A phone that is not sure sends again."""
    mia = await town.mia()
    headers = {"Idempotency-Key": "plan-1"}
    body: dict[str, Any] = {"due_at": "2026-11-24T19:00:00Z"}
    plans = [await town.call("POST", "/v1/check-ins", mia.token, body, headers=headers) for _ in range(2)]
    assert plans[0].raw == plans[1].raw
    assert len((await town.get("/v1/check-ins", mia.token))["check_ins"]) == 1
    path = f"/v1/check-ins/{plans[0].body['id']}/complete"
    body = {"pin": pin, "id": "0b0d6f0e-6a5f-4a41-9d6c-1c0b3f0f9a11"}
    answers = [await town.call("POST", path, mia.token, body) for _ in range(2)]
    assert (answers[0].status, answers[0].raw) == (answers[1].status, answers[1].raw)
    assert answers[0].body["state"] == "completed"
