"""Policies in use: what is different for one person, steps with conditions, and a plan changed while it is needed."""

from __future__ import annotations

from tests.services.town import Town


async def test_what_is_different_for_her_is_laid_over_the_policy_that_is_named(town: Town) -> None:
    """Her own window and her own first step; everything else is the agency's, also when that changes."""
    await town.policy("ours", cancel_window="30s", steps=[{"after": "0s", "notify": ["dispatch", "contact:1"]}])
    phone = await town.mia(
        policy="ours", policy_changes={"cancel_window": "0s", "steps": [{"after": "0s", "notify": ["contact:2"]}]}
    )
    answer = await town.press(phone)
    assert answer["state"] == "open"
    await town.until_sent("ben")
    assert town.sink.to("ana") == []
    assert town.sink.to("dispatch") == []


async def test_what_fits_no_more_takes_nothing_else_of_hers_with_it(town: Town) -> None:
    """Twenty rounds of two steps; then the agency's policy gets a third step, and that would be too many."""
    steps = [{"after": f"{number}m", "notify": ["dispatch"]} for number in range(3)]
    await town.policy("ours", cancel_window="30s", steps=steps[:2])
    phone = await town.mia(
        policy="ours", policy_changes={"repeat": {"every": "5m", "times": 20}, "cancel_window": "0s"}
    )
    await town.policy("ours", cancel_window="30s", steps=steps)
    assert (await town.press(phone))["state"] == "open"


async def test_mistakes_in_what_is_different_are_named_field_by_field(town: Town) -> None:
    """And nothing is changed."""
    await town.agency()
    person = await town.person()
    answer = await town.call(
        "PATCH",
        f"/v1/people/{person}",
        town.admin,
        {"policy_changes": {"steps": [{"after": "5 minutes", "notify": ["dispatch"]}], "windows": "10s"}},
    )
    assert answer.status == 422
    assert {m["field"] for m in answer.body["mistakes"]} == {"policy_changes.steps[0].after", "policy_changes.windows"}
    assert (await town.get(f"/v1/people/{person}", town.admin))["policy_changes"] is None


async def test_a_step_for_the_night_and_one_for_who_reads_spanish(town: Town) -> None:
    """On her clock, in her language: noon in Chicago is not night."""
    await town.policy(
        "conditions",
        cancel_window="0s",
        steps=[
            {"after": "0s", "notify": ["dispatch"]},
            {"after": "0s", "notify": ["contact:1"], "when": {"local_time": "22:00-06:00"}},
            {"after": "0s", "notify": ["contact:2"], "when": {"language": ["es"], "trigger": ["panic", "duress"]}},
        ],
    )
    phone = await town.mia(policy="conditions", language="es-MX", time_zone="America/Chicago")
    await town.press(phone)
    await town.until_sent("ben")
    assert len(town.sink.to("dispatch")) == 1
    assert town.sink.to("ana") == []


async def test_a_changed_plan_holds_for_a_live_incident_once_a_responder_says_so(town: Town) -> None:
    """The desk offers it; whoever should have been told by now is told at once, and the timeline says by whom."""
    await town.policy("ours", cancel_window="0s", steps=[{"after": "0s", "notify": ["dispatch"]}])
    await town.press(await town.mia(policy="ours"))
    incident = await town.incident()
    assert (incident["policy"]["name"], incident["policy"]["outdated"]) == ("ours", False)
    assert incident["policy"]["steps"] == [{"after_seconds": 0, "notify": ["dispatch"], "told": True}]

    await town.policy("ours", cancel_window="0s", steps=[{"after": "0s", "notify": ["dispatch", "contact:1"]}])
    assert (await town.incident())["policy"]["outdated"] is True
    assert town.sink.to("ana") == []
    after = await town.act(incident["id"], "policy")
    await town.until_sent("ana")
    assert after["policy"]["outdated"] is False
    assert [line["kind"] for line in after["timeline"]].count("policy_applied") == 1


async def test_the_desk_says_how_many_have_answered_of_how_many(town: Town) -> None:
    """One of two; the row carries it."""
    await town.policy(
        "two", cancel_window="0s", acknowledgement={"quorum": 2}, steps=[{"after": "0s", "notify": ["dispatch"]}]
    )
    await town.press(await town.mia(policy="two"))
    (row,) = await town.live()
    await town.act(row["id"], "acknowledge")
    (row,) = await town.live()
    assert (row["answered"], row["quorum"], row["state"]) == (1, 2, "acknowledged")
