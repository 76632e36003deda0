"""The desk: the first second of the row, who has it, what is written down, what the phone is told."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from tests.services.town import PIN, TWIN, Town, until


async def test_the_first_second_of_the_row(town: Town) -> None:
    """What, how long ago, may I call, where and how old that is, dangers, who was told, what comes next."""
    await town.agency()
    person = await town.person(
        known_as="Mia",
        places=[{"label": "home", "latitude": 41.88, "longitude": -87.63}],
        brief={"contact": "code_question", "code_question": "Blue?", "code_answer": "Scarf.", "weapons": "A rifle."},
    )
    await town.contact(person, "Ana")
    mia = await town.phone(person)
    location = {"latitude": 41.8818, "longitude": -87.63, "accuracy": 12, "at": "2026-11-24T17:58:00Z"}
    await town.press(mia, immediate=True, location=location)
    (row,) = await town.live()
    assert row["trigger"] == "panic"
    assert row["may_call"] == {"contact": "code_question", "code_question": "Blue?", "code_answer": "Scarf."}
    assert row["location"]["place"] == {"label": "home", "distance_m": 200, "bearing": "north"}
    assert (row["location"]["accuracy"], row["location"]["at"]) == (12, "2026-11-24T17:58:00Z")
    assert row["dangers"] == [{"kind": "weapons", "text": "A rifle."}]
    assert {r["name"] for r in row["told"]["reached"]} == {None, "Ana"}
    assert row["next_step_at"] == "2026-11-24T18:02:00Z"
    assert row["holder"] is None


async def test_claiming_is_explicit_and_so_is_taking_over(town: Town) -> None:
    """A second claimant gets 409 with the holder."""
    mia = await town.mia()
    sam, dana = await town.staff("Sam"), await town.staff("Dana")
    incident = (await town.press(mia, immediate=True))["incident"]
    assert (await town.act(incident, "claim", sam["token"]))["holder"] == "Sam"
    second = await town.call("POST", f"/v1/incidents/{incident}/claim", dana["token"], {})
    assert (second.status, second.problem, second.body["holder"]) == (409, "held-by-other", "Sam")
    assert (await town.act(incident, "claim", dana["token"], take_over=True))["holder"] == "Dana"


async def test_a_call_keeps_the_hold_while_it_goes_on(town: Town) -> None:
    """Sam talks to the neighbour for seven minutes: two lines. Dana's own call is no sign of life of Sam's."""
    mia = await town.mia()
    sam, dana = await town.staff("Sam"), await town.staff("Dana")
    incident = (await town.press(mia, immediate=True))["incident"]
    await town.act(incident, "claim", sam["token"])
    await town.act(incident, "calls", sam["token"], call="begun", whom="the neighbour")
    for _ in range(7):
        await town.wait(minutes=1)
        shown = await town.act(incident, "calls", sam["token"], call="running")
    assert shown["holder"] == "Sam"
    shown = await town.act(incident, "calls", sam["token"], call="ended", whom="the neighbour")
    lines = [(line["kind"], line["by"], line["text"]) for line in shown["timeline"] if line["kind"].startswith("call")]
    assert sorted(lines) == [("call_begun", "Sam", "the neighbour"), ("call_ended", "Sam", "the neighbour")]
    until = shown["holds"]["staff"]["until"]
    await town.wait(minutes=1)
    await town.act(incident, "calls", dana["token"], call="begun", whom="Ana")
    assert (await town.incident())["holds"]["staff"]["until"] == until
    await town.wait(minutes=4)
    assert (await town.incident())["state"] == "open"
    wrong = await town.call("POST", f"/v1/incidents/{incident}/calls", sam["token"], {"call": "missed"})
    assert wrong.status == 422


async def test_escalating_tells_the_next_step_now(town: Town) -> None:
    """Whenever it would have been due."""
    mia = await town.mia()
    await town.contact(mia.person, "Cleo")
    incident = (await town.press(mia, immediate=True))["incident"]
    assert town.sink.to("cleo") == []
    await town.act(incident, "escalate")
    assert town.sink.purposes("cleo") == ["alert"]


async def test_notes_and_acts_stand_on_the_timeline_in_order(town: Town) -> None:
    """One timeline, with who did what."""
    mia = await town.mia()
    sam = await town.staff("Sam")
    incident = (await town.press(mia, immediate=True))["incident"]
    await town.act(incident, "acknowledge", sam["token"])
    await town.act(incident, "note", sam["token"], text="Rang the neighbour.")
    done = await town.act(incident, "resolve", sam["token"], disposition="safe", text="She is home.")
    lines = [(line["kind"], line["by"], line["text"]) for line in done["timeline"]]
    assert ("acknowledged", "Sam", None) in lines
    assert ("note", "Sam", "Rang the neighbour.") in lines
    assert lines[-1][:2] == ("resolved", "Sam")
    assert done["disposition"] == "safe"


@pytest.mark.parametrize("disposition", ["", "fine", None])
async def test_a_disposition_is_one_of_eight(town: Town, disposition: Any) -> None:
    """Figures are made of them."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    body = {"disposition": disposition} if disposition is not None else {}
    refused = await town.call("POST", f"/v1/incidents/{incident}/resolve", town.admin, body)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "disposition")


async def test_acts_on_a_closed_incident_are_refused(town: Town) -> None:
    """Clearly."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    await town.act(incident, "resolve", disposition="safe")
    for what, body in (("acknowledge", {}), ("note", {"text": "late"}), ("resolve", {"disposition": "safe"})):
        refused = await town.call("POST", f"/v1/incidents/{incident}/{what}", town.admin, body)
        assert (refused.status, refused.problem) == (409, "closed")


async def test_messages_go_to_the_phone_behind_the_pin_and_back(town: Town) -> None:
    """Text to and from the responders."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    sent = await town.post(f"/v1/incidents/{incident}/messages", town.admin, {"text": "Are you safe?"})
    assert sent["id"] == incident
    assert (await town.call("GET", "/v1/me/messages", mia.token)).status == 403
    assert (await town.call("POST", "/v1/me/unlock", mia.token, {"pin": "1111"})).status == 403
    opened = await town.post("/v1/me/unlock", mia.token, {"pin": PIN})
    assert [m["text"] for m in opened["messages"]] == ["Are you safe?"]
    assert [n["name"] for n in opened["names"]] == ["Ana", "Ben"]
    headers = {"Porchlight-Unlock": opened["unlock"]}
    reply = await town.call("POST", "/v1/me/messages", mia.token, {"text": "In the bathroom."}, headers=headers)
    assert reply.status == 201
    lines = [(line["kind"], line["text"]) for line in (await town.incident())["timeline"]]
    assert ("person_wrote", "In the bathroom.") in lines
    await town.wait(minutes=6)
    assert (await town.call("GET", "/v1/me/messages", mia.token, headers=headers)).status == 403


async def test_unlocking_with_the_twin_opens_the_same_and_alarms_staff(town: Town) -> None:
    """The screens are the same."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    honest = await town.post("/v1/me/unlock", mia.token, {"pin": PIN})
    forced = await town.post("/v1/me/unlock", mia.token, {"pin": TWIN})
    for shown in (honest, forced):
        shown.pop("unlock")
    assert honest == forced
    await town.settled()
    assert (await town.incident())["trigger"] == "duress"


async def test_no_message_to_a_phone_that_shows_it_as_called_off(town: Town) -> None:
    """It could give her away."""
    mia = await town.mia()
    incident = (await town.press(mia))["incident"]
    await town.cancel(mia, TWIN)
    refused = await town.call("POST", f"/v1/incidents/{incident}/messages", town.admin, {"text": "Are you safe?"})
    assert (refused.status, refused.problem) == (409, "phone-shows-closed")


async def test_the_queue_is_ordered_and_paged(town: Town) -> None:
    """By creation, page by page."""
    await town.agency()
    opened = []
    for name in ("A", "B", "C"):
        opened.append((await town.press(await town.phone(await town.person(name)), immediate=True))["incident"])
        town.clock.jump(seconds=1)
    first = await town.get("/v1/incidents?state=live&limit=2", town.admin)
    rest = await town.get(f"/v1/incidents?state=live&limit=2&after={first['next']}", town.admin)
    assert [row["id"] for row in first["incidents"] + rest["incidents"]] == opened
    assert rest["next"] is None
    assert (await town.call("GET", "/v1/incidents?state=sleepy", town.admin)).status == 422
    assert (await town.call("GET", "/v1/incidents?limit=201", town.admin)).status == 422


async def test_staff_from_whom_somebody_is_hidden_see_nothing_of_her(town: Town) -> None:
    """Not in lists, not by id, not in the feed."""
    await town.agency()
    sam = await town.staff("Sam", "dispatcher", "advocate")
    person = await town.person(hidden_from=[sam["id"]])
    mia = await town.phone(person)
    async with town.stream("/v1/feed", sam["token"]) as feed:
        incident = (await town.press(mia, immediate=True))["incident"]
        other = await town.press(await town.phone(await town.person("Noa")), immediate=True)
        seen = await events(feed, 1)
    assert {e["data"]["id"] for e in seen} == {other["incident"]}
    assert (await town.get("/v1/incidents?state=live", sam["token"]))["incidents"][0]["id"] == other["incident"]
    for path in (f"/v1/incidents/{incident}", f"/v1/people/{person}"):
        assert (await town.call("GET", path, sam["token"])).status == 404


async def events(feed: Any, count: int) -> list[dict[str, Any]]:
    """The next so many events about incidents."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        fields: dict[str, str] = {}
        while (line := (await feed.content.readline()).decode().rstrip("\n")) != "":
            name, _, value = line.partition(": ")
            fields[name] = value
        if fields.get("event", "").startswith("incident.") or fields.get("event") == "reset":
            found.append({**fields, "data": msgspec.json.decode(fields["data"])})
    return found


async def test_the_feed_tells_what_opens_changes_and_closes(town: Town) -> None:
    """And resumes from the last id."""
    mia = await town.mia()
    async with town.stream("/v1/feed", town.admin) as feed:
        incident = (await town.press(mia))["incident"]
        (opened,) = await events(feed, 1)
        assert (opened["event"], opened["data"]["state"]) == ("incident.opened", "pending")
    await town.wait(seconds=10)
    await town.act(incident, "resolve", disposition="safe")
    async with town.stream("/v1/feed", town.admin, {"Last-Event-ID": opened["id"]}) as feed:
        (closed,) = await events(feed, 1)
    assert (closed["event"], closed["data"]["id"], closed["data"]["state"]) == ("incident.closed", incident, "resolved")
    async with town.stream("/v1/feed", town.admin, {"Last-Event-ID": "999999"}) as feed:
        assert (await events(feed, 1))[0]["event"] == "reset"


async def test_the_feed_ends_when_the_token_dies(town: Town) -> None:
    """Within two seconds."""
    await town.agency()
    sam = await town.staff("Sam")
    async with town.stream("/v1/feed", sam["token"]) as feed:
        await town.call("DELETE", f"/v1/staff/{sam['id']}", town.admin)

        async def ended() -> bool:
            try:
                return bool((await feed.content.read(100)) == b"")
            except aiohttp.ClientPayloadError:
                return True

        await until(ended, "the feed went on")
    assert (await town.call("GET", "/v1/incidents", sam["token"])).status == 401


async def test_signing_in_by_code_and_by_token(town: Town) -> None:
    """A cookie that scripts cannot read, and that another site cannot use."""
    await town.agency(dispatch=[])
    sam = await town.staff("Sam")
    code = sam["sign_in_url"].split("#")[1]
    for body in ({"code": code}, {"token": sam["token"]}):
        entered = await town.call("POST", "/v1/sessions", None, body)
        assert entered.status == 204
        cookie = entered.headers["Set-Cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"))
        session = {"Cookie": cookie.split(";")[0]}
        who = await town.call("GET", "/v1/session", headers=session)
        assert who.body["staff"]["name"] == "Sam"
        assert who.body["organization"]["warnings"] == ["dispatch_empty"]
    assert (await town.call("POST", "/v1/sessions", None, {"code": code})).status == 401
    mia = await town.phone(await town.person())
    incident = (await town.press(mia, immediate=True))["incident"]
    act = f"/v1/incidents/{incident}/acknowledge"
    foreign = await town.call("POST", act, None, {}, headers={**session, "Origin": "https://evil.example"})
    assert (foreign.status, foreign.problem) == (403, "wrong-origin")
    ours = await town.call("POST", act, None, {}, headers={**session, "Origin": "https://porchlight.test"})
    assert ours.status == 200
    left = await town.call("DELETE", "/v1/session", headers={**session, "Origin": "https://porchlight.test"})
    assert left.status == 204
    assert (await town.call("GET", "/v1/session", headers=session)).status == 401


async def test_every_look_is_recorded_once_a_session(town: Town) -> None:
    """Who looked at whom."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    for _ in range(3):
        await town.incident(incident)
    rows = await town.assembly.store.read(lambda tx: tx.audited(mia.person))
    assert [row.what for row in rows].count("incident.read") == 1


async def test_a_repeated_act_gets_its_first_answer_and_acts_once(town: Town) -> None:
    """Acts and refusals alike; another body under the same key is refused."""
    mia = await town.mia()
    incident = (await town.press(mia, immediate=True))["incident"]
    sam, dana = await town.staff("Sam"), await town.staff("Dana")
    base = f"/v1/incidents/{incident}"
    acts = [
        (f"{base}/claim", sam, {}),
        (f"{base}/claim", dana, {}),
        (f"{base}/note", sam, {"text": "Rang the neighbour."}),
        (f"{base}/messages", sam, {"text": "Are you safe?"}),
        (f"{base}/resolve", sam, {"disposition": "safe"}),
    ]
    for number, (path, staff, body) in enumerate(acts):
        headers = {"Idempotency-Key": f"act-{number}"}
        first = await town.call("POST", path, staff["token"], body, headers=headers)
        town.clock.jump(seconds=1)
        second = await town.call("POST", path, staff["token"], body, headers=headers)
        assert first.status in {200, 201, 409}
        assert (first.status, first.raw) == (second.status, second.raw)
        assert first.headers["Content-Type"] == second.headers["Content-Type"]
        other = await town.call("POST", path, staff["token"], {**body, "id": None}, headers=headers)
        assert (other.status, other.problem) == (409, "key-reused")
    lines = [line["kind"] for line in (await town.incident(incident))["timeline"]]
    assert [lines.count(kind) for kind in ("note", "message", "resolved")] == [1, 1, 1]
