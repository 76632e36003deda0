"""Trackers that people have already, and the ping: what the apps really send becomes positions and answers.

The payloads have the forms that https://owntracks.org/booklet/tech/json/ and https://www.traccar.org/osmand/ document.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.signal_base import Fix
from services.web.service import BODY_LIMIT, new_id
from tests.services.jump_clock import NOON
from tests.services.test_directory import other_agency
from tests.services.test_wording import GIVES_AWAY
from tests.services.town import Answer, Phone, Town

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
SECONDS = int(NOON.timestamp())


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """A device with its keys."""

    phone: Phone
    tracker: str
    ping: str


async def tracked(town: Town, person: str, **fields: Any) -> Tracked:
    """A device for her, as staff add it."""
    made = await town.post(f"/v1/people/{person}/devices", town.admin, {"name": "old phone", **fields})
    phone = Phone(person=person, device=made["id"], token=made["token"], panic=made["panic_token"])
    return Tracked(phone=phone, tracker=made["tracker_key"], ping=made["ping_key"])


async def mia_in_trouble(town: Town) -> Tracked:
    """Mia with a tracker, while an incident is live."""
    mia = await town.mia()
    device = await tracked(town, mia.person)
    await town.press(mia, immediate=True)
    return device


async def trail(town: Town, device: Tracked) -> list[Fix]:
    """Every position of hers that was kept."""
    await town.settled()
    since = datetime(1971, 1, 1, tzinfo=UTC)
    found: list[Fix] = await town.assembly.store.read(lambda tx: tx.trail(device.phone.person, since))
    return found


def places(fixes: list[Fix]) -> list[tuple[float, float]]:
    """Where they are."""
    return [(fix.latitude, fix.longitude) for fix in fixes]


def owntracks_location(**fields: Any) -> dict[str, Any]:
    """What the iOS app sends, with all that it may add."""
    return {
        "_type": "location",
        "BSSID": "b0:f2:8:45:94:33",
        "SSID": "Home Wi-Fi",
        "acc": 14,
        "alt": 154,
        "batt": 53,
        "bs": 1,
        "cog": 200,
        "conn": "w",
        "created_at": SECONDS,
        "inregions": ["Home"],
        "inrids": ["6da9cf"],
        "lat": 50.1234567,
        "lon": 8.7654321,
        "m": 1,
        "p": 100.4,
        "t": "u",
        "tid": "MI",
        "topic": "owntracks/mia/phone",
        "vac": 4,
        "tst": SECONDS - 60,
        "vel": 18,
        **fields,
    }


def traccar_location(**fields: Any) -> dict[str, Any]:
    """One position as Traccar Client 9 sends it."""
    return {
        "timestamp": "2026-11-24T17:58:12.862Z",
        "coords": {
            "latitude": 37.4219983,
            "longitude": -122.084,
            "accuracy": 5,
            "speed": 18.67,
            "heading": -1,
            "altitude": 5,
        },
        "is_moving": False,
        "odometer": 0,
        "event": "motionchange",
        "battery": {"level": 0.79, "is_charging": False},
        "activity": {"type": "still"},
        "extras": {},
        "_": "&id=48241179&lat=37.4219983&lon=-122.084&timestamp=2026-11-24T17:58:12.862Z&",
        **fields,
    }


# Keys
async def test_a_device_comes_with_keys_that_are_shown_once(town: Town) -> None:
    """And the addresses to enter; never again, and not of the kind that opens anything else."""
    mia = await town.mia()
    made = await town.post(f"/v1/people/{mia.person}/devices", town.admin, {"name": "watch"})
    for key in (made["tracker_key"], made["ping_key"]):
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key)
        assert (await town.call("GET", "/v1/me", key)).status == 403
    assert made["owntracks_url"] == f"https://porchlight.test/owntracks/{made['tracker_key']}"
    assert made["osmand_url"] == f"https://porchlight.test/osmand?id={made['tracker_key']}"
    assert made["ping_url"] == f"https://porchlight.test/ping/{made['ping_key']}"
    again = await town.get(f"/v1/devices/{made['id']}", town.admin)
    assert again == {"id": made["id"], "name": "watch", "ping_allowed": False}


async def test_a_device_gets_new_keys_and_the_old_ones_are_dead(town: Town) -> None:
    """For a device from before there were any, and for one whose keys were seen; her tokens live on."""
    mia = await town.mia()
    device = await tracked(town, mia.person)
    made = await town.post(f"/v1/devices/{device.phone.device}/keys", town.admin)
    old = await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location())
    assert (old.status, old.problem) == (401, "no-token")
    assert (await town.call("POST", f"/ping/{device.ping}")).status == 401
    new = await town.call("POST", f"/owntracks/{made['tracker_key']}", None, owntracks_location())
    assert (new.status, new.body) == (200, [])
    assert (await town.call("GET", "/v1/me", device.phone.token)).status == 200


async def test_keys_are_made_for_ones_own_people_only(town: Town) -> None:
    """Another agency's device is an unknown one."""
    mia = await town.mia()
    eve = await other_agency(town)
    theirs = await town.call("POST", f"/v1/devices/{mia.device}/keys", eve, {})
    unknown = await town.call("POST", f"/v1/devices/{new_id()}/keys", eve, {})
    assert (theirs.status, theirs.raw) == (unknown.status, unknown.raw) == (404, unknown.raw)


async def test_keys_of_a_device_that_is_gone_are_dead_at_once(town: Town) -> None:
    """They get what an unknown key gets, byte for byte."""
    mia = await town.mia()
    device = await tracked(town, mia.person)
    fix = {"lat": "41.9", "lon": "-87.6"}
    ways = [
        ("POST", "/owntracks/{key}", device.tracker),
        ("GET", "/osmand?id={key}&" + urlencode(fix), device.tracker),
        ("POST", "/ping/{key}", device.ping),
        ("GET", "/ping/{key}", device.ping),
    ]
    for method, path, key in ways:
        assert (await town.call(method, path.format(key=key))).status in {200, 403}
    assert (await town.call("DELETE", f"/v1/devices/{device.phone.device}", town.admin)).status == 204
    for method, path, key in ways:
        dead = await town.call(method, path.format(key=key))
        others = [device.phone.token, town.admin, "x", "x" * 5000, quote("\u00e9\x00"), "A" * 43]
        for other in others:
            unknown = await town.call(method, path.format(key=other))
            assert (dead.status, dead.raw) == (unknown.status, unknown.raw) == (401, unknown.raw)


async def test_each_key_does_its_own(town: Town) -> None:
    """A tracker cannot ping, a ping is no tracker, and no key at all is none."""
    device = await tracked(town, (await town.mia()).person)
    assert (await town.call("POST", f"/ping/{device.tracker}")).status == 401
    assert (await town.call("POST", f"/owntracks/{device.ping}", None, owntracks_location())).status == 401
    assert (await town.call("GET", "/osmand?lat=41.9&lon=-87.6")).status == 401


# OwnTracks
async def test_what_owntracks_sends_becomes_a_position(town: Town) -> None:
    """Percent, kilometres an hour and seconds become ours; the rest is passed over."""
    device = await mia_in_trouble(town)
    answer = await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location())
    assert (answer.status, answer.raw) == (200, b"[]")
    assert answer.headers["Content-Type"].startswith("application/json")
    (kept,) = await trail(town, device)
    assert (kept.latitude, kept.longitude, kept.accuracy) == (50.1234567, 8.7654321, 14)
    assert kept.at == NOON - timedelta(seconds=60)
    assert (kept.speed, kept.battery) == (pytest.approx(5.0), 0.53)


NO_LOCATIONS: list[Any] = [
    {"_type": "transition", "wtst": 1, "lat": 12.34, "lon": 44.5, "tst": SECONDS, "acc": 13, "event": "enter"},
    {"_type": "waypoint", "desc": "Home", "lat": 12.34, "lon": 44.5, "rad": 50, "tst": SECONDS},
    {"_type": "waypoints", "waypoints": []},
    {"_type": "lwt", "tst": SECONDS},
    {"_type": "status", "android": {"wifi": 1}},
    {"_type": "card", "name": "Mia", "tid": "MI"},
    {"_type": "cmd", "action": "dump"},
    {"_type": "steps", "tst": SECONDS, "steps": 12},
    {"_type": "encrypted", "data": "bm9uY2UgYW5kIGNpcGhlcnRleHQ="},
    {"_type": ["location"], "lat": 1, "lon": 1, "tst": SECONDS},
    {"lat": 1, "lon": 1, "tst": SECONDS},
    [],
    None,
]


async def test_what_is_no_location_is_accepted_and_passed_over(town: Town) -> None:
    """The app would send anything else than a success again and again."""
    device = await mia_in_trouble(town)
    for sent in NO_LOCATIONS:
        answer = await town.call("POST", f"/owntracks/{device.tracker}", None, sent)
        assert (answer.status, answer.raw) == (200, b"[]"), sent
    assert await trail(town, device) == []


async def test_one_that_cannot_be_holds_nothing_up(town: Town) -> None:
    """The app keeps all later ones back until it hears a success: it does, and the figures say why."""
    device = await mia_in_trouble(town)
    nonsense: list[dict[str, Any]] = [{"lat": 91}, {"lon": "east"}, {"lat": None}, {"tst": None}, {"tst": 1e300}]
    for wrong in (*nonsense, {}):
        answer = await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location(**wrong))
        assert (answer.status, answer.raw) == (200, b"[]"), wrong
    assert len(await trail(town, device)) == 1
    text = (await town.call("GET", "/metrics")).raw.decode()
    assert 'porchlight_fixes_refused_total{source="owntracks",why="nonsense"} 5.0' in text
    assert 'porchlight_fixes_total{source="owntracks"} 1.0' in text


async def test_an_encrypted_message_is_counted(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody here has its key: whoever looks after the service sees that there are some."""
    device = await tracked(town, (await town.mia()).person)
    await town.call("POST", f"/owntracks/{device.tracker}", None, {"_type": "encrypted", "data": "Q2hhcmxvdHRl"})
    text = (await town.call("GET", "/metrics")).raw.decode()
    assert 'porchlight_fixes_refused_total{source="owntracks",why="encrypted"} 1.0' in text
    printed = capfd.readouterr()
    assert "fix_refused" in printed.out + printed.err
    assert "Q2hhcmxvdHRl" not in printed.out + printed.err


async def test_odd_speed_and_battery_cost_nobody_a_position(town: Town) -> None:
    """What the app does not know it sends as -1."""
    device = await mia_in_trouble(town)
    sent = owntracks_location(vel=-1, batt=-1, acc=-1, lat="50.5")
    assert (await town.call("POST", f"/owntracks/{device.tracker}", None, sent)).status == 200
    (kept,) = await trail(town, device)
    assert (kept.latitude, kept.speed, kept.battery, kept.accuracy) == (50.5, None, None, None)


# Traccar Client
async def osmand(town: Town, method: str, key: str, query: str, *, form: bool = False) -> Answer:
    """A request with parameters, in the address or in the body."""
    if form:
        return await town.call(method, "/osmand", raw=f"id={key}&{query}".encode(), headers=FORM)
    return await town.call(method, f"/osmand?id={key}&{query}")


@pytest.mark.parametrize("form", [False, True])
async def test_what_traccar_client_sends_becomes_a_position(town: Town, *, form: bool) -> None:
    """Version 8 posts parameters; knots and percent become ours."""
    device = await mia_in_trouble(town)
    query = (
        f"timestamp={SECONDS - 90}&lat=41.666667&lon=-0.883333&speed=9.71922&bearing=180.0&altitude=350.05"
        "&accuracy=12.5&batt=87.0&charge=true"
    )
    answer = await osmand(town, "POST", device.tracker, query, form=form)
    assert (answer.status, answer.raw) == (200, b"")
    (kept,) = await trail(town, device)
    assert (kept.latitude, kept.longitude, kept.accuracy) == (41.666667, -0.883333, 12.5)
    assert (kept.speed, kept.battery) == (pytest.approx(5.0), 0.87)
    assert kept.at == NOON - timedelta(seconds=90)


WAYS: list[tuple[str, str, tuple[float, float]]] = [
    ("timestamp=2026-11-24T17%3A55%3A47Z&lat=42.06288&lon=-88.23412&hdop=6.0", "17:55:47", (42.06288, -88.23412)),
    ("timestamp=2026-11-24T18:55:47%2B01:00&lat=42.06288&lon=-88.23412", "17:55:47", (42.06288, -88.23412)),
    ("timestamp=2026-11-24T18:55:47+01:00&lat=42.06288&lon=-88.23412", "17:55:47", (42.06288, -88.23412)),
    ("timestamp=2026-11-24T17:55:47&lat=42.06288&lon=-88.23412", "17:55:47", (42.06288, -88.23412)),
    (f"timestamp={SECONDS - 10}579&lat=42.06288&lon=-88.23412&speed=0.0", "17:59:50", (42.06288, -88.23412)),
    ("lat=49.60688&lon=6.15788&timestamp=2026-11-24+09%3A10%3A11&altitude=384.7", "09:10:11", (49.60688, 6.15788)),
    (f"timestamp={SECONDS - 60}&location=60.0,30.0", "17:59:00", (60.0, 30.0)),
    ("lat=60.1&lon=30.0&heading=0.0&vacc=0&hacc=0", "18:00:00", (60.1, 30.0)),
    ("lat=60.2&lon=30.0&valid=true&ignition=true&rpm=933&fuel=24", "18:00:00", (60.2, 30.0)),
]


async def test_every_way_to_write_time_and_place_is_understood(town: Town) -> None:
    """Seconds, milliseconds, ISO 8601, a plain date and time; none is now."""
    for query, at, place in WAYS:
        device = await mia_in_trouble(town)
        assert (await osmand(town, "GET", device.tracker, query)).status == 200
        (fix,) = await trail(town, device)
        assert places([fix]) == [place], query
        assert fix.at.isoformat().startswith(f"2026-11-24T{at}"), query


async def test_a_report_without_a_place_is_accepted_and_passed_over(town: Town) -> None:
    """Towers only, a position that the tracker calls invalid, or the zeros that stand for none."""
    device = await mia_in_trouble(town)
    for query in (
        "timestamp=1377177267&cell=257,02,16,2224&cell=257,02,16,2223,-90&wifi=00-14-22-01-23-45,-80",
        "timestamp=1377177267&lat=60.0&lon=30.0&valid=false",
        "timestamp=1377177267&lat=0.0&lon=0.0",
    ):
        assert (await osmand(town, "POST", device.tracker, query)).status == 200, query
    assert await trail(town, device) == []


@pytest.mark.parametrize("named", ["device_id", "id"])
async def test_what_traccar_client_9_sends_becomes_a_position(town: Town, named: str) -> None:
    """JSON, with the key as its device identifier or in the address."""
    device = await mia_in_trouble(town)
    path, identity = ("/osmand", device.tracker) if named == "device_id" else (f"/osmand?id={device.tracker}", "481179")
    body = {"location": traccar_location(), "device_id": identity}
    answer = await town.call("POST", path, None, body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.raw) == (200, b"")
    (kept,) = await trail(town, device)
    assert (kept.latitude, kept.longitude, kept.accuracy) == (37.4219983, -122.084, 5)
    assert (kept.speed, kept.battery) == (18.67, 0.79)
    assert kept.at == datetime(2026, 11, 24, 17, 58, 12, 862_000, UTC)


async def test_what_it_does_not_know_it_sends_as_minus_one(town: Town) -> None:
    """As the iOS simulator does."""
    device = await mia_in_trouble(town)
    coordinates = {"latitude": 37.785834000000001, "longitude": -122.406417, "accuracy": 5, "speed": -1, "floor": None}
    location = traccar_location(coords=coordinates, battery={"level": -1, "is_charging": False}, mock=True, age=188)
    body = {"location": location, "device_id": device.tracker}
    assert (await town.call("POST", "/osmand", None, body)).status == 200
    (kept,) = await trail(town, device)
    assert (kept.speed, kept.battery) == (None, None)


NONSENSE: list[tuple[str, str]] = [
    ("lat=91&lon=30", "lat"),
    ("lat=60&lon=nan", "lon"),
    ("lat=inf&lon=30", "lat"),
    ("lon=30", "lat"),
    ("lat=60", "lon"),
    ("", "lat"),
    ("location=60.0", "location"),
    ("location=here", "location"),
    ("lat=60&lon=30&timestamp=yesterday", "timestamp"),
    ("lat=60&lon=30&timestamp=99999999999999999999", "timestamp"),
    ("lat=60&lon=30&timestamp=0001-01-01T00:00:00%2B14:00", "timestamp"),
]


async def test_nonsense_names_the_field(town: Town) -> None:
    """400, and nothing is kept."""
    device = await mia_in_trouble(town)
    for query, field in NONSENSE:
        answer = await osmand(town, "GET", device.tracker, query)
        assert (answer.status, answer.problem) == (400, "bad-request"), query
        assert [error["field"] for error in answer.body["errors"]] == [field], query
        assert device.tracker.encode() not in answer.raw
    assert await trail(town, device) == []


async def test_a_clock_that_is_a_day_behind_dates_what_it_sends(town: Town) -> None:
    """As on /v1/locations: taken, and as old as it says; a newer position of another phone stays the last one."""
    device = await mia_in_trouble(town)
    here = {"latitude": 41.5, "longitude": -87.5, "at": NOON.isoformat()}
    assert (await town.call("POST", "/v1/locations", device.phone.token, {"fixes": [here]})).status == 202
    late = await osmand(town, "GET", device.tracker, f"lat=60&lon=30&timestamp={SECONDS - 86_400}")
    assert late.status == 200
    await town.settled()
    assert (await town.incident())["location"]["latitude"] == 41.5


async def test_a_clock_that_is_a_day_ahead_counts_from_when_it_came_in(town: Town) -> None:
    """Whoever is in trouble is somewhere all the same, whatever her phone thinks of the date; and staff are told so."""
    device = await mia_in_trouble(town)
    tomorrow = SECONDS + 86_400
    sent = [
        await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location(lat=41.6, tst=tomorrow)),
        await osmand(town, "GET", device.tracker, f"lat=41.7&lon=-88.1&timestamp={tomorrow}"),
    ]
    assert [answer.status for answer in sent] == [200, 200]
    assert [(fix.latitude, fix.at, fix.clock_wrong) for fix in await trail(town, device)] == [
        (41.6, NOON, True),
        (41.7, NOON, True),
    ]
    here = {"latitude": 41.8, "longitude": -87.5, "at": (NOON + timedelta(days=1)).isoformat()}
    town.clock.jump(seconds=30)
    answer = await town.call("POST", "/v1/locations", device.phone.token, {"fixes": [here]})
    assert (answer.status, answer.body) == (202, {"accepted": 1, "ignored": ["fixes[0].at"]})
    later = town.clock.now() + timedelta(days=1)
    told = {"fixes": [{**here, "latitude": 41.9, "at": (later - timedelta(seconds=10)).isoformat()}]}
    answer = await town.call("POST", "/v1/locations", device.phone.token, {**told, "sent_at": later.isoformat()})
    assert (answer.status, answer.body) == (202, {"accepted": 1})
    fix = (await trail(town, device))[-2]
    assert (fix.latitude, fix.at, fix.clock_wrong) == (41.9, town.clock.now() - timedelta(seconds=10), False)


async def test_in_a_batch_the_good_ones_count(town: Town) -> None:
    """Each that cannot be is named by its place."""
    device = await mia_in_trouble(town)
    locations: list[Any] = [
        traccar_location(coords={"latitude": 37.1, "longitude": -122.1}),
        traccar_location(coords={"latitude": 137.1, "longitude": -122.1}),
        traccar_location(timestamp="tomorrow"),
        "here",
        traccar_location(coords={"latitude": 37.2, "longitude": -122.2}),
    ]
    answer = await town.call("POST", "/osmand", None, {"location": locations, "device_id": device.tracker})
    assert (answer.status, answer.body["accepted"]) == (400, 2)
    fields = [error["field"] for error in answer.body["errors"]]
    assert fields == ["location[1].coords.latitude", "location[2].timestamp", "location[3].coords"]
    assert sorted(places(await trail(town, device))) == [(37.1, -122.1), (37.2, -122.2)]


async def test_a_thousand_at_once_are_too_many(town: Town) -> None:
    """413, for this one alone."""
    device = await mia_in_trouble(town)
    for count, location in ((1000, traccar_location()), (1100, {"coords": {"latitude": 1, "longitude": 1}})):
        body = {"location": [location] * count, "device_id": device.tracker}
        answer = await town.call("POST", f"/osmand?id={device.tracker}", None, body)
        assert (answer.status, answer.problem) == (413, "too-large")
    assert len(msgspec.json.encode(body)) < BODY_LIMIT
    assert await trail(town, device) == []
    assert (await osmand(town, "GET", device.tracker, "lat=60&lon=30")).status == 200
    assert places(await trail(town, device)) == [(60, 30)]


async def test_where_somebody_was_is_kept_only_while_an_incident_is_live(town: Town) -> None:
    """As with her own app."""
    mia = await town.mia()
    device = await tracked(town, mia.person)
    assert (await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location())).status == 200
    await town.press(mia, immediate=True)
    assert await trail(town, device) == []
    sent = owntracks_location(lat=51.5)
    assert (await town.call("POST", f"/owntracks/{device.tracker}", None, sent)).status == 200
    assert places(await trail(town, device)) == [(51.5, 8.7654321)]


# Pings
async def planned(town: Town, phone: Phone, minutes: float = 30, **fields: Any) -> str:
    """A check-in that is due so soon."""
    due_at = (town.clock.now() + timedelta(minutes=minutes)).isoformat()
    made = await town.post("/v1/check-ins", phone.token, {"due_at": due_at, "grace_seconds": 60, **fields})
    return str(made["id"])


async def state(town: Town, phone: Phone, check_in: str) -> str:
    """How it stands."""
    return str((await town.get(f"/v1/check-ins/{check_in}", phone.token))["state"])


def button(page: Answer) -> dict[str, str]:
    """What the page's one button would send."""
    text = page.raw.decode()
    (form,) = re.findall(r'<form method="post".*?</form>', text, re.DOTALL)
    assert form.count("<button") == 1
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


async def test_a_ping_completes_the_next_check_in(town: Town) -> None:
    """The one due soonest of those that are not over; it says no more than it must."""
    mia = await town.mia(pin=False)
    device = await tracked(town, mia.person)
    later, sooner = await planned(town, mia, 60, note="Larkspur"), await planned(town, mia, 30, note="Larkspur")
    answer = await town.call("POST", f"/ping/{device.ping}")
    assert (answer.status, answer.body["id"], answer.body["state"]) == (200, sooner, "completed")
    assert b"Larkspur" not in answer.raw
    assert [await state(town, mia, c) for c in (sooner, later)] == ["completed", "scheduled"]
    await town.wait(minutes=40)
    assert await town.live() == []
    again = await town.call("POST", f"/ping/{device.ping}", raw=b"whatever", headers=FORM)
    assert (again.status, again.body["id"]) == (200, later)
    town.clock.jump(seconds=120)
    nothing = await town.call("POST", f"/ping/{device.ping}")
    assert (nothing.status, nothing.problem) == (409, "nothing-planned")


@pytest.mark.parametrize("where", ["body", "header"])
async def test_a_repeated_ping_completes_nothing_more(town: Town, where: str) -> None:
    """With a key of its own, whoever is not sure sends again."""
    mia = await town.mia(pin=False)
    device = await tracked(town, mia.person)
    sooner, later = await planned(town, mia, 30), await planned(town, mia, 60)
    headers = {"Idempotency-Key": "tonight"} if where == "header" else {}
    body = {"id": "tonight"} if where == "body" else None
    answers = [await town.call("POST", f"/ping/{device.ping}", None, body, headers=headers) for _ in range(2)]
    assert answers[0].raw == answers[1].raw
    assert [await state(town, mia, c) for c in (sooner, later)] == ["completed", "scheduled"]
    await town.call("POST", f"/ping/{device.ping}", headers={"Idempotency-Key": "tomorrow"})
    once_more = await town.call("POST", f"/ping/{device.ping}", None, body, headers=headers)
    assert once_more.raw == answers[0].raw


async def test_a_ping_that_comes_again_within_a_minute_is_the_same_one(town: Town) -> None:
    """A button that bounces and a proxy that tries again have no key; taken for the next, it would go unwatched."""
    mia = await town.mia(pin=False)
    device = await tracked(town, mia.person)
    refused = await town.call("POST", f"/ping/{device.ping}")
    assert refused.problem == "nothing-planned"
    sooner, later = await planned(town, mia, 30), await planned(town, mia, 60)
    first = await town.call("POST", f"/ping/{device.ping}")
    town.clock.jump(seconds=59)
    again = await town.call("POST", f"/ping/{device.ping}")
    assert (first.status, first.body["id"], again.raw) == (200, sooner, first.raw)
    page = await town.call("POST", f"/ping/{device.ping}", headers=BROWSER)
    assert (page.status, "Saved." in page.raw.decode()) == (200, True)
    assert await state(town, mia, later) == "scheduled"
    town.clock.jump(seconds=120)
    assert (await town.call("POST", f"/ping/{device.ping}")).body["id"] == later


async def test_a_ping_a_little_too_late_answers_the_miss_and_leaves_tomorrow_alone(town: Town) -> None:
    """It is a claim that all is well, as a late answer in the app is."""
    mia = await town.mia(pin=False)
    device = await tracked(town, mia.person)
    missed, tomorrow = await planned(town, mia, 30), await planned(town, mia, 24 * 60)
    await town.wait(minutes=32)
    assert [row["trigger"] for row in await town.live()] == ["missed_check_in"]
    answer = await town.call("POST", f"/ping/{device.ping}")
    assert (answer.status, answer.body["id"]) == (200, missed)
    assert (await town.incident())["stood_down_at"] is not None
    await town.call("POST", f"/ping/{device.ping}")
    assert await state(town, mia, tomorrow) == "scheduled"


async def test_with_a_pin_a_ping_is_refused_unless_staff_allow_it(town: Town) -> None:
    """The answer says what to do; allowed for one device it is for that one alone, until it no longer is."""
    mia = await town.mia()
    device, other = await tracked(town, mia.person), await tracked(town, mia.person)
    check_in = await planned(town, mia)
    refused = await town.call("POST", f"/ping/{device.ping}")
    assert (refused.status, refused.problem) == (403, "ping-refused")
    assert "ping_allowed" in refused.body["detail"]
    assert await state(town, mia, check_in) == "scheduled"
    path = f"/v1/devices/{device.phone.device}"
    allowed = await town.call("PATCH", path, town.admin, {"ping_allowed": True})
    assert (allowed.status, allowed.body["ping_allowed"], allowed.body["name"]) == (200, True, "old phone")
    assert (await town.call("POST", f"/ping/{other.ping}")).status == 403
    assert (await town.call("POST", f"/ping/{device.ping}")).body["id"] == check_in
    await planned(town, mia)
    await town.call("PATCH", path, town.admin, {"ping_allowed": False})
    assert (await town.call("POST", f"/ping/{device.ping}")).status == 403


async def test_a_ping_may_be_allowed_from_the_start(town: Town) -> None:
    """When the device is added."""
    mia = await town.mia()
    device = await tracked(town, mia.person, ping_allowed=True)
    check_in = await planned(town, mia)
    assert (await town.call("POST", f"/ping/{device.ping}")).status == 200
    assert await state(town, mia, check_in) == "completed"


@pytest.mark.parametrize(
    ("language", "title", "label", "done"), [("en", "Today", "Done", "Saved."), ("es-MX", "Hoy", "Listo", "Guardado.")]
)
async def test_a_get_shows_a_page_and_never_acts(town: Town, language: str, title: str, label: str, done: str) -> None:
    """In her language, without a script; its button completes what it was about, and a second tap nothing more."""
    mia = await town.mia(pin=False, language=language)
    device = await tracked(town, mia.person)
    check_in, later = await planned(town, mia, 30), await planned(town, mia, 60)
    for _ in range(3):
        page = await town.call("GET", f"/ping/{device.ping}", headers={"User-Agent": "LinkPreview"})
        assert (await town.call("HEAD", f"/ping/{device.ping}")).status == 405
    assert [await state(town, mia, c) for c in (check_in, later)] == ["scheduled", "scheduled"]
    text = page.raw.decode()
    assert page.status == 200
    assert f'<html lang="{language[:2]}">' in text
    assert f"<title>{title}</title>" in text
    assert f">{label}</button>" in text
    assert "<script" not in text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert not GIVES_AWAY.search(text)
    assert "Mia" not in text
    sent = urlencode(button(page)).encode()
    for _ in range(2):
        tapped = await town.call("POST", f"/ping/{device.ping}", raw=sent, headers={**FORM, **BROWSER})
        assert tapped.status == 200
        assert done in tapped.raw.decode()
        assert "<form" not in tapped.raw.decode()
    assert [await state(town, mia, c) for c in (check_in, later)] == ["completed", "scheduled"]


async def test_the_page_says_when_there_is_nothing_to_do_and_when_it_cannot(town: Town) -> None:
    """Nothing is planned, the PIN is needed, it is over, the key is dead: no button."""
    ana, mia = await town.mia(pin=False), await town.person()
    free, bound = await tracked(town, ana.person), await tracked(town, mia)
    over = await planned(town, ana)
    assert (await town.call("POST", f"/v1/check-ins/{over}/cancel", ana.token, {})).status == 200
    sent = urlencode({"check_in": over}).encode()
    shown = [
        (await town.call("GET", f"/ping/{free.ping}"), 200, "nothing to do"),
        (await town.call("POST", f"/ping/{free.ping}", headers=BROWSER), 409, "nothing to do"),
        (await town.call("POST", f"/ping/{free.ping}", raw=sent, headers={**FORM, **BROWSER}), 409, "over already"),
        (await town.call("GET", f"/ping/{bound.ping}"), 200, "in the app"),
        (await town.call("POST", f"/ping/{bound.ping}", headers=BROWSER), 403, "in the app"),
        (await town.call("POST", "/ping/nobody", headers={**BROWSER, "Accept-Language": "es-AR"}), 401, "ya no se usa"),
    ]
    for page, status, words in shown:
        text = page.raw.decode()
        assert (page.status, words in text, "<form" in text) == (status, True, False), text
        assert not GIVES_AWAY.search(text)


async def test_a_ping_for_what_is_not_hers_completes_nothing(town: Town) -> None:
    """Whatever it names: another one's, one that is not there, one that cannot be."""
    mia, ana = await town.mia(pin=False), await town.phone(await town.person("Ana Ruiz", pin=False))
    device = await tracked(town, mia.person)
    hers, theirs = await planned(town, mia), await planned(town, ana)
    for named in (theirs, new_id(), "x", "\x00", "\ud800"):
        raw = urlencode({"check_in": named}, errors="surrogatepass").encode()
        answer = await town.call("POST", f"/ping/{device.ping}", raw=raw, headers=FORM)
        assert (answer.status, answer.problem) == (404, "not-found"), named
    assert [await state(town, mia, hers), await state(town, ana, theirs)] == ["scheduled", "scheduled"]


# All of them
async def test_no_key_is_ever_logged_or_counted(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in a line, not in a figure, not in an answer to something else; nor where somebody was."""
    mia = await town.mia(pin=False)
    device = await tracked(town, mia.person)
    await town.press(mia, immediate=True)
    await planned(town, mia)
    for key in (device.tracker, device.ping):
        for method, path in (
            *(("POST", f"/owntracks/{key}"), ("PUT", f"/owntracks/{key}"), ("POST", f"/owntracks/{key}/more")),
            *(("GET", f"/osmand?id={key}&lat=1&lon=x"), ("DELETE", f"/osmand?id={key}"), ("POST", f"/osmand?id={key}")),
            *(("GET", f"/ping/{key}"), ("POST", f"/ping/{key}"), ("PATCH", f"/ping/{key}")),
        ):
            for raw in (None, b"\xff{", b"{", msgspec.json.encode(owntracks_location(lat=48.858093, lon=190))):
                answer = await town.call(method, path, raw=raw)
                assert answer.status < 500
                assert key.encode() not in answer.raw
    await town.call("POST", f"/owntracks/{device.tracker}", None, owntracks_location(lat=48.858093))
    text = (await town.call("GET", "/metrics")).raw.decode()
    assert 'porchlight_fixes_total{source="owntracks"} 1.0' in text
    printed = capfd.readouterr()
    assert "fix_refused" in printed.out + printed.err
    for secret in (device.tracker, device.ping, mia.person, "48.858093", "Home Wi-Fi"):
        assert secret not in text + printed.out + printed.err


async def test_the_document_tells_of_all_of_it(town: Town) -> None:
    """With what goes into the address."""
    document = await town.get("/openapi.json")
    assert [p["name"] for p in document["paths"]["/owntracks/{key}"]["post"]["parameters"]][:1] == ["key"]
    for method in ("get", "post"):
        names = {p["name"] for p in document["paths"]["/osmand"][method]["parameters"] if p["in"] == "query"}
        assert {"id", "lat", "lon", "timestamp"} <= names
    assert set(document["paths"]["/ping/{key}"]) == {"get", "post"}
    assert "text/html" in document["paths"]["/ping/{key}"]["get"]["responses"]["200"]["content"]
    assert "post" in document["paths"]["/v1/devices/{id}/keys"]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.one_of(
    *(
        st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANY_JSON)).map(lambda given: {**given})
        for names in (("lat", "lon", "tst", "acc", "vel", "batt"), ("timestamp", "coords", "battery"))
    )
)
ANY_BODY = st.one_of(
    st.binary(max_size=200),
    ANY_JSON.map(msgspec.json.encode),
    NEARLY.map(lambda given: msgspec.json.encode({"_type": "location", "location": given, **given})),
    st.lists(NEARLY, max_size=3).map(lambda given: msgspec.json.encode({"location": given})),
    st.dictionaries(
        st.sampled_from(["lat", "lon", "location", "timestamp", "speed", "batt", "valid", "check_in", "id"]), st.text()
    ).map(lambda given: urlencode(given, errors="replace").encode()),
    st.sampled_from([b"[" * 60_000, b'{"a":' * 12_000, b'{"check_in":"\\u0000"}', b'{"id":"\\u0000"}', b"&" * 60_000]),
)


@pytest.fixture
async def device(town: Town) -> Tracked:
    """One for all that is made up."""
    return await tracked(town, (await town.mia(pin=False)).person)


@given(body=ANY_BODY)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_payload_whatsoever_is_our_fault(town: Town, device: Tracked, body: bytes) -> None:
    """Every answer is a success or says what is wrong with what was sent."""
    paths = [f"/owntracks/{device.tracker}", f"/osmand?id={device.tracker}", "/osmand", f"/ping/{device.ping}"]
    if body.isascii() and len(body) < 500:
        paths.append(f"/osmand?id={device.tracker}&" + quote(body, safe="&=%"))
    for path in paths:
        answer = await town.call("POST", path, raw=body)
        assert answer.status < 500, (path, answer.raw)
