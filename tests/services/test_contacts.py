"""Trusted contacts: asked before they are told, and their answers act once."""

from __future__ import annotations

from tests.services.town import Town


def code_of(link: str) -> str:
    """The code in a link's fragment."""
    return link.split("#")[1]


async def test_nobody_unconfirmed_is_told_anything_but_the_invitation(town: Town) -> None:
    """Not even when it burns; the invitation comes again then."""
    await town.agency()
    person = await town.person(known_as="Mia")
    made = await town.contact(person, "Ana", confirmed=False)
    assert made["consent"] == "pending"
    await town.until_sent("ana")
    assert town.sink.purposes("ana") == ["invitation"]
    assert town.sink.to("ana")[0].json["data"]["link"] == made["confirm_url"]
    await town.press(await town.phone(person), immediate=True)
    await town.wait(minutes=10)
    assert set(town.sink.purposes("ana")) == {"invitation"}


async def test_whoever_confirms_while_it_is_open_is_told_at_once(town: Town) -> None:
    """By the link, with one question."""
    await town.agency()
    person = await town.person(known_as="Mia")
    code = code_of((await town.contact(person, "Ana", confirmed=False))["confirm_url"])
    await town.press(await town.phone(person), immediate=True)
    shown = await town.get("/v1/invitation", code)
    assert (shown["person"], shown["contact"], shown["state"]) == ("Mia", "Ana", "pending")
    await town.post("/v1/invitation/confirm", code, {"reads": "nobody_else"})
    await town.settled()
    assert town.sink.purposes("ana")[-1] == "alert"


async def test_a_link_of_a_former_release_leads_to_its_page(town: Town) -> None:
    """It is under way when the service is renewed, and has to open the alarm all the same."""
    assert (await town.call("GET", "/alert")).raw == (await town.call("GET", "/m")).raw


async def test_whoever_declines_is_asked_no_more(town: Town) -> None:
    """Nor told."""
    await town.agency()
    person = await town.person()
    code = code_of((await town.contact(person, "Ana", confirmed=False))["confirm_url"])
    await town.post("/v1/invitation/decline", code)
    await town.settled()
    before = len(town.sink.to("ana"))
    await town.press(await town.phone(person), immediate=True)
    assert len(town.sink.to("ana")) == before


async def test_i_can_help_holds_the_contacts_and_not_the_staff(town: Town) -> None:
    """And *I can't* withdraws it."""
    mia = await town.mia(known_as="Mia")
    await town.press(mia, immediate=True)
    code = code_of(town.sink.to("ana")[0].json["data"]["link"])
    shown = await town.get("/v1/alert", code)
    assert (shown["person"], shown["trigger"], shown["state"], shown["answer"]) == ("Mia", "panic", "open", None)
    await town.post("/v1/alert/answer", code, {"answer": "can_help"})
    await town.settled()
    assert (await town.incident())["state"] == "acknowledged"
    await town.wait(minutes=2)
    assert town.sink.purposes("ben") == ["alert"]
    assert town.sink.purposes("dispatch") == ["alert", "repeat"]
    await town.post("/v1/alert/answer", code, {"answer": "cannot"})
    await town.wait(minutes=2)
    assert (await town.incident())["state"] == "open"
    assert town.sink.purposes("ben")[:2] == ["alert", "news"]
    assert town.sink.purposes("ana") == ["alert"]
    assert [a["answer"] for a in (await town.incident())["told"]["answered"]] == ["cannot"]


async def test_when_nobody_who_was_told_can_the_next_step_does_not_wait(town: Town) -> None:
    """One *I can't* leaves the other to wait for; two leave nobody."""
    steps = [{"after": f"{minutes}m", "notify": [who]} for minutes, who in ((10, "contact:3"), (20, "last_resort"))]
    await town.policy("p", steps=[{"after": "0s", "notify": ["dispatch", "contact:1", "contact:2"]}, *steps])
    mia = await town.mia(policy="p")
    await town.contact(mia.person, "Cleo", order=3)
    await town.press(mia, immediate=True)
    ana, ben = (code_of(town.sink.to(name)[0].json["data"]["link"]) for name in ("ana", "ben"))
    await town.post("/v1/alert/answer", ana, {"answer": "cannot"})
    await town.settled()
    assert town.sink.purposes("cleo") == []
    await town.post("/v1/alert/answer", ben, {"answer": "cannot"})
    await town.until_sent("cleo")
    await town.settled()
    assert town.sink.purposes("cleo") == ["alert"]
    assert town.sink.purposes("last-resort") == []
    incident = await town.incident((await town.incident())["id"])
    assert [line["kind"] for line in incident["timeline"]].count("all_contacts_cannot") == 1
    cleo = code_of(town.sink.to("cleo")[0].json["data"]["link"])
    await town.post("/v1/alert/answer", cleo, {"answer": "cannot"})
    await town.until_sent("last-resort")


async def test_whoever_has_it_is_not_passed_over_because_others_cannot(town: Town) -> None:
    """While staff hold it, *I can't* tells nobody else."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "claim")
    for name in ("ana", "ben"):
        code = code_of(town.sink.to(name)[0].json["data"]["link"])
        await town.post("/v1/alert/answer", code, {"answer": "cannot"})
    await town.settled()
    assert town.sink.purposes("last-resort") == []
    assert (await town.incident())["state"] == "acknowledged"


async def test_on_my_way_is_shown_to_her(town: Town) -> None:
    """A neutral mark on her phone."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    code = code_of(town.sink.to("ana")[0].json["data"]["link"])
    for _ in range(2):
        await town.post("/v1/alert/answer", code, {"answer": "on_my_way"})
    await town.settled()
    assert (await town.get(f"/v1/panic/{pressed['id']}", mia.panic))["on_the_way"]
    lines = [line["kind"] for line in (await town.incident())["timeline"]]
    assert lines.count("contact_on_my_way") == 1


async def test_a_get_never_acts(town: Town) -> None:
    """Mail scanners open links."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    code = code_of(town.sink.to("ana")[0].json["data"]["link"])
    before = await town.incident()
    for path in ("/v1/alert", "/v1/alert/answer"):
        await town.call("GET", path, code)
    await town.settled()
    after = await town.incident()
    assert (before["state"], before["timeline"]) == (after["state"], after["timeline"])


async def test_a_contact_sees_only_what_the_person_chose(town: Town) -> None:
    """`message`, `place` or `live`."""
    await town.agency()
    person = await town.person(places=[{"label": "the library", "latitude": 41.88, "longitude": -87.63}])
    for name, sees in (("Ana", "message"), ("Ben", "live")):
        await town.contact(person, name, sees=sees)
    mia = await town.phone(person)
    await town.press(mia, immediate=True, location={"latitude": 41.8801, "longitude": -87.6301})
    ana = await town.get("/v1/alert", code_of(town.sink.to("ana")[0].json["data"]["link"]))
    ben = await town.get("/v1/alert", code_of(town.sink.to("ben")[0].json["data"]["link"]))
    assert "location" not in ana
    assert ben["location"]["latitude"] == 41.8801
    assert ben["place"]["label"] == "the library"


async def test_the_link_shuts_a_day_after_the_incident_closed(town: Town) -> None:
    """And opens nothing else before."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    code = code_of(town.sink.to("ana")[0].json["data"]["link"])
    await town.act(pressed["incident"], "resolve", disposition="safe")
    await town.wait(hours=23)
    assert (await town.get("/v1/alert", code))["state"] == "closed"
    answer = await town.call("POST", "/v1/alert/answer", code, {"answer": "can_help"})
    assert answer.status == 409
    await town.wait(hours=2)
    assert (await town.call("GET", "/v1/alert", code)).status == 404
    assert (await town.call("GET", "/v1/alert", code[:-2] + "AA")).status == 401
    assert (await town.call("GET", "/v1/incidents", code)).status == 403


async def test_a_contact_who_was_removed_opens_nothing(town: Town) -> None:
    """From that moment on."""
    await town.agency()
    person = await town.person()
    ana = await town.contact(person, "Ana")
    await town.press(await town.phone(person), immediate=True)
    code = code_of(town.sink.to("ana")[0].json["data"]["link"])
    await town.call("DELETE", f"/v1/contacts/{ana['id']}", town.admin)
    assert (await town.call("GET", "/v1/alert", code)).status == 404


async def test_a_way_that_is_kept_stays_what_it_was(town: Town) -> None:
    """With its id and its secret: only what is new is new, and who closed it is not told there again."""
    await town.agency()
    person = await town.person()
    made = await town.contact(person, "Ana")
    (known,) = made["methods"]
    changed = [{**town.hook("ana"), "safety": "safe"}, town.hook("second")]
    answer = await town.call("PATCH", f"/v1/contacts/{made['id']}", town.admin, {"methods": changed})
    first, second = answer.body["methods"]
    assert (first["id"], "secret" in first) == (known["id"], False)
    assert (second["id"] != known["id"], "secret" in second) == (True, True)
    shown = await town.get(f"/v1/contacts/{made['id']}", town.admin)
    assert [method["safety"] for method in shown["methods"]] == ["safe", None]
