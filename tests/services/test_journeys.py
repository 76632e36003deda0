"""Journeys: Mia goes from HOME to the library, two kilometres north, and is there by half past twelve."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from streams.sealing import Unreadable
from tests.services.test_contacts import code_of
from tests.services.test_zones import A_METRE, HOME, is_at, known, mia_in_town, triggers
from tests.services.town import PIN, TWIN, Answer, Phone, Town

LIBRARY = (HOME[0] + 2000 * A_METRE, HOME[1])


async def sets_out(town: Town, phone: Phone, *, minutes: float = 30, **fields: Any) -> Any:
    """From HOME to the library."""
    body = {
        "destination": {"latitude": LIBRARY[0], "longitude": LIBRARY[1]},
        "arrive_by": (town.clock.now() + timedelta(minutes=minutes)).isoformat(),
        "grace_seconds": 300,
        **fields,
    }
    return await town.post("/v1/journeys", phone.token, body)


async def walks(town: Town, phone: Phone, *, north_m: tuple[float, ...], **fields: Any) -> None:
    """A minute between these places."""
    for north in north_m:
        await town.wait(seconds=50)
        await is_at(town, phone, HOME, north_m=north, **fields)


async def ends(town: Town, phone: Phone, journey: Any, how: str, pin: str = PIN, **fields: Any) -> Answer:
    """Her answer on the phone."""
    answer = await town.call("POST", f"/v1/journeys/{journey['id']}/{how}", phone.token, {"pin": pin, **fields})
    await town.settled()
    return answer


async def of(town: Town, phone: Phone, journey: Any) -> Any:
    """The journey as her phone shows it."""
    return await town.get(f"/v1/journeys/{journey['id']}", phone.token)


async def key_is_gone(town: Town, journey: Any) -> bool:
    """Whether what it sealed can be read by nobody any more."""
    try:
        await town.assembly.store.sealer(journey["id"])
    except Unreadable:
        return True
    return False


async def contact_sees(town: Town, name: str) -> Any:
    """What this contact is shown of the journey, by the link in the last message."""
    await town.until_sent(name)
    code = code_of(town.sink.to(name)[-1].json["data"]["link"])
    return (await town.get("/v1/alert", code)).get("journey", {})


class TestGoingWell:
    """Most of them."""

    async def test_arriving_completes_it_and_nothing_is_left(self, town: Town) -> None:
        """Without a word and without a PIN; its key is destroyed, and nobody has heard of it."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        assert set(journey) >= {"id", "state", "arrive_by"}
        assert (journey["state"], journey["arrive_by"]) == ("under_way", "2026-11-24T18:30:00Z")
        await walks(town, mia, north_m=(200, 700, 1200, 1700, 1980, 2000))
        after = await of(town, mia, journey)
        assert (after["state"], "destination" in after) == ("completed", False)
        assert await key_is_gone(town, journey)
        assert await known(town, mia) is None
        await town.wait(hours=2)
        assert (await triggers(town), town.sink.to("ana"), town.sink.to("dispatch")) == ([], [], [])

    async def test_where_to_is_sealed_with_the_journey_alone(self, town: Town) -> None:
        """Whoever has the person's key, and every row of hers, does not know where she is going."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia, label="the library", note="by bike")
        await walks(town, mia, north_m=(200, 700))
        situation = await town.assembly.store.read(lambda tx: tx.situation(mia.person))
        assert "library" not in str(situation)
        assert str(LIBRARY[0])[:7] not in str(situation)
        ((kept, progress),) = await town.assembly.store.read(lambda tx: tx.journeys_of(mia.person))
        assert (kept.label, progress.track.last is not None) == ("the library", True)
        assert len(await town.assembly.store.read(lambda tx: tx.journey_trail(journey["id"]))) == 2
        assert (await town.assembly.store.read(lambda tx: tx.trail(mia.person, town.clock.now()))) == []
        await ends(town, mia, journey, "complete")
        assert await town.assembly.store.read(lambda tx: tx.journeys_of(mia.person)) == []
        assert await town.assembly.store.read(lambda tx: tx.journey_trail(journey["id"])) == []

    async def test_nobody_sees_it_while_all_is_well(self, town: Town) -> None:
        """Neither staff nor contacts; her own phone shows how it goes, and not where to."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        shown = (await town.get("/v1/me", mia.token))["journeys"]
        assert [(one["id"], one["state"]) for one in shown] == [(journey["id"], "under_way")]
        assert (await town.get("/v1/me", mia.token))["check_ins"] == []
        assert (await town.call("GET", f"/v1/check-ins/{journey['id']}", mia.token)).status == 404
        assert (await town.call("GET", f"/v1/journeys/{journey['id']}", town.admin)).status == 403

    async def test_progress_moves_the_deadline_within_limits(self, town: Town) -> None:
        """She is slower than she thought, and moves on: as far as she could have extended it herself."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia, minutes=10)
        await walks(town, mia, north_m=tuple(range(60, 660, 60)))
        later = await of(town, mia, journey)
        assert journey["arrive_by"] < later["arrive_by"] <= "2026-11-24T19:10:00Z"
        await town.wait(minutes=3)
        assert await triggers(town) == []

    async def test_one_at_a_time(self, town: Town) -> None:
        """The second is refused, and nothing of it is kept."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        body = {"destination": {"latitude": 41.9, "longitude": -87.6}, "arrive_by": journey["arrive_by"]}
        second = await town.call("POST", "/v1/journeys", mia.token, body)
        assert (second.status, second.problem) == (409, "under-way-already")
        assert len(await town.assembly.store.read(lambda tx: tx.journeys_of(mia.person))) == 1
        assert (await ends(town, mia, journey, "cancel")).body["state"] == "cancelled"
        await sets_out(town, mia)

    async def test_a_repeat_begins_nothing(self, town: Town) -> None:
        """The same id: the same journey, the same answer."""
        mia = await mia_in_town(town)
        arrive_by = (town.clock.now() + timedelta(minutes=30)).isoformat()
        body = {"id": "a", "destination": {"latitude": 41.9, "longitude": -87.6}, "arrive_by": arrive_by}
        first, again = [await town.call("POST", "/v1/journeys", mia.token, body) for _ in range(2)]
        assert (first.status, first.raw) == (again.status, again.raw) == (201, first.raw)
        assert len(await town.assembly.store.read(lambda tx: tx.journeys_of(mia.person))) == 1


class TestBeingOdd:
    """What she is asked about before anybody is told."""

    @pytest.mark.parametrize(
        ("way", "fields", "trigger", "line"),
        [
            ((200, 700, *[720] * 11), {}, "missed_check_in", "journey_standing_still"),
            ((200, 900, 500, 100, -300, -600, -900, -1200), {}, "missed_check_in", "journey_turned_away"),
            ((200, 500), {"battery": 0.07}, "contact_lost", "journey_battery_low"),
        ],
    )
    async def test_she_is_asked_and_then_others_are_told(
        self, town: Town, way: tuple[float, ...], fields: dict[str, Any], trigger: str, line: str
    ) -> None:
        """Standing still, turning away, a dying battery: first her, then others, with plan and trail."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia, minutes=120, label="the library", ask_seconds=120)
        await walks(town, mia, north_m=way, **fields)
        (question,) = (await town.get("/v1/me", mia.token))["questions"]
        assert (question["about"], question["why"]) == (journey["id"], "journey_odd")
        assert [one.purpose for one in town.sink.to("mia")][-1] == "question"
        assert await triggers(town) == []
        await town.wait(minutes=2)
        incident = await town.incident()
        assert (incident["trigger"], incident["triggers"][0]["kind"]) == (trigger, trigger)
        assert line in [entry["kind"] for entry in incident["timeline"]]
        (plan,) = incident["journeys"]
        assert (plan["label"], len(plan["trail"]) > 0) == ("the library", True)
        assert plan["destination"]["latitude"] == LIBRARY[0]

    async def test_moving_on_settles_it(self, town: Town) -> None:
        """She had only met somebody."""
        mia = await mia_in_town(town)
        await sets_out(town, mia, minutes=120)
        await walks(town, mia, north_m=(200, 700, *[720] * 11))
        assert len((await town.get("/v1/me", mia.token))["questions"]) == 1
        await walks(town, mia, north_m=(1000,))
        assert (await town.get("/v1/me", mia.token))["questions"] == []
        await town.wait(minutes=6)
        assert await triggers(town) == []

    async def test_she_says_that_all_is_well(self, town: Town) -> None:
        """Not asked again for the same; under duress it looks taken, and staff hear of it."""
        mia = await mia_in_town(town)
        await sets_out(town, mia, minutes=120)
        await walks(town, mia, north_m=(200, 700, *[720] * 11))
        assert (await town.call("POST", "/v1/me/all-right", mia.token, {"pin": PIN})).status == 200
        await walks(town, mia, north_m=tuple([720] * 10))
        assert (await triggers(town), (await town.get("/v1/me", mia.token))["questions"]) == ([], [])

    async def test_a_silent_phone_is_asked_after(self, town: Town) -> None:
        """No contact: she first."""
        mia = await mia_in_town(town)
        await sets_out(town, mia, minutes=120, lost_after_seconds=600, ask_seconds=120)
        await walks(town, mia, north_m=(200, 700))
        await town.wait(minutes=13)
        assert len((await town.get("/v1/me", mia.token))["questions"]) == 1
        await town.wait(minutes=2)
        incident = await town.incident()
        assert incident["trigger"] == "contact_lost"
        assert "journey_no_contact" in [entry["kind"] for entry in incident["timeline"]]
        await walks(town, mia, north_m=(1200,))
        assert "journey_not_no_contact" in [entry["kind"] for entry in (await town.incident())["timeline"]]

    async def test_arriving_after_all_is_a_claim(self, town: Town) -> None:
        """Others know of it by then: her PIN stands it down, and staff close it."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia, minutes=120, ask_seconds=60)
        await walks(town, mia, north_m=(200, 700, *[720] * 12))
        await town.wait(minutes=2)
        assert (await town.incident())["stood_down_at"] is None
        assert (await ends(town, mia, journey, "complete")).body["state"] == "completed"
        assert (await town.incident())["stood_down_at"] is not None


class TestFailing:
    """A deadline that passes."""

    async def test_not_arriving_tells_others_and_shows_plan_and_trail(self, town: Town) -> None:
        """As any check-in that is missed; contacts see as much as she shared and they may."""
        mia = await mia_in_town(town)
        for name, sees in (("Cleo", "live"), ("Dana", "place"), ("Eva", "message")):
            await town.contact(mia.person, name, sees=sees)
        await sets_out(town, mia, label="the library")
        await walks(town, mia, north_m=(200, 700, 900))
        await town.wait(minutes=36)
        incident = await town.incident()
        assert incident["trigger"] == "missed_check_in"
        assert [plan["label"] for plan in incident["journeys"]] == ["the library"]
        seen = [await contact_sees(town, name) for name in ("cleo", "dana", "eva")]
        assert [(set(shown), len(shown.get("trail", ()))) for shown in seen] == [
            ({"id", "begun_at", "label", "destination", "radius_m", "trail"}, 3),
            ({"id", "begun_at", "label", "destination", "radius_m"}, 0),
            (set(), 0),
        ]
        await town.act(incident["id"], "resolve", disposition="safe")
        await town.wait(hours=71)
        await town.assembly.housekeeping.tidy()
        assert len((await town.incident(incident["id"]))["journeys"]) == 1
        await town.wait(hours=2)
        await town.assembly.housekeeping.tidy()
        assert (await town.incident(incident["id"]))["journeys"] == []

    async def test_what_she_did_not_share_contacts_do_not_see(self, town: Town) -> None:
        """Whatever they see otherwise; responders do."""
        mia = await mia_in_town(town)
        await town.contact(mia.person, "Cleo", sees="live")
        await sets_out(town, mia, share="nothing")
        await town.wait(minutes=36)
        assert await contact_sees(town, "cleo") == {}
        assert len((await town.incident())["journeys"]) == 1

    async def test_a_press_on_the_way_shows_where_she_was_going(self, town: Town) -> None:
        """And arriving destroys the plan all the same."""
        mia = await mia_in_town(town)
        await sets_out(town, mia)
        await walks(town, mia, north_m=(200, 700))
        await town.press(mia, immediate=True)
        assert len((await town.incident())["journeys"]) == 1
        await walks(town, mia, north_m=(1980, 2000))
        assert (await town.incident())["journeys"] == []

    async def test_under_duress_the_true_deadline_runs_on(self, town: Town) -> None:
        """It looks completed; staff hear of it, see where she was going, and of the deadline too."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        await walks(town, mia, north_m=(200, 700))
        assert (await ends(town, mia, journey, "complete", TWIN)).body["state"] == "completed"
        assert (await of(town, mia, journey))["state"] == "completed"
        assert await triggers(town) == ["duress"]
        assert not await key_is_gone(town, journey)
        assert len((await town.incident())["journeys"]) == 1
        await town.wait(minutes=35)
        assert sorted(await triggers(town)) == ["duress", "missed_check_in"]

    async def test_a_wrong_pin_ends_nothing(self, town: Town) -> None:
        """Nor one that is missing."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        assert (await ends(town, mia, journey, "complete", "0000")).status == 403
        assert (await town.call("POST", f"/v1/journeys/{journey['id']}/cancel", mia.token)).status == 422
        assert (await of(town, mia, journey))["state"] == "under_way"

    async def test_extending_is_bounded(self, town: Town) -> None:
        """An hour from the first time, and no more."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        later = [(town.clock.now() + timedelta(minutes=m)).isoformat() for m in (80, 100)]
        assert (await ends(town, mia, journey, "extend", due_at=later[0])).status == 200
        refused = await ends(town, mia, journey, "extend", due_at=later[1])
        assert (refused.status, refused.problem) == (422, "extends-too-far")

    async def test_erasing_her_erases_it(self, town: Town) -> None:
        """Her key and the journey's."""
        mia = await mia_in_town(town)
        journey = await sets_out(town, mia)
        assert (await town.call("DELETE", f"/v1/people/{mia.person}", town.admin)).status == 204
        assert await key_is_gone(town, journey)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"destination": {"latitude": 89.9, "longitude": 0}}, "destination.center"),
        ({"destination": {"latitude": 41.9}}, "destination.longitude"),
        ({"destination": {"latitude": 41.9, "longitude": -87.6, "radius_m": 5}}, "destination.radius_m"),
        ({"arrive_by": "2026-11-24T17:00:00Z"}, "arrive_by"),
        ({"arrive_by": "2026-11-24T19:00:00"}, "arrive_by"),
        ({"lost_after_seconds": 1}, "lost_after_seconds"),
        ({"share": "everything"}, "share"),
    ],
)
async def test_what_cannot_be_is_refused(town: Town, fields: dict[str, Any], field: str) -> None:
    """The field is named."""
    mia = await mia_in_town(town)
    body = {"destination": {"latitude": 41.9, "longitude": -87.6}, "arrive_by": "2026-11-24T19:00:00Z", **fields}
    refused = await town.call("POST", "/v1/journeys", mia.token, body)
    assert refused.status == 422, refused.raw
    assert refused.body["errors"][0]["field"] in {field, field.rpartition(".")[0]}
