"""Plans proved before they are needed: what is open in hers, and who would be told at three in the morning."""

from __future__ import annotations

from typing import Any

from tests.services.provider import Provider
from tests.services.test_directory import other_agency
from tests.services.test_teams import nights, staff
from tests.services.town import Town, until

AT_ONCE = {"cancel_window": "0s", "steps": [{"after": "0s", "notify": ["dispatch", "contacts"]}]}


async def mia(town: Town, **fields: Any) -> str:
    """Mia, with a plan that tells everybody at once."""
    await town.agency()
    await town.policy("at-once", **AT_ONCE)
    return await town.person(policy="at-once", **fields)


def kinds(plan: Any) -> list[tuple[str, str | None]]:
    """What is open, and about whom."""
    return [(hole["kind"], hole["values"]["name"]) for hole in plan["holes"]]


async def test_what_is_open_in_her_plan_is_named_by_name(town: Town) -> None:
    """Ben has not agreed; everybody hangs on one channel."""
    person = await mia(town)
    await town.contact(person, "Ana")
    await town.contact(person, "Ben", confirmed=False)
    plan = await town.get(f"/v1/people/{person}/plan", town.admin)
    assert kinds(plan) == [("unconfirmed_contact", "Ben"), ("one_channel", None)]
    assert plan["holes"][0]["text"] == "Ben has not agreed yet, and is told of nothing"


async def test_who_would_be_told_at_three_on_sunday_with_ben_asleep(town: Town) -> None:
    """By the decisions that are made for real; nothing is sent."""
    person = await mia(town)
    await town.contact(person, "Ana")
    await town.contact(person, "Ben")
    asked = {"at": "2026-11-29T03:10:00-06:00", "asleep": ["contact:2", "dispatch"]}
    found = await town.post(f"/v1/people/{person}/plan/simulation", town.admin, asked)
    first = [(t["name"] or t["recipient"], t["outcome"]) for t in found["timeline"] if t["after_seconds"] == 0]
    assert first == [("dispatch", "asleep"), ("Ana", "told"), ("Ben", "asleep")]
    assert found["timeline"][0]["at"] == "2026-11-29T09:10:00Z"
    dead = await town.post(f"/v1/people/{person}/plan/simulation", town.admin, {"dead": ["webhook"]})
    assert dead["first_told_seconds"] is None
    await town.settled()
    assert town.sink.received == []


async def test_a_simulation_of_next_week_rings_whoever_is_on_call_then(town: Town) -> None:
    """Lou's week."""
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou")
    await town.agency()
    await town.policy("nights", cancel_window="0s", steps=[{"after": "0s", "notify": ["team:nights"]}])
    person = await town.person(policy="nights")
    await nights(town, kim, lou)
    found = await town.post(
        f"/v1/people/{person}/plan/simulation", town.admin, {"at": "2026-12-01T12:00:00Z", "asleep": [f"staff:{lou}"]}
    )
    assert [found["timeline"][0][name] for name in ("name", "outcome")] == ["Lou", "asleep"]


async def test_what_cannot_be_asked_is_named(town: Town) -> None:
    """Somebody who is not in her plan."""
    person = await mia(town)
    path = f"/v1/people/{person}/plan/simulation"
    for body, field in (({"asleep": ["contact:1"]}, "asleep[0]"), ({"at": "2026-12-01T12:00:00"}, "at")):
        answer = await town.call("POST", path, town.admin, body)
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


async def test_each_night_what_has_become_open_is_listed_until_it_is_closed(town: Town) -> None:
    """By the same check that the desk can ask for; since when stays, and whoever may not see her does not."""
    person = await mia(town)
    await town.contact(person, "Ana")
    ben = await town.contact(person, "Ben", confirmed=False)
    hidden = await town.person("Noa Berg", policy="at-once")
    await town.assembly.housekeeping.check_plans()
    listed = (await town.get("/v1/plans/open", town.admin))["plans"]
    assert [row["person"]["name"] for row in listed] == ["Mia Larsen", "Noa Berg"]
    assert ("unconfirmed_contact", "Ben") in kinds(listed[0])

    me = (await town.get("/v1/session", town.admin))["staff"]["id"]
    await town.call("PATCH", f"/v1/people/{hidden}", town.admin, {"hidden_from": [me]})
    town.clock.jump(hours=24)
    await town.call("DELETE", f"/v1/contacts/{ben['id']}", town.admin)
    await town.post("/v1/plans/check", town.admin)

    async def closed() -> bool:
        (row,) = (await town.get("/v1/plans/open", town.admin))["plans"]
        return ("unconfirmed_contact", "Ben") not in kinds(row) and row["since"] == listed[0]["since"]

    await until(closed, "the list never changed")


async def test_advocates_hear_in_the_morning_what_has_become_open_in_the_night(town: Town) -> None:
    """One message each, by the way they gave; not again the next day; and nothing of whoever they may not see."""
    await mia(town)
    noa = await town.person("Noa Berg", policy="at-once")
    await staff(town, "Kim", roles=["advocate"])
    lou, _ = await staff(town, "Lou", roles=["advocate"])
    await staff(town, "Max")
    await town.call("PATCH", f"/v1/people/{noa}", town.admin, {"hidden_from": [lou]})
    await town.assembly.housekeeping.check_plans()
    await warned(town)
    assert town.sink.received == []
    await town.wait(hours=16)
    await warned(town)
    assert town.sink.received == []
    await town.wait(hours=1)
    await warned(town)
    ((to_kim,), (to_lou,)) = (town.sink.to(name) for name in ("kim", "lou"))
    assert (to_kim.purpose, to_kim.json["data"]["text"]) == (
        "plan_open",
        "Something has become open in the plan of Mia Larsen and in 1 more: see Plans and turns.",
    )
    assert to_lou.json["data"]["text"] == "Something has become open in the plan of Mia Larsen: see Plans and turns."
    assert to_kim.json["data"]["link"].endswith("/plans")
    assert town.sink.to("max") == []
    await town.assembly.housekeeping.check_plans()
    await warned(town)
    await town.wait(hours=24)
    await warned(town)
    assert len(town.sink.received) == 2


async def test_a_warning_outlives_whatever_ends_in_the_night(town: Town) -> None:
    """And what the desk's own check has found is told as well; what was closed by then is not."""
    person = await mia(town)
    noa = await town.person("Noa Berg", policy="at-once")
    await staff(town, "Kim", roles=["advocate"])
    await town.post("/v1/plans/check", town.admin)

    async def listed() -> bool:
        return len((await town.get("/v1/plans/open", town.admin))["plans"]) == 2

    await until(listed, "the check found nothing")
    await town.stop()
    await town.start()
    await town.call("DELETE", f"/v1/people/{person}", town.admin)
    await town.wait(hours=17)
    await warned(town)
    (message,) = town.sink.to("kim")
    assert message.json["data"]["text"] == "Something has become open in the plan of Noa Berg: see Plans and turns."
    assert message.json["data"]["person"] == noa


async def test_nobody_is_rung_because_of_a_plan(town: Town, provider: Provider) -> None:
    """Kim, whose first method is a call, hears by the second."""
    await mia(town)
    calls = {"channel": "voice", "address": "+13125550131"}
    await staff(town, "Kim", roles=["advocate"], methods=[calls, town.hook("kim")])
    await town.assembly.housekeeping.check_plans()
    await town.wait(hours=17)
    await warned(town)
    await town.until_sent("kim")
    assert provider.rung == []


async def warned(town: Town) -> None:
    """The quarter of an hour has passed."""
    await town.assembly.housekeeping.warn()
    await town.settled()


async def test_whoever_is_erased_is_not_listed(town: Town) -> None:
    """Nor does the check stumble over her."""
    person = await mia(town)
    await town.assembly.housekeeping.check_plans()
    assert len((await town.get("/v1/plans/open", town.admin))["plans"]) == 1
    await town.call("DELETE", f"/v1/people/{person}", town.admin)
    assert (await town.get("/v1/plans/open", town.admin))["plans"] == []
    await town.assembly.housekeeping.check_plans()
    assert (await town.get("/v1/plans/open", town.admin))["plans"] == []


async def test_another_agency_sees_none_of_it(town: Town) -> None:
    """Neither the list nor the plan."""
    person = await mia(town)
    await town.assembly.housekeeping.check_plans()
    other = await other_agency(town)
    assert (await town.get("/v1/plans/open", other))["plans"] == []
    assert (await town.call("GET", f"/v1/people/{person}/plan", other)).status == 404


async def test_a_text_is_checked_and_tried_before_it_is_kept(town: Town) -> None:
    """With her contacts; a mistake has its line and column."""
    person = await mia(town)
    await town.contact(person, "Ana")
    wrong = await town.call("POST", "/v1/policies/new/check", town.admin, raw=b"steps:\n  - after: 0s\n    tell: []\n")
    assert wrong.status == 422
    assert {(m["line"], m["column"]) for m in wrong.body["mistakes"]} == {(2, 5), (3, 5)}
    text = b"steps: [{after: 0s, notify: ['contact:2', dispatch]}]"
    found = await town.call("POST", f"/v1/policies/new/check?person={person}", town.admin, raw=text)
    assert found.status == 200
    assert ("missing_recipient", 1) in [(hole["kind"], hole["step"]) for hole in found.body["holes"]]
    tried = await town.post(
        f"/v1/people/{person}/plan/simulation",
        town.admin,
        {"policy": "name: new\ncancel_window: 0s\nsteps: [{after: 1m, notify: [contacts]}]"},
    )
    assert (tried["timeline"][0]["after_seconds"], tried["timeline"][0]["name"]) == (60, "Ana")
    assert (await town.call("GET", "/v1/policies/new", town.admin)).status == 404


async def test_a_text_that_is_nobodys_yet_is_checked_with_the_agencys_teams(town: Town) -> None:
    """A team that there is counts; one that there is not is named."""
    kim, _ = await staff(town, "Kim")
    await town.agency()
    await nights(town, kim)
    text = b"steps: [{after: 0s, notify: ['team:nights', dispatch]}, {after: 1m, notify: ['team:days', dispatch]}]"
    found = await town.call("POST", "/v1/policies/new/check", town.admin, raw=text)
    missing = [(h["step"], h["values"]["recipient"]) for h in found.body["holes"] if h["kind"] == "missing_recipient"]
    assert missing == [(2, "team:days")]
