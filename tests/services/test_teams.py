"""Teams on call: who is told when a policy names one, who is next, swaps, and nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.test_directory import other_agency
from tests.services.town import Town

NIGHTS = {
    "cancel_window": "0s",
    "steps": [
        {"after": "0s", "notify": ["team:nights"], "nobody_on_call": ["last_resort"]},
        {"after": "10m", "notify": ["dispatch"]},
    ],
}


async def staff(town: Town, name: str, **fields: Any) -> tuple[str, str]:
    """Somebody who works here, with a webhook of their name: id and token."""
    body = {"name": name, "roles": ["dispatcher"], "methods": [town.hook(name.lower())], **fields}
    made = await town.post("/v1/staff", town.admin, body)
    return made["id"], made["token"]


async def nights(town: Town, *members: str, **fields: Any) -> Any:
    """The team: a week each from the Monday before now (Tuesday 24 November 2026, 18:00 UTC), from eight on."""
    rotations = [{"members": list(members), "begins": "2026-11-23", "hand_over": "08:00"}] if members else []
    body = {"time_zone": "UTC", "rotations": rotations, **fields}
    answer = await town.call("PUT", "/v1/teams/nights", town.admin, body)
    assert answer.status == 200, answer.raw
    return answer.body


async def test_whoever_is_on_call_is_told_and_the_desk_says_who(town: Town) -> None:
    """Kim's week: Kim is told, Lou is not. The message is in Kim's language."""
    kim, _ = await staff(town, "Kim", language="es")
    lou, _ = await staff(town, "Lou")
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim, lou)
    await town.press(phone)
    await town.until_sent("kim")
    assert town.sink.to("kim")[0].json["data"]["language"] == "es"
    assert town.sink.to("lou") == town.sink.to("last-resort") == []
    incident = await town.incident()
    assert incident["told"]["reached"][0] | {"at": None} == {"recipient": "staff", "name": "Kim", "at": None}


async def test_who_is_next_and_when(town: Town) -> None:
    """Four weeks ahead, without gaps."""
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou", methods=[])
    await town.agency()
    team = await nights(town, kim, lou)
    assert team["on_call"] == {"staff": [{"id": kim, "name": "Kim"}], "until": "2026-11-30T08:00:00Z"}
    assert team["next"] == {
        "since": "2026-11-30T08:00:00Z",
        "until": "2026-12-07T08:00:00Z",
        "staff": [{"id": lou, "name": "Lou"}],
    }
    assert team["gaps"] == []
    assert [(m["name"], m["reachable"]) for m in team["members"]] == [("Kim", True), ("Lou", False)]


async def test_the_row_names_whoever_will_be_on_call_then(town: Town) -> None:
    """Tuesday at six: Kim hands over to Lou in a minute, and the step is due in two."""
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou")
    steps = [{"after": "0s", "notify": ["dispatch"]}, {"after": "2m", "notify": ["team:nights"]}]
    await town.policy("nights", cancel_window="0s", steps=steps)
    phone = await town.mia(policy="nights")
    rotations = [{"members": [kim, lou], "begins": "2026-11-23", "hand_over": "18:01", "every": 1, "unit": "days"}]
    await nights(town, rotations=rotations)
    await town.press(phone)
    (row,) = await town.live()
    assert row["next_recipients"] == [{"recipient": "staff", "name": "Lou"}]
    await town.wait(minutes=2)
    assert (len(town.sink.to("kim")), len(town.sink.to("lou"))) == (0, 1)


@pytest.mark.parametrize("who", ["nobody", "somebody without a method", "no such team"])
async def test_nobody_on_call_is_a_branch_of_its_own(town: Town, who: str) -> None:
    """The last resort is told in their place, at once; the timeline says why."""
    lou, _ = await staff(town, "Lou", methods=[])
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    if who != "no such team":
        await nights(town, *([lou] if who == "somebody without a method" else []))
    await town.press(phone)
    await town.until_sent("last-resort")
    assert town.sink.to("dispatch") == []
    timeline = (await town.incident())["timeline"]
    assert [line["values"]["team"] for line in timeline if line["kind"] == "nobody_on_call"] == ["nights"]


async def test_a_step_whose_team_is_asleep_is_not_waited_for(town: Town) -> None:
    """Without a branch the next step comes at once."""
    await town.policy(
        "nights",
        cancel_window="0s",
        steps=[{"after": "0s", "notify": ["team:nights"]}, {"after": "10m", "notify": ["dispatch"]}],
    )
    await town.press(await town.mia(policy="nights"))
    await town.until_sent("dispatch")


async def test_lou_takes_it_now(town: Town) -> None:
    """Until the hand-over; a press from now on rings with Lou."""
    kim, _ = await staff(town, "Kim")
    lou, token = await staff(town, "Lou")
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    team = await town.post("/v1/teams/nights/take", token, {"until": "2026-11-25T06:00:00Z"})
    assert team["on_call"] == {"staff": [{"id": lou, "name": "Lou"}], "until": "2026-11-25T06:00:00Z"}
    await town.press(phone)
    await town.until_sent("lou")
    assert town.sink.to("kim") == []


async def test_two_swap_their_weeks_and_one_swap_is_taken_back(town: Town) -> None:
    """What overrules the turns is listed, and can be taken away one by one."""
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou")
    await town.agency()
    await nights(town, kim, lou)
    swap = {"staff": kim, "at": "2026-11-24T18:00:00Z", "with_staff": lou, "with_at": "2026-12-01T00:00:00Z"}
    team = await town.post("/v1/teams/nights/swaps", town.admin, swap)
    assert [turn["staff"][0]["name"] for turn in team["turns"]] == ["Lou", "Kim", "Lou", "Kim"]
    assert (team["overrides"][0]["since"], team["overrides"][0]["until"]) == (
        "2026-11-23T08:00:00Z",
        "2026-11-30T08:00:00Z",
    )
    for override in team["overrides"]:
        answer = await town.call("DELETE", f"/v1/teams/nights/overrides/{override['id']}", town.admin)
        assert answer.status == 200
    assert answer.body["on_call"]["staff"][0]["name"] == "Kim"


async def test_who_may_not_see_her_and_whose_number_is_not_safe_is_not_told_of_her(town: Town) -> None:
    """Kim is her neighbour; Lou's number is known to him. It is as if nobody were on call."""
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou")
    await town.policy("nights", **NIGHTS)
    await town.agency()
    person = await town.person(policy="nights", hidden_from=[kim], unsafe=[town.sink.url("lou")])
    phone = await town.phone(person)
    both = [{"members": [one], "begins": "2026-11-23", "hand_over": "08:00"} for one in (kim, lou)]
    await nights(town, rotations=both)
    await town.press(phone)
    await town.until_sent("last-resort")
    assert town.sink.to("kim") == town.sink.to("lou") == []


async def test_whoever_leaves_the_agency_is_not_on_call_any_more(town: Town) -> None:
    """From the same instant; the gap is nobody's."""
    kim, _ = await staff(town, "Kim")
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    answer = await town.call("DELETE", f"/v1/staff/{kim}", town.admin)
    assert answer.status == 204
    await town.press(phone)
    await town.until_sent("last-resort")
    assert town.sink.to("kim") == []


async def test_a_webhook_is_told_by_its_name(town: Town) -> None:
    """The partner's system, as the policy says; in the desk by its name."""
    await town.policy(
        "partner", cancel_window="0s", steps=[{"after": "0s", "notify": ["webhook:partner", "webhook:unknown"]}]
    )
    phone = await town.mia(policy="partner")
    await town.agency(webhooks=[{"name": "partner", "address": town.sink.url("partner")}])
    await town.press(phone)
    await town.until_sent("partner")
    assert (await town.incident())["told"]["reached"][0]["name"] == "partner"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"members": ["nobody"]}, "members"),
        ({"rotations": [{"members": [], "begins": "2026-11-23", "hand_over": "08:00"}]}, "rotations[0].members"),
        ({"rotations": [{"members": ["x"], "begins": "2026-11-23", "hand_over": "8:00"}]}, "rotations[0].hand_over"),
        (
            {"shifts": [{"staff": "x", "since": "2026-11-23T08:00:00Z", "until": "2026-11-23T07:00:00Z"}]},
            "shifts[0].until",
        ),
        (
            {"shifts": [{"staff": "x", "since": "2026-11-23T08:00:00", "until": "2026-11-23T09:00:00Z"}]},
            "shifts[0].since",
        ),
    ],
)
async def test_what_cannot_be_a_team_is_named_field_by_field(town: Town, fields: Any, field: str) -> None:
    """And nothing is kept."""
    await town.agency()
    answer = await town.call("PUT", "/v1/teams/nights", town.admin, fields)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == field
    assert (await town.get("/v1/teams", town.admin))["teams"] == []


async def test_another_agency_knows_nothing_of_it(town: Town) -> None:
    """Neither its teams nor its people."""
    kim, _ = await staff(town, "Kim")
    await town.agency()
    await nights(town, kim)
    other = await other_agency(town)
    assert (await town.get("/v1/teams", other))["teams"] == []
    answer = await town.call("PUT", "/v1/teams/ours", other, {"members": [kim]})
    assert answer.status == 422


async def test_a_draft_says_when_nobody_would_be_on_and_keeps_nothing(town: Town) -> None:
    """Kim from eight to ten in the evening; the rest of the day is a gap."""
    kim, _ = await staff(town, "Kim")
    await town.agency()
    hours = [{"start": "20:00", "end": "22:00"}]
    rotation = {"members": [kim], "begins": "2026-11-23", "hand_over": "08:00", "hours": hours}
    found = await town.post("/v1/teams/evenings/draft", town.admin, {"rotations": [rotation]})
    assert found["gaps"][0] == {"since": "2026-11-24T18:00:00Z", "until": "2026-11-24T20:00:00Z"}
    assert (await town.get("/v1/teams", town.admin))["teams"] == []


async def test_a_team_with_another_name_is_the_same_team(town: Town) -> None:
    """Policies say the new name, their remarks stay, and an incident that is live still tells whoever is on."""
    kim, _ = await staff(town, "Kim")
    await town.agency()
    text = (
        b"# Ours\nname: nights\ncancel_window: 0s\n"
        b"steps: [{after: 0s, notify: [dispatch]}, {after: 10m, notify: ['team:nights']}]\n"
    )
    assert (await town.call("PUT", "/v1/policies/nights", town.admin, raw=text)).status == 200
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    await town.press(phone)
    await town.until_sent("dispatch")
    renamed = await town.post("/v1/teams/nights/rename", town.admin, {"name": "late shift"})
    assert renamed["name"] == "late shift"
    kept = (await town.get("/v1/policies/nights/text", town.admin))["text"]
    assert kept == text.decode().replace("team:nights", "team:late shift")
    listed = await town.get("/v1/policies", town.admin)
    assert [(policy["name"], policy["teams"]) for policy in listed["policies"]] == [("nights", ["late shift"])]
    taken = await town.call("PUT", "/v1/teams/nights", town.admin, {})
    assert taken.body["errors"] == [{"field": "name", "message": "is what late shift was called before"}]
    await town.wait(minutes=11)
    await town.until_sent("kim")
