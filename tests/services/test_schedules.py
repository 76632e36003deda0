"""Recurring schedules: asked evening by evening, and what happens when an evening is missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.services.test_directory import everything_that_lies_there, other_agency
from tests.services.town import PIN, TWIN, Answer, Phone, Town

# It is Tuesday 24 November 2026, 18:00 UTC: one in the afternoon in New York.
WEEKDAYS = {"days": ["mon", "tue", "wed", "thu", "fri"], "at": "21:00"}
EVENINGS = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "at": "21:00"}
NEW_YORK = {"time_zone": "America/New_York"}


async def weekly(town: Town, phone: Phone, rule: Any = WEEKDAYS, **fields: Any) -> Any:
    """Mia asks to be asked."""
    body = {"name": "Home", "rule": rule, "grace_seconds": 900, "remind_seconds": 0, **NEW_YORK, **fields}
    made = await town.post("/v1/schedules", phone.token, body)
    await town.settled()
    return made


async def change(town: Town, phone: Phone, schedule: Any, method: str, path: str = "", **body: Any) -> Answer:
    """She changes it, with her PIN unless said otherwise."""
    answer = await town.call(method, f"/v1/schedules/{schedule['id']}{path}", phone.token, {"pin": PIN, **body})
    await town.settled()
    return answer


async def seen(town: Town, phone: Phone) -> list[tuple[str, str]]:
    """Her check-ins as her phone shows them, the earliest first."""
    found = (await town.get("/v1/check-ins", phone.token))["check_ins"]
    return sorted((c["due_at"][:16], c["state"]) for c in found)


async def set_clock(town: Town, to: str) -> None:
    """Lets time pass until then, while the service is up."""
    await town.wait(seconds=(datetime.fromisoformat(to) - town.clock.now()).total_seconds())


async def complete_next(town: Town, phone: Phone, pin: str = PIN) -> None:
    """She answers the one that is due soonest."""
    found = (await town.get("/v1/check-ins", phone.token))["check_ins"]
    due = min((c for c in found if c["state"] not in {"completed", "missed", "cancelled"}), key=lambda c: c["due_at"])
    done = await town.call("POST", f"/v1/check-ins/{due['id']}/complete", phone.token, {"pin": pin})
    assert done.body["state"] == "completed"
    await town.settled()


async def test_a_schedule_says_what_was_agreed_and_when_it_is_next(town: Town) -> None:
    """In plain words, in the reader's language."""
    mia = await town.mia()
    made = await weekly(town, mia)
    assert made["words"] == "weekdays at 21:00, grace 15 minutes; next: Tuesday 24 November, 21:00"
    assert made["next"][:2] == [
        {"local": "2026-11-24T21:00:00", "at": "2026-11-25T02:00:00Z"},
        {"local": "2026-11-25T21:00:00", "at": "2026-11-26T02:00:00Z"},
    ]
    assert (await town.get(f"/v1/schedules/{made['id']}", mia.token)) == made
    assert (await town.get("/v1/schedules", mia.token))["schedules"] == [made]
    path = f"/v1/schedules/{made['id']}/next?from=2026-11-27T12:00:00Z&count=2"
    assert [one["local"] for one in (await town.get(path, mia.token))["next"]] == [
        "2026-11-27T21:00:00",
        "2026-11-30T21:00:00",
    ]
    await town.call("PATCH", f"/v1/people/{mia.person}", town.admin, {"language": "es"})
    words = (await town.get(f"/v1/schedules/{made['id']}", mia.token))["words"]
    assert words == "de lunes a viernes a las 21:00, margen de 15 minutos; próxima vez: martes 24 de noviembre, 21:00"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"cron": "30 8,20 * * *"}, "every day at 08:30 and 20:30"),
        ({"cron": "0 9 1,15 * *"}, "on day 1 and 15 of the month at 09:00"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=22"}, "Saturdays and Sundays at 22:00"),
        ({"rrule": "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=22"}, "by the rule FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=22"),
        ({"cron": "*/30 * * * *"}, "by the rule */30 * * * *"),
    ],
)
async def test_every_form_of_rule_is_put_into_words(town: Town, rule: Any, words: str) -> None:
    """Or shown as it stands."""
    mia = await town.mia()
    assert (await weekly(town, mia, rule))["words"].startswith(f"{words}, grace 15 minutes; next: ")


async def test_a_week_of_evenings_with_one_missed(town: Town) -> None:
    """Each is asked for once; the one without an answer is told."""
    mia = await town.mia()
    await weekly(town, mia)
    for day in ("25", "26"):
        await set_clock(town, f"2026-11-{day}T02:00:00Z")
        await complete_next(town, mia)
    await set_clock(town, "2026-11-27T02:14:00Z")
    assert town.sink.received == []
    await town.wait(minutes=1)
    assert town.sink.purposes("ana") == ["alert"]
    incident = await town.incident()
    assert (incident["trigger"], incident["triggers"][0]["at"]) == ("missed_check_in", "2026-11-27T02:15:00Z")
    await town.act(incident["id"], "resolve", disposition="safe")
    for when in ("2026-11-28T02:00:00Z", "2026-12-01T02:00:00Z"):
        await set_clock(town, when)
        await complete_next(town, mia)
    assert await town.live() == []
    # Nothing on Saturday and Sunday; the next is planned already.
    assert await seen(town, mia) == [
        ("2026-11-25T02:00", "completed"),
        ("2026-11-26T02:00", "completed"),
        ("2026-11-27T02:00", "missed"),
        ("2026-11-28T02:00", "completed"),
        ("2026-12-01T02:00", "completed"),
        ("2026-12-02T02:00", "scheduled"),
    ]


async def test_a_first_reminder_comes_in_time_however_far_ahead(town: Town) -> None:
    """A day before an evening that is asked for every day: two are planned at a time."""
    await town.agency()
    reach = [{"channel": "webhook", "address": town.sink.url("tablet"), "safety": "safe"}]
    mia = await town.phone(await town.person(reach=reach))
    await weekly(town, mia, EVENINGS, remind_seconds=86_400)
    await set_clock(town, "2026-11-25T02:00:00Z")
    await complete_next(town, mia)
    texts = [sent.json["data"]["text"] for sent in town.sink.to("tablet")]
    assert all(text.startswith("Home") for text in texts)
    assert len(texts) == 2  # of tonight, due now; of tomorrow night, a day before
    assert [state for _, state in await seen(town, mia)] == ["completed", "scheduled"]


@pytest.mark.parametrize(
    ("night", "until", "due"),
    [
        # Clocks go back at two: half past one comes twice, and is asked for the first time.
        ("2027-11-06T12:00:00Z", "2027-11-08T12:00:00Z", ["2027-11-07T05:30", "2027-11-08T06:30", "2027-11-09T06:30"]),
        # Clocks go forward at two: there is no half past two, it is asked for at three.
        ("2027-03-13T12:00:00Z", "2027-03-15T12:00:00Z", ["2027-03-14T07:00", "2027-03-15T06:30", "2027-03-16T06:30"]),
    ],
)
async def test_the_night_on_which_clocks_change(town: Town, night: str, until: str, due: list[str]) -> None:
    """One occurrence for each night, also when the service is started again between the two half past ones."""
    mia = await town.mia()
    town.clock.jump(seconds=(datetime.fromisoformat(night) - town.clock.now()).total_seconds())
    at = "01:30" if "11-06" in night else "02:30"
    await weekly(town, mia, {**EVENINGS, "at": at})
    await set_clock(town, f"{due[0]}:00Z")
    await complete_next(town, mia)
    await town.wait(minutes=20)
    await town.stop()
    await town.start()
    await town.wait(minutes=50)
    await set_clock(town, f"{due[1]}:00Z")
    await complete_next(town, mia)
    await set_clock(town, until)
    assert await seen(town, mia) == [(due[0], "completed"), (due[1], "completed"), (due[2], "scheduled")]
    assert town.sink.received == []


async def test_an_absence_is_not_asked_for(town: Town) -> None:
    """What was planned for it is withdrawn; afterwards it goes on."""
    mia = await town.mia()
    made = await weekly(town, mia, holidays=["2026-12-01"])
    assert (await change(town, mia, made, "POST", "/absences", first="2026-11-24", last="2026-11-27")).status == 200
    assert await seen(town, mia) == [("2026-11-25T02:00", "cancelled"), ("2026-12-01T02:00", "scheduled")]
    await set_clock(town, "2026-12-01T02:00:00Z")
    await complete_next(town, mia)
    assert (await seen(town, mia))[-1] == ("2026-12-03T02:00", "scheduled")  # the holiday is left out
    assert town.sink.received == []


async def test_pause_and_resume(town: Town) -> None:
    """Until an instant, or until it is resumed."""
    mia = await town.mia()
    made = await weekly(town, mia)
    paused = await change(town, mia, made, "POST", "/pause")
    assert (paused.body["paused"], paused.body["next"]) == (True, [])
    assert paused.body["words"] == "weekdays at 21:00, grace 15 minutes; paused"
    await town.wait(hours=48)
    assert await seen(town, mia) == [("2026-11-25T02:00", "cancelled")]
    resumed = await change(town, mia, made, "POST", "/resume")
    assert (resumed.body["paused"], resumed.body["next"][0]["at"]) == (False, "2026-11-27T02:00:00Z")
    assert (await seen(town, mia))[-1] == ("2026-11-27T02:00", "scheduled")
    until = await change(town, mia, made, "POST", "/pause", until="2026-11-30T12:00:00Z")
    assert until.body["words"] == (
        "weekdays at 21:00, grace 15 minutes; paused until Monday 30 November, 07:00; next: Monday 30 November, 21:00"
    )
    assert (await seen(town, mia))[1:] == [("2026-11-27T02:00", "cancelled"), ("2026-12-01T02:00", "scheduled")]
    assert town.sink.received == []


async def test_an_evening_that_was_answered_early_is_not_asked_for_again(town: Town) -> None:
    """Neither after a change nor after a pause."""
    mia = await town.mia()
    made = await weekly(town, mia)
    await complete_next(town, mia)
    await change(town, mia, made, "PATCH", name="Home again", grace_seconds=600)
    await change(town, mia, made, "POST", "/pause")
    await change(town, mia, made, "POST", "/resume")
    assert await seen(town, mia) == [("2026-11-25T02:00", "completed")]
    # When it would have come due, the next one is planned.
    await set_clock(town, "2026-11-25T02:00:00Z")
    assert await seen(town, mia) == [("2026-11-25T02:00", "completed"), ("2026-11-26T02:00", "scheduled")]


async def test_a_change_moves_what_is_not_due_yet(town: Town) -> None:
    """What is due already stays due."""
    mia = await town.mia()
    made = await weekly(town, mia)
    later = await change(town, mia, made, "PATCH", rule={**WEEKDAYS, "at": ["22:00"]})
    assert later.body["words"] == "weekdays at 22:00, grace 15 minutes; next: Tuesday 24 November, 22:00"
    assert await seen(town, mia) == [("2026-11-25T02:00", "cancelled"), ("2026-11-25T03:00", "scheduled")]
    await set_clock(town, "2026-11-25T03:05:00Z")
    assert (await change(town, mia, made, "DELETE")).status == 204
    assert (await town.call("GET", f"/v1/schedules/{made['id']}", mia.token)).status == 404
    assert await seen(town, mia) == [
        ("2026-11-25T02:00", "cancelled"),
        ("2026-11-25T03:00", "due"),
        ("2026-11-26T03:00", "cancelled"),
    ]
    await town.wait(minutes=10)
    assert town.sink.purposes("ana") == ["alert"]
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    await town.wait(hours=72)
    assert len(await seen(town, mia)) == 3


async def test_a_restart_plans_nothing_twice(town: Town) -> None:
    """One check-in for each evening."""
    mia = await town.mia()
    await weekly(town, mia)
    for _ in range(3):
        await town.stop()
        await town.start()
        await town.wait(hours=2)
    assert await seen(town, mia) == [("2026-11-25T02:00", "scheduled")]


async def test_an_outage_over_three_evenings_is_one_question(town: Town) -> None:
    """The first is asked for once more; she answers, and those after it are kept as missed without a flood."""
    await town.agency()
    reach = [{"channel": "webhook", "address": town.sink.url("tablet"), "safety": "safe"}]
    mia = await town.phone(await town.person(reach=reach))
    await weekly(town, mia, EVENINGS)
    await town.stop()
    town.clock.jump(hours=72)
    await town.start()
    await town.settled()
    assert len(town.sink.to("tablet")) == 1
    assert await seen(town, mia) == [
        ("2026-11-25T02:00", "overdue"),
        ("2026-11-26T02:00", "missed"),
        ("2026-11-27T02:00", "missed"),
        ("2026-11-28T02:00", "scheduled"),
    ]
    await complete_next(town, mia)
    await town.wait(hours=2)
    assert await town.live() == []
    await town.wait(hours=7)
    assert [t["kind"] for t in (await town.incident())["triggers"]] == ["missed_check_in"]


async def test_an_outage_with_nothing_planned_before_it_asks_for_the_newest(town: Town) -> None:
    """The evening before it was answered: the newest that passed is asked for, and told when nobody answers."""
    mia = await town.mia()
    await weekly(town, mia, EVENINGS)
    await complete_next(town, mia)
    await town.stop()
    town.clock.jump(hours=96)
    await town.start()
    await town.settled()
    assert town.sink.received == []
    assert [state for _, state in await seen(town, mia)] == ["completed", "missed", "missed", "overdue", "scheduled"]
    await town.wait(minutes=2)
    assert town.sink.purposes("ana") == ["alert"]
    incident = await town.incident()
    assert [t["kind"] for t in incident["triggers"]] == ["missed_check_in"]


async def test_closing_an_incident_leaves_the_schedule_going(town: Town) -> None:
    """The alarm of one evening is not the end of the others."""
    mia = await town.mia()
    await weekly(town, mia, EVENINGS)
    await town.press(mia, immediate=True)
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    await set_clock(town, "2026-11-25T02:00:00Z")
    await complete_next(town, mia)
    await set_clock(town, "2026-11-26T02:15:00Z")
    assert [row["trigger"] for row in await town.live()] == ["missed_check_in"]


async def test_a_clock_that_jumps_ahead_plans_nothing_as_passed(town: Town) -> None:
    """Held with the misses."""
    mia = await town.mia()
    await weekly(town, mia, EVENINGS)
    town.clock.step_wall(hours=72)
    town.assembly.engine.look()
    town.clock.jump(seconds=10)
    town.assembly.engine.look()
    assert [at for at, _ in await seen(town, mia)] == ["2026-11-25T02:00"]


ACTS: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "", {"rule": {**EVENINGS, "at": "23:00"}}),
    ("PATCH", "", {"grace_seconds": 3600}),
    ("DELETE", "", {}),
    ("POST", "/pause", {}),
    ("POST", "/pause", {"until": "2026-11-26T12:00:00Z"}),
    ("POST", "/absences", {"first": "2026-11-24", "last": "2026-11-25"}),
]


async def _shown(town: Town, phone: Phone, schedule: str) -> list[tuple[int, bytes]]:
    """All that her phone can learn, without the ids that differ between two people."""
    answers = [
        await town.call("GET", path, phone.token)
        for path in ("/v1/me", "/v1/check-ins", "/v1/schedules", f"/v1/schedules/{schedule}")
    ]
    ids = {c["id"] for c in (await town.get("/v1/check-ins", phone.token))["check_ins"]}
    raw = []
    for answer in answers:
        text = answer.raw.replace(schedule.encode(), b"ID")
        for name in ids:
            text = text.replace(name.encode(), b"CHECK-IN")
        raw.append((answer.status, text))
    return raw


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
async def test_the_twin_looks_done_and_changes_nothing(town: Town, method: str, path: str, body: Any) -> None:
    """The same answers, then and an evening later; and what was true goes on out of sight."""
    await town.agency()
    phones, schedules, looks = [], [], []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        made = await weekly(town, phone, EVENINGS)
        answer = await change(town, phone, made, method, path, pin=pin, **body)
        raw = answer.raw.replace(made["id"].encode(), b"ID")
        looks.append([(answer.status, raw), *await _shown(town, phone, made["id"])])
        phones.append(phone)
        schedules.append(made["id"])
    assert looks[0] == looks[1]
    (incident,) = await town.live()
    assert incident["trigger"] == "duress"
    # Staff see both.
    true = await town.get(f"/v1/schedules/{schedules[1]}", town.admin)
    assert (true["next"][0]["at"], true["grace_seconds"]) == ("2026-11-25T02:00:00Z", 900)
    assert true["person_sees"] == "deleted" if method == "DELETE" else "words" in true["person_sees"]
    # At her true time nobody hears of her.
    await set_clock(town, "2026-11-25T02:20:00Z")
    triggers = (await town.incident(incident["id"]))["triggers"]
    assert [t["kind"] for t in triggers] == ["duress", "missed_check_in"]
    assert await _shown(town, phones[0], schedules[0]) == await _shown(town, phones[1], schedules[1])


async def test_after_the_twin_her_own_pin_says_what_is_true_again(town: Town) -> None:
    """What she sees and what is so are one again."""
    mia = await town.mia()
    made = await weekly(town, mia, EVENINGS)
    await change(town, mia, made, "PATCH", pin=TWIN, rule={**EVENINGS, "at": "23:00"})
    await change(town, mia, made, "PATCH", rule={**EVENINGS, "at": "22:00"})
    true = await town.get(f"/v1/schedules/{made['id']}", town.admin)
    assert "person_sees" not in true
    assert true["next"][0]["local"] == "2026-11-24T22:00:00"
    await set_clock(town, "2026-11-25T02:20:00Z")
    assert [t["kind"] for t in (await town.incident())["triggers"]] == ["duress"]


async def test_staff_change_the_true_one_and_her_side_shows_nothing_of_it(town: Town) -> None:
    """After a change under duress they look after what she cannot; taking it away leaves what she sees."""
    mia = await town.mia()
    made = await weekly(town, mia, EVENINGS)
    await change(town, mia, made, "PATCH", pin=TWIN, rule={**EVENINGS, "at": "23:00"})
    before = await _shown(town, mia, made["id"])
    path = f"/v1/schedules/{made['id']}"
    changed = await town.call("PATCH", path, town.admin, {"rule": {**EVENINGS, "at": "20:00"}})
    await town.settled()
    assert (changed.status, changed.body["next"][0]["local"]) == (200, "2026-11-24T20:00:00")
    assert await _shown(town, mia, made["id"]) == before
    assert (await town.call("DELETE", path, town.admin)).status == 204
    await town.settled()
    assert await _shown(town, mia, made["id"]) == before
    left = await town.get(path, town.admin)
    assert (left["next"][0]["local"], "person_sees" in left) == ("2026-11-24T23:00:00", False)
    await set_clock(town, "2026-11-25T02:20:00Z")
    assert [t["kind"] for t in (await town.incident())["triggers"]] == ["duress"]


async def test_each_change_needs_the_pin_where_there_is_one(town: Town) -> None:
    """A wrong one changes nothing; the third in ten minutes says that somebody is guessing."""
    mia = await town.mia()
    made = await weekly(town, mia)
    missing = await town.call("DELETE", f"/v1/schedules/{made['id']}", mia.token)
    assert (missing.status, missing.body["errors"][0]["field"]) == (422, "pin")
    for method, path in (("DELETE", ""), ("POST", "/pause"), ("POST", "/resume")):
        wrong = await change(town, mia, made, method, path, pin="1111")
        assert (wrong.status, wrong.problem) == (403, "pin-refused")
    assert await town.get(f"/v1/schedules/{made['id']}", mia.token) == made
    assert (await town.incident())["wrong_pins"]


async def test_the_twin_alarms_staff_also_where_nothing_can_be_done(town: Town) -> None:
    """31 February is refused with the same words, and somebody hears of it."""
    await town.agency()
    answers = []
    for pin in (PIN, TWIN):
        phone = await town.phone(await town.person(f"Mia {pin}"))
        made = await weekly(town, phone)
        refused = await change(town, phone, made, "PATCH", pin=pin, rule={"cron": "0 21 31 2 *"})
        answers.append((refused.status, refused.raw))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    assert [row["trigger"] for row in await town.live()] == ["duress"]


async def test_without_a_pin_none_is_asked_for(town: Town) -> None:
    """One touch."""
    mia = await town.mia(pin=False)
    made = await weekly(town, mia)
    assert (await town.call("DELETE", f"/v1/schedules/{made['id']}", mia.token)).status == 204
    await town.settled()
    assert await seen(town, mia) == [("2026-11-25T02:00", "cancelled")]


async def test_staff_make_one_with_her(town: Town) -> None:
    """In her zone unless they say another; somebody who may not see her sees none of it."""
    await town.agency()
    sam = await town.staff("Sam", "advocate")
    person = await town.person(time_zone="America/New_York", hidden_from=[sam["id"]])
    path = f"/v1/people/{person}/schedules"
    made = await town.post(path, town.admin, {"name": "Home", "rule": WEEKDAYS})
    assert (made["time_zone"], made["grace_seconds"]) == ("America/New_York", 300)
    assert (await town.get(path, town.admin))["schedules"] == [made]
    mia = await town.phone(person)
    assert [s["id"] for s in (await town.get("/v1/schedules", mia.token))["schedules"]] == [made["id"]]
    eve = await other_agency(town)
    for token in (sam["token"], eve):
        for method, where in (
            ("GET", path),
            ("GET", f"/v1/schedules/{made['id']}"),
            ("DELETE", f"/v1/schedules/{made['id']}"),
        ):
            assert (await town.call(method, where, token)).status == 404
    other = await town.phone(await town.person("Nora"))
    assert (await town.call("GET", f"/v1/schedules/{made['id']}", other.token)).status == 404
    assert (await town.call("POST", "/v1/schedules", mia.panic, {"name": "x", "rule": WEEKDAYS})).status == 403


async def test_a_repeat_gets_the_first_answer(town: Town) -> None:
    """And one schedule is made."""
    mia = await town.mia()
    headers = {"Idempotency-Key": "evenings"}
    body = {"name": "Home", "rule": EVENINGS, **NEW_YORK}
    made = [await town.call("POST", "/v1/schedules", mia.token, body, headers=headers) for _ in range(2)]
    assert made[0].raw == made[1].raw
    assert len((await town.get("/v1/schedules", mia.token))["schedules"]) == 1


async def test_there_is_an_end_to_how_many_there_may_be(town: Town) -> None:
    """And the answer says so."""
    mia = await town.mia()
    for number in range(20):
        await town.post("/v1/schedules", mia.token, {"name": f"{number}", "rule": WEEKDAYS})
    refused = await town.call("POST", "/v1/schedules", mia.token, {"name": "x", "rule": WEEKDAYS})
    assert (refused.status, refused.problem) == (409, "too-many-schedules")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule": WEEKDAYS}, "name"),
        ({"name": "x"}, "rule"),
        ({"name": "x", "rule": {}}, "rule"),
        ({"name": "x", "rule": {"days": ["mon"]}}, "rule.at"),
        ({"name": "x", "rule": {"days": ["monday"], "at": "21:00"}}, "rule.days[0]"),
        ({"name": "x", "rule": {"days": ["mon"], "at": "25:00"}}, "rule.at"),
        ({"name": "x", "rule": {"days": ["mon"], "at": ["21:00", "21:10"]}}, "rule.at"),
        ({"name": "x", "rule": {"cron": "0 21 31 2 *"}}, "rule.cron"),
        ({"name": "x", "rule": {"cron": "* * * * *"}}, "rule.cron"),
        ({"name": "x", "rule": {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;BYHOUR=21"}}, "rule.rrule"),
        ({"name": "x", "rule": {"rrule": "FREQ=DAILY;BYHOUR=21;UNTIL=20200101"}}, "rule.rrule"),
        ({"name": "x", "rule": WEEKDAYS, "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "x", "rule": WEEKDAYS, "grace_seconds": -1}, "grace_seconds"),
        ({"name": "x", "rule": WEEKDAYS, "holidays": ["2026-02-31"]}, "holidays[0]"),
        (
            {"name": "x", "rule": WEEKDAYS, "absences": [{"first": "2026-12-02", "last": "2026-12-01"}]},
            "absences[0].last",
        ),
        ({"name": "x", "rule": WEEKDAYS, "mood": "bad"}, "mood"),
    ],
)
async def test_a_schedule_that_cannot_be_kept_names_the_field(town: Town, body: dict[str, Any], field: str) -> None:
    """Nothing half-understood is promised."""
    mia = await town.mia()
    refused = await town.call("POST", "/v1/schedules", mia.token, body)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("count=0", "count"),
        ("count=101", "count"),
        ("count=ten", "count"),
        ("from=tomorrow", "from"),
        ("from=2026-11-24T21:00", "from"),
        ("from=9999-12-31T00:00:00Z", "from"),
    ],
)
async def test_a_question_for_what_comes_next_names_its_mistake(town: Town, query: str, field: str) -> None:
    """By its field."""
    mia = await town.mia()
    made = await weekly(town, mia)
    refused = await town.call("GET", f"/v1/schedules/{made['id']}/next?{query}", mia.token)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, field)


async def test_what_a_schedule_says_is_sealed(town: Town) -> None:
    """Its name and its hours would say a lot about her days."""
    mia = await town.mia()
    await weekly(town, mia, {"cron": "17 19 * * 1-5"}, name="Lighthouse Lane")
    for place, raw in (await everything_that_lies_there(town)).items():
        assert b"Lighthouse" not in raw, place
        assert b"17 19 * * 1-5" not in raw, place
