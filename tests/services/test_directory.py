"""Staff set up people and plans: clear answers, nothing across agencies, nothing in the clear."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from services.commands import administration
from services.web.service import new_id, new_token
from streams.records import Organization, Staff, Token
from streams.sealing import token_hash
from streams.store import Transaction
from tests.services.town import Town


async def test_one_place_alone_is_home(town: Town) -> None:
    """The second is refused at its field."""
    places = [{"label": name, "latitude": 41.0, "longitude": -87.0, "home": True} for name in ("home", "the shop")]
    refused = await town.call("POST", "/v1/people", town.admin, {"name": "Lia", "places": places})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "places[1].home")


async def test_nobody_who_reads_is_rung_unless_it_is_said(town: Town) -> None:
    """Lia signs and reads: a call is refused at its field, also when it was there before that was known."""
    reach = [{"channel": "voice", "address": "+13125550121", "safety": "safe"}]
    signs = [{"mode": "sign", "language": "ase"}, {"mode": "text", "language": "en"}]
    body = {"name": "Lia", "communication": signs, "reach": reach}
    refused = await town.call("POST", "/v1/people", town.admin, body)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "reach[0].channel")
    person = await town.person("Lia", reach=reach)
    for change in ({"communication": signs}, {"brief": {"contact": "text_only"}}):
        refused = await town.call("PATCH", f"/v1/people/{person}", town.admin, change)
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, "reach[0].channel")
    rung = [{**reach[0], "although_reads": True}]
    changed = await town.call("PATCH", f"/v1/people/{person}", town.admin, {"communication": signs, "reach": rung})
    assert changed.status == 200


async def other_agency(town: Town) -> str:
    """Another agency on the same service, and its administrator's token."""
    token, agency = new_token(), new_id()

    async def work(tx: Transaction) -> None:
        await tx.put(Organization(id=agency, organization=agency, name="Elsewhere"))
        staff = Staff(id=new_id(), organization=agency, name="Eve", roles=administration.MAY)
        await tx.put(staff)
        kept = Token(kind="staff", organization=agency, subject=staff.id, roles=staff.roles, name="Eve")
        await tx.put_token(token_hash(token), kept)

    await town.assembly.store.write(work)
    return token


async def test_another_agencys_id_answers_like_an_unknown_one(town: Town) -> None:
    """404, byte for byte."""
    mia = await town.mia()
    contact = await town.contact(mia.person, "Cleo")
    incident = (await town.press(mia, immediate=True))["incident"]
    eve = await other_agency(town)
    paths = [
        ("GET", f"/v1/people/{mia.person}", f"/v1/people/{new_id()}"),
        ("GET", f"/v1/people/{mia.person}/contacts", f"/v1/people/{new_id()}/contacts"),
        ("GET", f"/v1/incidents/{incident}", f"/v1/incidents/{new_id()}"),
        ("POST", f"/v1/incidents/{incident}/acknowledge", f"/v1/incidents/{new_id()}/acknowledge"),
        ("DELETE", f"/v1/contacts/{contact['id']}", f"/v1/contacts/{new_id()}"),
        ("DELETE", f"/v1/devices/{mia.device}", f"/v1/devices/{new_id()}"),
    ]
    for method, theirs, unknown in paths:
        body: dict[str, str] | None = {} if method == "POST" else None
        first = await town.call(method, theirs, eve, body)
        second = await town.call(method, unknown, eve, body)
        assert (first.status, first.raw) == (second.status, second.raw) == (404, first.raw)
    assert (await town.get("/v1/people", eve))["people"] == []
    assert (await town.get("/v1/incidents?state=live", eve))["incidents"] == []


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000])
async def test_without_a_valid_token_nothing_is_told(town: Town, token: str | None) -> None:
    """401, whatever is asked for."""
    for method, path in (("POST", "/v1/panic"), ("GET", "/v1/me"), ("GET", "/v1/incidents"), ("GET", "/v1/feed")):
        answer = await town.call(method, path, token)
        assert (answer.status, answer.problem) == (401, "no-token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_each_token_does_its_own_and_no_more(town: Town) -> None:
    """A panic token can only raise and add to a panic; a device is one person's; staff are no phone."""
    mia = await town.mia()
    integration = await town.staff("Robot", "integration")
    refused = [
        ("GET", "/v1/me", mia.panic),
        ("POST", "/v1/check-ins", mia.panic),
        ("GET", "/v1/incidents", mia.token),
        ("POST", "/v1/people", mia.token),
        ("POST", "/v1/panic", town.admin),
        ("GET", "/v1/incidents", integration["token"]),
        ("POST", "/v1/staff", integration["token"]),
    ]
    for method, path, token in refused:
        answer = await town.call(method, path, token, {})
        assert (answer.status, answer.problem) == (403, "not-allowed"), path
    fix = {"latitude": 41.9, "longitude": -87.6, "at": town.clock.now().isoformat()}
    assert (await town.call("POST", "/v1/locations", mia.panic, {"fixes": [fix]})).status == 403


async def test_a_lost_phone_is_dead_at_once(town: Town) -> None:
    """Both of its tokens."""
    mia = await town.mia()
    assert (await town.call("DELETE", f"/v1/devices/{mia.device}", town.admin)).status == 204
    for token in (mia.token, mia.panic):
        assert (await town.call("POST", "/v1/panic", token)).status == 401


async def test_a_phone_is_enrolled_by_its_code_once(town: Town) -> None:
    """And gets tokens of its own."""
    await town.agency()
    person = await town.person(language="es")
    made = await town.post(f"/v1/people/{person}/devices", town.admin, {"name": "phone"})
    code = made["enrol_url"].split("/phone#")[1]
    tokens = await town.post("/v1/enrolments", None, {"code": code})
    assert tokens["language"] == "es"
    assert (await town.call("POST", "/v1/panic", tokens["panic_token"])).status == 202
    again = await town.call("POST", "/v1/enrolments", None, {"code": code})
    assert (again.status, again.problem) == (401, "no-token")
    stale = await town.post(f"/v1/people/{person}/devices", town.admin, {"name": "old"})
    town.clock.jump(hours=24 * 8)
    answer = await town.call("POST", "/v1/enrolments", None, {"code": stale["enrol_url"].split("#")[1]})
    assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/people", {}, "name"),
        ("/v1/people", {"name": ""}, "name"),
        ("/v1/people", {"name": "Mia", "time_zone": "Mars/Base"}, "time_zone"),
        ("/v1/people", {"name": "Mia", "cancel_window": 121}, "cancel_window"),
        ("/v1/people", {"name": "Mia", "policy": "none such"}, "policy"),
        ("/v1/people", {"name": "Mia", "nickname": "M"}, "nickname"),
        (
            "/v1/people",
            {"name": "Mia", "places": [{"label": "x", "latitude": 91, "longitude": 0}]},
            "places[0].latitude",
        ),
        ("/v1/people", {"name": "Mia", "places": [{"label": "x"}]}, "places[0].latitude"),
        ("/v1/people", {"name": "Mia", "brief": {"contact": "shout"}}, "brief.contact"),
        ("/v1/people/{mia}/contacts", {"name": "Ana", "methods": []}, "methods"),
        (
            "/v1/people/{mia}/contacts",
            {"name": "Ana", "methods": [{"channel": "fax", "address": "1"}]},
            "methods[0].channel",
        ),
        (
            "/v1/people/{mia}/contacts",
            {"name": "Ana", "methods": [{"channel": "webhook", "address": "http://10.0.0.1/x"}]},
            "methods[0].address",
        ),
        ("/v1/people/{mia}/zones", {"name": "z", "kind": "safe"}, "center"),
        (
            "/v1/people/{mia}/zones",
            {"name": "z", "kind": "safe", "center": {"latitude": 1, "longitude": 1}},
            "radius_m",
        ),
        ("/v1/staff", {"name": "Sam", "roles": ["king"]}, "roles[0]"),
        ("/v1/staff", {"name": "Sam", "roles": []}, "roles"),
    ],
)
async def test_bad_input_names_the_field(town: Town, path: str, body: dict[str, Any], field: str) -> None:
    """And says what to do."""
    person = await town.person()
    answer = await town.call("POST", path.replace("{mia}", person), town.admin, body)
    assert (answer.status, answer.problem) == (422, "invalid")
    (error,) = answer.body["errors"]
    assert error["field"] == field
    assert error["message"]


async def test_a_repeat_with_the_same_key_gets_the_first_answer(town: Town) -> None:
    """And another body under the same key is refused."""
    headers = {"Idempotency-Key": "monday-1"}
    first = await town.call("POST", "/v1/people", town.admin, {"name": "Mia"}, headers=headers)
    second = await town.call("POST", "/v1/people", town.admin, {"name": "Mia"}, headers=headers)
    assert (first.status, first.raw) == (second.status, second.raw)
    other = await town.call("POST", "/v1/people", town.admin, {"name": "Noa"}, headers=headers)
    assert (other.status, other.problem) == (409, "key-reused")
    assert len((await town.get("/v1/people", town.admin))["people"]) == 1


async def test_lists_are_paged(town: Town) -> None:
    """In the order in which things were made."""
    names = [f"P{n}" for n in range(5)]
    for name in names:
        await town.person(name, pin=False)
    found, after = [], "0"
    while after is not None:
        page = await town.get(f"/v1/people?limit=2&after={after}", town.admin)
        found += [p["name"] for p in page["people"]]
        after = page["next"]
    assert found == names


async def test_people_contacts_and_zones_can_be_changed(town: Town) -> None:
    """`PATCH` changes what it names and nothing else."""
    person = await town.person(known_as="Mia", brief={"weapons": "A rifle."})
    changed = await town.call("PATCH", f"/v1/people/{person}", town.admin, {"known_as": "M", "language": "es"})
    assert (changed.status, changed.body["known_as"], changed.body["language"]) == (200, "M", "es")
    assert changed.body["brief"] == {"weapons": "A rifle."}
    contact = await town.contact(person, "Ana")
    moved = await town.call("PATCH", f"/v1/contacts/{contact['id']}", town.admin, {"order": 7, "sees": "live"})
    assert (moved.body["order"], moved.body["sees"], moved.body["name"]) == (7, "live", "Ana")
    zone = await town.post(
        f"/v1/people/{person}/zones",
        town.admin,
        {"name": "school", "kind": "safe", "center": {"latitude": 1.0, "longitude": 2.0}, "radius_m": 50},
    )
    wider = await town.call("PATCH", f"/v1/zones/{zone['id']}", town.admin, {"radius_m": 80})
    assert (wider.body["radius_m"], wider.body["name"]) == (80, "school")
    assert (await town.get(f"/v1/zones/{zone['id']}", town.admin))["radius_m"] == 80
    assert (await town.call("PATCH", f"/v1/people/{person}", town.admin, {"pin": "1234"})).status == 422


async def test_a_policy_with_mistakes_names_every_position(town: Town) -> None:
    """In YAML as in JSON."""
    text = b"name: p\nsteps:\n  - after: soon\n    notify: [dispach]\n"
    answer = await town.call("PUT", "/v1/policies/p", town.admin, raw=text)
    assert answer.status == 422
    assert [(m["line"], m["column"]) for m in answer.body["mistakes"]] == [(3, 12), (4, 14)]
    good = b"name: p\nsteps:\n  - after: 0s\n    notify: [dispatch]\n"
    assert (await town.call("PUT", "/v1/policies/p", town.admin, raw=good)).status == 200
    assert (await town.get("/v1/policies/p", town.admin))["steps"][0]["notify"] == ["dispatch"]


async def test_erasing_somebody_leaves_nothing_that_can_be_read(town: Town) -> None:
    """Her key is destroyed; while an incident is live it is refused."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    refused = await town.call("DELETE", f"/v1/people/{mia.person}", town.admin)
    assert (refused.status, refused.problem) == (409, "live-incident")
    await town.act(incident, "resolve", disposition="safe")
    assert (await town.call("DELETE", f"/v1/people/{mia.person}", town.admin)).status == 204
    assert (await town.call("GET", f"/v1/people/{mia.person}", town.admin)).status == 404
    assert (await town.call("GET", f"/v1/incidents/{incident}", town.admin)).status == 404
    assert (await town.call("POST", "/v1/panic", mia.panic)).status == 401
    assert (await town.get("/v1/incidents?state=closed", town.admin))["incidents"] == []


async def everything_that_lies_there(town: Town) -> dict[str, bytes]:
    """Every file of the folder, or every row of every table."""
    if town.settings.store is None:
        return {path.name: path.read_bytes() for path in town.folder.iterdir()}
    connection = await asyncpg.connect(town.settings.store)
    try:
        tables = await connection.fetch(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'keys')"
        )
        found = {}
        for (table,) in tables:
            values = [value for row in await connection.fetch(f"SELECT * FROM {table}") for value in row]
            found[table] = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)
        return found
    finally:
        await connection.close()


async def test_nothing_that_identifies_anybody_lies_in_the_clear(town: Town) -> None:
    """Not a name, an address, a note, a position, a token or a PIN in any file of the store."""
    mia = await town.mia(
        known_as="Marigold", places=[{"label": "Hollyhock Lane", "latitude": 41.887766, "longitude": -87.1}]
    )
    pressed = await town.press(mia, immediate=True, location={"latitude": 41.998877, "longitude": -87.2})
    await town.act(pressed["incident"], "note", text="Larkspur said so.")
    await town.stop()
    secrets = ["Mia Larsen", "Marigold", "Hollyhock", "Larkspur", "41.8877", "41.9988", "/ana", mia.token, mia.panic]
    lying = await everything_that_lies_there(town)
    assert any(lying.values())
    for name, raw in lying.items():
        for secret in (*secrets, "argon2"):
            assert secret.encode() not in raw, (name, secret)
    await town.start()
    assert (await town.get(f"/v1/people/{mia.person}", town.admin))["known_as"] == "Marigold"


async def test_logs_and_metrics_name_nobody(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    """Counts only."""
    mia = await town.mia(known_as="Marigold")
    town.sink.answers["ana"] = 410
    await town.press(mia, immediate=True)
    text = (await town.call("GET", "/metrics")).raw.decode()
    assert 'porchlight_tries_total{channel="webhook",outcome="delivered"}' in text
    assert "porchlight_presses_total 1.0" in text
    printed = capfd.readouterr()
    for name in ("Marigold", "Larsen", "127.0.0.1/ana", mia.person):
        assert name not in text + printed.out + printed.err


async def test_it_says_what_can_be_called(town: Town) -> None:
    """Every row, in OpenAPI 3.1; and what cannot."""
    document = await town.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert "/v1/panic" in document["paths"]
    assert document["components"]["schemas"]["PersonBody"]["properties"]["name"]
    wrong = await town.call("GET", "/v1/panic/cancel", None)
    assert wrong.status in {401, 405}
    answer = await town.call("PUT", "/v1/panic")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert (await town.call("GET", "/v2/panic")).problem == "not-found"


async def test_it_says_whether_it_is_well(town: Town) -> None:
    """Alive, and able to take a press durably."""
    assert (await town.get("/healthz"))["status"] == "ok"
    assert (await town.get("/readyz")) == {"status": "ready", "degraded": False, "problems": []}


async def test_what_is_no_longer_needed_is_gone(town: Town) -> None:
    """The trail 72 hours after the close; answers after a week."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True, location={"latitude": 41.9, "longitude": -87.6}))["incident"]
    await town.act(incident, "resolve", disposition="safe")
    await town.wait(hours=71)
    await town.assembly.housekeeping.tidy()
    assert len((await town.incident(incident))["trail"]) == 1
    await town.wait(hours=2)
    await town.assembly.housekeeping.tidy()
    assert (await town.incident(incident))["trail"] == []
