"""Zones: places to keep out of and places to be in, from the map or the court order to who is told.

It is Tuesday noon in Chicago. HOME is in the Loop; the house on Maple Street is a place that Mia keeps out of.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web

from alerts.geography import Point
from tests.services.test_directory import other_agency
from tests.services.town import PIN, TWIN, Phone, Town

HOME = (41.8800, -87.6300)
MAPLE_STREET = (41.9000, -87.6300)
A_METRE = 1 / 111_000
NIGHTS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "21:00", "end": "07:00"}]


async def mia_in_town(town: Town, **fields: Any) -> Phone:
    """Mia, with a mailbox that she marked as safe."""
    reach = [{**town.hook("mia"), "safety": "safe"}]
    return await town.mia(time_zone="America/Chicago", reach=reach, **fields)


async def zone(town: Town, phone: Phone, **fields: Any) -> Any:
    """A zone of two hundred metres, as staff make it."""
    latitude, longitude = fields.pop("at", MAPLE_STREET)
    shape: dict[str, Any] = {"center": {"latitude": latitude, "longitude": longitude}, "radius_m": 200}
    body = {"name": "Maple Street", "kind": "exclusion", **shape, **fields}
    made = await town.post(f"/v1/people/{phone.person}/zones", town.admin, body)
    await town.settled()
    return made


async def home(town: Town, phone: Phone, **fields: Any) -> Any:
    """She is expected at home at night."""
    return await zone(town, phone, **{"name": "HOME", "kind": "safe", "at": HOME, "hours": NIGHTS, **fields})


async def is_at(
    town: Town, phone: Phone, place: tuple[float, float], *, north_m: float = 0, late: float = 0, **fields: Any
) -> None:
    """A position, so many metres north of a place, ten seconds after the last one; `late`: taken so much earlier."""
    town.clock.jump(seconds=10)
    at = (town.clock.now() - timedelta(seconds=late)).isoformat()
    fix = {"latitude": place[0] + north_m * A_METRE, "longitude": place[1], "at": at, "accuracy": 15, **fields}
    answer = await town.call("POST", "/v1/locations", phone.token, {"fixes": [fix]})
    assert answer.status == 202, answer.raw
    await town.settled()


async def known(town: Town, phone: Phone) -> Any:
    """What is known of where she is; None when nothing is."""
    found = await town.assembly.store.read(lambda tx: tx.whereabouts([phone.person]))
    return found.get(phone.person)


async def triggers(town: Town) -> list[str]:
    """Of everything that is live."""
    return [trigger["kind"] for row in await town.live() for trigger in row["triggers"]]


class TestKeepingOut:
    """A place to keep out of."""

    async def test_whoever_comes_near_is_helped(self, town: Town) -> None:
        """Two positions inside: dispatch and contacts hear of it, and staff see where."""
        mia = await mia_in_town(town)
        made = await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        await is_at(town, mia, MAPLE_STREET, north_m=100)
        assert await triggers(town) == []
        await is_at(town, mia, MAPLE_STREET, north_m=50)
        incident = await town.incident()
        assert (incident["trigger"], incident["severity"]) == ("zone", "severe")
        assert incident["location"]["latitude"] == pytest.approx(MAPLE_STREET[0] + 50 * A_METRE)
        lines = [(line["kind"], line["values"].get("name")) for line in incident["timeline"]]
        assert ("zone_inside_exclusion", "Maple Street") in lines
        assert town.sink.purposes("dispatch") == town.sink.purposes("ana") == ["alert"]
        assert made["id"] not in town.sink.to("ana")[0].body.decode()
        assert "Maple" not in town.sink.to("ana")[0].body.decode()

    async def test_a_phone_that_falls_silent_was_there_all_the_same(self, town: Town) -> None:
        """One position inside, and no other: after half a minute it counts. One that was alone does not."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        for north in (900, 50, 900):
            await is_at(town, mia, MAPLE_STREET, north_m=north)
        await town.wait(minutes=5)
        assert await triggers(town) == []
        await is_at(town, mia, MAPLE_STREET, north_m=50)
        await town.wait(seconds=31)
        incident = await town.incident()
        assert (incident["trigger"], incident["location"]["latitude"] > MAPLE_STREET[0]) == ("zone", True)
        await is_at(town, mia, MAPLE_STREET, north_m=40)
        assert await triggers(town) == ["zone"]

    async def test_a_position_that_may_lie_on_either_side_changes_nothing(self, town: Town) -> None:
        """However many there are."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        for _ in range(5):
            await is_at(town, mia, MAPLE_STREET, north_m=150, accuracy=80)
        assert await triggers(town) == []

    async def test_through_it_and_out_again_was_inside(self, town: Town) -> None:
        """Both positions are outside; the way between them is not."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=600)
        await is_at(town, mia, MAPLE_STREET, north_m=-600)
        assert await triggers(town) == ["zone"]

    async def test_what_comes_late_moves_nothing_back(self, town: Town) -> None:
        """The last position stays the last one, in whatever order they come."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        for _ in range(3):
            await is_at(town, mia, MAPLE_STREET, late=60)
        assert await triggers(town) == []
        assert (await known(town, mia)).track.last.latitude == pytest.approx(MAPLE_STREET[0] + 900 * A_METRE)

    async def test_an_alarm_begins_where_she_was_seen_last(self, town: Town) -> None:
        """A press without a position, of somebody who is followed."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        await town.press(mia, immediate=True)
        assert (await town.incident())["location"]["latitude"] == pytest.approx(MAPLE_STREET[0] + 900 * A_METRE)

    async def test_whoever_was_erased_is_nowhere(self, town: Town) -> None:
        """What lies there under a key that is gone stands in nobody's way."""
        mia = await mia_in_town(town)
        await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        assert (await town.call("DELETE", f"/v1/people/{mia.person}", town.admin)).status == 204
        assert await known(town, mia) is None

    async def test_passing_by_is_borne_where_it_was_agreed(self, town: Town) -> None:
        """Five minutes: out again in time, nobody hears of it; the second time she stays."""
        mia = await mia_in_town(town)
        await zone(town, mia, wait_seconds=300)
        for north in (900, 50, 50):
            await is_at(town, mia, MAPLE_STREET, north_m=north)
        await town.wait(minutes=2)
        for _ in range(2):
            await is_at(town, mia, MAPLE_STREET, north_m=900)
        await town.wait(minutes=10)
        assert await triggers(town) == []
        for _ in range(2):
            await is_at(town, mia, MAPLE_STREET, north_m=50)
        await town.wait(minutes=4)
        assert await triggers(town) == []
        await town.wait(minutes=1)
        assert await triggers(town) == ["zone"]

    async def test_an_outline_drawn_by_hand(self, town: Town) -> None:
        """The same for four corners."""
        mia = await mia_in_town(town)
        corners = [(41.899, -87.632), (41.899, -87.628), (41.901, -87.628), (41.901, -87.632)]
        polygon = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in corners]
        made = await zone(town, mia, center=None, radius_m=None, polygon=polygon)
        assert made["polygon"] == polygon
        for north in (900, 0, 0):
            await is_at(town, mia, MAPLE_STREET, north_m=north)
        assert await triggers(town) == ["zone"]

    async def test_a_court_order_ends_with_its_day(self, town: Town) -> None:
        """The last second of it in Chicago still counts."""
        mia = await mia_in_town(town)
        order = {"court": "Cook County", "number": "26 OP 7", "granted_on": "2026-05-01", "expires_on": "2026-11-24"}
        made = await zone(town, mia, address="12 Maple Street", order=order)
        assert (made["address"], made["order"]["number"]) == ("12 Maple Street", "26 OP 7")
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        await town.wait(hours=11, minutes=59)
        for _ in range(2):
            await is_at(town, mia, MAPLE_STREET)
        assert await triggers(town) == ["zone"]
        await town.act((await town.live())[0]["id"], "resolve", disposition="safe")
        await town.wait(minutes=2)
        for north in (900, 900, 0, 0):
            await is_at(town, mia, MAPLE_STREET, north_m=north)
        assert await triggers(town) == []


class TestBeingExpected:
    """A place to be in at certain hours."""

    async def test_she_is_asked_first_and_then_others_are_told(self, town: Town) -> None:
        """She is on the other side of town at nine."""
        mia = await mia_in_town(town)
        made = await home(town, mia)
        assert (made["expected"], made["wait_seconds"], made["time_zone"]) == (True, 300, "America/Chicago")
        await is_at(town, mia, MAPLE_STREET)
        await town.wait(hours=8, minutes=59)
        assert (await town.get("/v1/me", mia.token))["questions"] == []
        await town.wait(minutes=1)
        (question,) = (await town.get("/v1/me", mia.token))["questions"]
        assert (question["why"], question["answer_by"]) == ("zone_expected", "2026-11-25T03:05:00Z")
        assert [one.json["data"]["purpose"] for one in town.sink.to("mia")] == ["question"]
        assert "HOME" not in town.sink.to("mia")[0].body.decode()
        assert await triggers(town) == []
        await town.wait(minutes=5)
        incident = await town.incident()
        assert incident["trigger"] == "zone"
        assert "zone_not_where_expected" in [line["kind"] for line in incident["timeline"]]

    async def test_coming_home_in_time_settles_it(self, town: Town) -> None:
        """The question is gone, and nobody hears of it."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await is_at(town, mia, MAPLE_STREET)
        await town.wait(hours=9, minutes=2)
        for _ in range(2):
            await is_at(town, mia, HOME)
        assert (await town.get("/v1/me", mia.token))["questions"] == []
        await town.wait(hours=9)
        assert await triggers(town) == []

    async def test_leaving_at_night(self, town: Town) -> None:
        """At two, when she should be there until seven; before that, and on Saturday, she may."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await is_at(town, mia, HOME)
        await town.wait(hours=14)
        for _ in range(2):
            await is_at(town, mia, MAPLE_STREET)
        await town.wait(minutes=5)
        assert await triggers(town) == ["zone"]

    async def test_on_a_free_evening_nobody_asks(self, town: Town) -> None:
        """Saturday at nine."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await town.wait(hours=9)
        for _ in range(2):
            await is_at(town, mia, HOME)
        await town.wait(hours=24 * 3 + 12)
        await is_at(town, mia, MAPLE_STREET)
        await is_at(town, mia, MAPLE_STREET)
        await town.wait(hours=24)
        assert await triggers(town) == []

    async def test_where_nobody_knows_where_she_is_somebody_asks(self, town: Town) -> None:
        """No position is not no alarm."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await town.wait(hours=9, minutes=5)
        incident = await town.incident()
        assert "zone_nobody_knows" in [line["kind"] for line in incident["timeline"]]

    async def test_she_says_that_all_is_well(self, town: Town) -> None:
        """It holds for this night; the next one is another."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await is_at(town, mia, MAPLE_STREET)
        await town.wait(hours=9, minutes=1)
        wrong = await town.call("POST", "/v1/me/all-right", mia.token, {"pin": "0000"})
        assert (wrong.status, (await town.call("POST", "/v1/me/all-right", mia.token)).status) == (403, 422)
        well = await town.call("POST", "/v1/me/all-right", mia.token, {"pin": PIN})
        assert (well.status, well.body) == (200, {"questions": []})
        again = await town.call("POST", "/v1/me/all-right", mia.token, {"pin": PIN})
        assert (again.status, again.problem) == (409, "not-asked")
        await town.wait(hours=12)
        assert await triggers(town) == []
        await town.wait(hours=12, minutes=5)
        assert await triggers(town) == ["zone"]

    async def test_under_duress_it_looks_just_so(self, town: Town) -> None:
        """The same answer; staff are told at once, and the question stands."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await is_at(town, mia, MAPLE_STREET)
        await town.wait(hours=9, minutes=1)
        well = await town.call("POST", "/v1/me/all-right", mia.token, {"pin": TWIN})
        assert (well.status, well.body) == (200, {"questions": []})
        await town.settled()
        assert (await triggers(town), (await town.get("/v1/me", mia.token))["questions"]) == (["duress"], [])
        await town.wait(minutes=5)
        assert sorted(await triggers(town)) == ["duress", "zone"]

    async def test_after_an_outage_she_is_asked_again(self, town: Town) -> None:
        """What she may have done meanwhile nobody could hear of."""
        mia = await mia_in_town(town)
        await home(town, mia)
        await is_at(town, mia, MAPLE_STREET)
        await town.stop()
        town.clock.jump(hours=10)
        await town.start()
        await town.settled()
        assert await triggers(town) == []
        (question,) = (await town.get("/v1/me", mia.token))["questions"]
        for _ in range(2):
            await is_at(town, mia, HOME)
        await town.wait(minutes=10)
        assert (question["why"], await triggers(town)) == ("zone_expected", [])


class TestMaking:
    """What staff do with zones."""

    async def test_a_zone_that_is_gone_is_forgotten(self, town: Town) -> None:
        """And so is where she was."""
        mia = await mia_in_town(town)
        made = await zone(town, mia)
        await is_at(town, mia, MAPLE_STREET, north_m=900)
        assert (await known(town, mia)).track.last is not None
        assert [rule["kind"] for rule in (await town.get("/v1/me", mia.token))["rules"]] == ["exclusion_zone"]
        assert (await town.call("DELETE", f"/v1/zones/{made['id']}", town.admin)).status == 204
        await town.settled()
        assert await known(town, mia) is None
        assert (await town.get("/v1/me", mia.token))["rules"] == []
        for _ in range(3):
            await is_at(town, mia, MAPLE_STREET)
        assert (await known(town, mia), await triggers(town)) == (None, [])

    async def test_a_zone_that_is_moved_is_watched_where_it_is_now(self, town: Town) -> None:
        """Another name changes nothing; another place does."""
        mia = await mia_in_town(town)
        made = await zone(town, mia)
        await is_at(town, mia, HOME)
        changed = await town.call("PATCH", f"/v1/zones/{made['id']}", town.admin, {"name": "The house"})
        assert (changed.body["name"], changed.body["radius_m"]) == ("The house", 200)
        center = {"latitude": HOME[0], "longitude": HOME[1]}
        await town.call("PATCH", f"/v1/zones/{made['id']}", town.admin, {"center": center, "radius_m": 100})
        await town.settled()
        await is_at(town, mia, HOME)
        await is_at(town, mia, HOME)
        assert await triggers(town) == ["zone"]

    async def test_it_is_nobody_elses(self, town: Town) -> None:
        """Another agency, and whoever may not see her, finds nothing."""
        mia = await mia_in_town(town)
        made = await zone(town, mia)
        elsewhere = await other_agency(town)
        assert (await town.call("GET", f"/v1/zones/{made['id']}", elsewhere)).status == 404
        assert (await town.call("DELETE", f"/v1/zones/{made['id']}", elsewhere)).status == 404
        assert (await town.call("GET", f"/v1/people/{mia.person}/zones", elsewhere)).status == 404

    @pytest.mark.parametrize(
        ("fields", "field", "text"),
        [
            ({"center": {"latitude": 89.99, "longitude": 0}}, "center", "too near a pole"),
            ({"center": {"latitude": -16.8, "longitude": 179.9999}}, "center", "date line"),
            ({"radius_m": None}, "radius_m", "is missing"),
            ({"center": None, "radius_m": None}, "center", "give either"),
            ({"center": None, "radius_m": None, "address": "12 Maple Street"}, "center", "/v1/geocode"),
            ({"expected": True}, "expected", "safe zone only"),
            ({"time_zone": "Mars/Olympus"}, "time_zone", "is not a known IANA time zone"),
            ({"hours": [{"days": ["mon"], "start": "25:00", "end": "07:00"}]}, "hours[0].start", ""),
            ({"hours": [{"days": ["mon", "mon"], "start": "21:00", "end": "07:00"}]}, "hours[0].days", "twice"),
            ({"radius_m": 5}, "radius_m", ""),
        ],
    )
    async def test_what_cannot_be_watched_is_refused(
        self, town: Town, fields: dict[str, Any], field: str, text: str
    ) -> None:
        """The field is named, and what to do."""
        mia = await mia_in_town(town)
        body = {"name": "Maple Street", "kind": "exclusion", "radius_m": 200}
        body |= {"center": {"latitude": MAPLE_STREET[0], "longitude": MAPLE_STREET[1]}, **fields}
        refused = await town.call("POST", f"/v1/people/{mia.person}/zones", town.admin, body)
        assert refused.status == 422, refused.raw
        (error,) = refused.body["errors"]
        assert (error["field"], text in error["message"]) == (field, True), error

    async def test_a_crossing_outline_names_its_corner(self, town: Town) -> None:
        """A bow tie."""
        mia = await mia_in_town(town)
        corners = [(41.899, -87.632), (41.901, -87.628), (41.899, -87.628), (41.901, -87.632)]
        polygon = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in corners]
        body = {"name": "Maple Street", "kind": "exclusion", "polygon": polygon}
        refused = await town.call("POST", f"/v1/people/{mia.person}/zones", town.admin, body)
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, "polygon[2]")


class TestLookingUp:
    """The geocoder: an agency's own, or none."""

    async def test_without_one_staff_take_the_map(self, town: Town) -> None:
        """And are told so."""
        refused = await town.call("POST", "/v1/geocode", town.admin, {"address": "12 Maple Street"})
        assert (refused.status, refused.problem) == (409, "no-geocoder")

    @pytest.mark.parametrize(
        ("answer", "status", "found"),
        [
            ([{"lat": "41.9", "lon": "-87.63", "display_name": "12, Maple Street"}], 200, [(41.9, -87.63)]),
            ([], 200, []),
            ([{"lat": "up", "lon": "-87.63"}], 503, None),
            ({"error": "no"}, 503, None),
            (None, 503, None),
        ],
    )
    async def test_an_address_becomes_places_to_choose_from(
        self, town: Town, answer: Any, status: int, found: list[tuple[float, float]] | None
    ) -> None:
        """Whatever the geocoder answers; its answers have the form that Nominatim documents."""
        asked: list[str] = []

        async def search(request: web.Request) -> web.Response:
            asked.append(request.query["q"])
            return web.json_response(answer) if answer is not None else web.Response(status=429)

        app = web.Application()
        app.router.add_get("/search", search)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        await town.stop()
        town.settings = msgspec.structs.replace(town.settings, geocoder_url=f"http://127.0.0.1:{port}")
        await town.start()
        try:
            reply = await town.call("POST", "/v1/geocode", town.admin, {"address": "12 Maple Street"})
        finally:
            await runner.cleanup()
        assert (reply.status, asked) == (status, ["12 Maple Street"])
        if found is not None:
            places = [Point(place["latitude"], place["longitude"]) for place in reply.body["places"]]
            assert places == [Point(*place) for place in found]
