"""Who is told, when, again, and when no longer: somebody is told until somebody answers."""

from __future__ import annotations

from typing import Any

from tests.services.town import TWIN, Phone, Town


async def test_the_default_policy_never_falls_silent(town: Town) -> None:
    """At once, three repeats, everybody, the last resort; then every ten minutes until resolved."""
    mia = await town.mia()
    for name in ("Cleo", "Dora"):
        await town.contact(mia.person, name)
    await town.press(mia)
    assert town.sink.received == []
    await town.wait(seconds=10)
    assert sorted(r.path for r in town.sink.received) == ["/ana", "/ben", "/dispatch"]
    await town.wait(minutes=2)
    assert town.sink.purposes("ana") == ["alert", "repeat"]
    await town.wait(minutes=1)
    assert town.sink.purposes("cleo") == ["alert"]
    await town.wait(minutes=3)
    assert town.sink.purposes("last-resort") == ["alert"]
    told = len(town.sink.to("dispatch"))
    await town.wait(hours=2)
    assert len(town.sink.to("dispatch")) - told == 12
    contacts_hourly = len([r for r in town.sink.to("cleo") if r.purpose == "repeat"])
    assert 1 <= contacts_hourly <= 3


async def test_a_repeat_says_which_it_is(town: Town) -> None:
    """So that nobody takes the third for the first."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    await town.wait(minutes=2)
    first, second = town.sink.to("ana")
    assert first.json["data"]["message_number"] == 1
    assert second.json["data"]["message_number"] == 2
    assert "message 2" in second.json["data"]["text"]


async def test_staff_answering_stops_the_steps(town: Town) -> None:
    """Until the lease lapses."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "acknowledge")
    assert (await town.incident())["state"] == "acknowledged"
    await town.wait(minutes=4)
    assert len(town.sink.received) == 3
    await town.wait(minutes=1)
    assert town.sink.purposes("dispatch") == ["alert", "news"]
    assert town.sink.purposes("ana") == ["alert"]
    await town.wait(minutes=3)
    assert town.sink.purposes("ana") == ["alert", "news"]
    assert (await town.incident())["state"] == "open"


async def test_work_renews_the_lease(town: Town) -> None:
    """Notes, messages, on the way, on scene."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "claim")
    for what, body in (("note", {"text": "x"}), ("messages", {"text": "hi"}), ("on-the-way", {}), ("on-scene", {})):
        await town.wait(minutes=4)
        await town.act(pressed["incident"], what, **body)
    await town.wait(minutes=4)
    assert (await town.incident())["state"] == "acknowledged"
    assert len(town.sink.received) == 3


async def test_a_new_press_ends_the_lease_and_everybody_hears_of_it(town: Town) -> None:
    """The holder included."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "claim")
    await town.press(mia)
    incident = await town.incident()
    assert (incident["state"], incident["holder"], incident["presses"]) == ("open", None, 2)
    assert town.sink.purposes("dispatch") == ["alert", "news"]
    assert town.sink.purposes("ana") == ["alert", "news"]


async def test_presses_on_an_open_incident_are_bundled(town: Town) -> None:
    """At most one message in thirty seconds, and none is forgotten."""
    mia = await town.mia()
    for _ in range(4):
        await town.press(mia, immediate=True)
    assert len(town.sink.to("ana")) <= 2
    await town.wait(seconds=30)
    assert (await town.incident())["presses"] == 4
    assert town.sink.to("ana")[-1].json["data"]["presses"] == 4


async def test_a_dead_first_method_is_no_dead_end(town: Town) -> None:
    """The next one starts on refusal, on the first error, and after three seconds of silence."""
    await town.agency()
    await town.policy("all", steps=[{"after": "0s", "notify": ["contacts"]}])
    person = await town.person(policy="all")
    mia = await town.phone(person)
    for name, status in (("gone", 410), ("broken", 500)):
        town.sink.answers[name] = status
        await town.contact(person, name, methods=[town.hook(name), town.hook(f"{name}-second")])
    town.sink.hanging.add("hangs")
    await town.contact(person, "hangs", methods=[town.hook("hangs"), town.hook("hangs-second")])
    answer = await town.call("POST", "/v1/panic", mia.panic, {"immediate": True})
    assert answer.status == 202
    await town.until_sent("gone-second")
    await town.until_sent("broken-second")
    town.clock.jump(seconds=3)
    town.assembly.engine.look()
    await town.until_sent("hangs-second")


async def test_an_error_is_tried_again_with_the_same_id(town: Town) -> None:
    """Backing off at most five seconds."""
    mia = await town.mia()
    town.sink.answers["ana"] = 503
    await town.press(mia, immediate=True)
    assert town.sink.to("ana") == []
    town.sink.answers.clear()
    await town.wait(seconds=5)
    (received,) = town.sink.to("ana")
    (delivery,) = [d for d in (await town.incident())["deliveries"] if d["name"] == "Ana"]
    assert received.headers["webhook-id"] == delivery["id"] == received.json["data"]["delivery"]
    assert delivery["attempts"] >= 2
    assert delivery["state"] == "delivered"


async def test_when_every_message_fails_the_next_step_comes_at_once(town: Town) -> None:
    """And the operator alarm rings, and the phone says so within ten seconds, with the fallback numbers."""
    mia = await town.mia()
    for name in ("ana", "ben", "dispatch"):
        town.sink.answers[name] = 410
    pressed = await town.press(mia, immediate=True)
    await town.settled()
    assert town.sink.purposes("last-resort") == ["alert"]

    town.sink.answers["last-resort"] = 410
    second = await town.phone(await town.person("Noa"))
    pressed = await town.press(second, immediate=True)
    await town.wait(seconds=9)
    tried = len((await town.incident(pressed["incident"]))["deliveries"])
    assert tried < 10
    shown = await town.get(f"/v1/panic/{pressed['id']}", second.panic)
    assert shown["advice"]["kind"] == "nobody_reached"
    assert shown["advice"]["call"] == [{"label": "Emergency services", "call": "911"}]


async def test_an_empty_step_is_skipped_at_once(town: Town) -> None:
    """Nobody waits three minutes for nobody."""
    await town.agency(dispatch=[])
    mia = await town.phone(await town.person())
    await town.press(mia, immediate=True)
    assert town.sink.purposes("last-resort") == ["alert"]


async def test_nobody_reachable_at_all_is_said_on_the_row(town: Town) -> None:
    """Rather than silently waited for."""
    await town.agency(dispatch=[], last_resort=[])
    mia = await town.phone(await town.person())
    await town.press(mia, immediate=True)
    (row,) = await town.live()
    assert row["nobody_reachable"]


async def test_a_method_whose_channel_is_not_configured_is_kept_and_skipped(town: Town) -> None:
    """`deliverable: false`, and the next one at once."""
    await town.agency()
    person = await town.person()
    methods = [{"channel": "sms", "address": "+1 555 0100"}, town.hook("ana")]
    made = await town.contact(person, "Ana", methods=methods)
    assert [m["deliverable"] for m in made["methods"]] == [False, True]
    await town.press(await town.phone(person), immediate=True)
    assert town.sink.purposes("ana") == ["alert"]


async def test_the_snapshot_fixes_steps_but_never_permission(town: Town) -> None:
    """A contact who was removed hears nothing more; an edited policy waits for the next incident."""
    await town.policy("p", cancel_window="0s", steps=[{"after": "0s", "notify": ["contacts"]}])
    await town.agency()
    person = await town.person(policy="p")
    ana = await town.contact(person, "Ana")
    mia = await town.phone(person)
    await town.press(mia)
    assert town.sink.purposes("ana") == ["alert"]
    await town.policy("p", cancel_window="0s", steps=[{"after": "0s", "notify": ["last_resort"]}])
    await town.call("DELETE", f"/v1/contacts/{ana['id']}", town.admin)
    await town.wait(hours=3)
    assert town.sink.purposes("ana") == ["alert"]


async def test_resolving_ends_it_with_an_all_clear_to_whoever_was_told(town: Town) -> None:
    """And nothing after that."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "resolve", disposition="help_arrived", text="All well.")
    assert town.sink.purposes("ana") == ["alert", "all_clear"]
    assert town.sink.to("last-resort") == []
    told = len(town.sink.received)
    await town.wait(hours=5)
    assert len(town.sink.received) == told
    assert await town.live() == []


async def test_what_waits_to_be_sent_is_void_once_it_closes(town: Town) -> None:
    """A closed incident never notifies."""
    mia = await town.mia()
    town.sink.answers["ana"] = 503
    pressed = await town.press(mia, immediate=True)
    await town.act(pressed["incident"], "resolve", disposition="safe")
    town.sink.answers.clear()
    await town.wait(minutes=10)
    assert "alert" not in town.sink.purposes("ana")


async def test_the_policy_names_contacts_by_order_when_it_opens(town: Town) -> None:
    """`contact:2` is the second confirmed one."""
    steps: list[dict[str, Any]] = [
        {"after": "0s", "notify": ["contact:2"]},
        {"after": "1m", "notify": ["contact:1"]},
    ]
    await town.policy("p", cancel_window="0s", steps=steps)
    await town.agency()
    person = await town.person(policy="p")
    await town.contact(person, "Zoe", confirmed=False, order=1)
    await town.contact(person, "Ben", order=3)
    await town.contact(person, "Ana", order=2)
    mia: Phone = await town.phone(person)
    await town.press(mia)
    assert town.sink.purposes("ben") == ["alert"]
    assert town.sink.purposes("ana") == []
    await town.wait(minutes=1)
    assert town.sink.purposes("ana") == ["alert"]
    assert "alert" not in town.sink.purposes("zoe")


async def test_a_message_that_waited_for_its_turn_is_checked_again(town: Town) -> None:
    """Closed meanwhile: it does not leave."""
    mia = await town.mia()
    await town.press(mia, immediate=True)
    incident = (await town.incident())["id"]
    engine = town.assembly.engine
    held: list[Any] = []
    kept, engine.runner._send = engine.runner._send, held.extend
    await town.act(incident, "escalate")
    assert held
    engine.runner._send = kept
    await town.act(incident, "resolve", disposition="safe")
    town.clock.jump(seconds=2)
    kept(held)
    await town.settled()
    assert "alert" not in town.sink.purposes("last-resort")


async def test_the_row_says_who_was_not_told_and_why_and_who_comes_next(town: Town) -> None:
    """Ana was reached; Ben's only number is marked as unsafe, Zoe has not agreed: neither comes next."""
    await town.agency()
    person = await town.person(unsafe=[town.sink.url("ben")])
    await town.contact(person, "Ana")
    await town.contact(person, "Ben")
    await town.contact(person, "Zoe", confirmed=False)
    await town.press(await town.phone(person), immediate=True)
    (row,) = await town.live()
    told = row["told"]
    assert {(one["recipient"], one["name"]) for one in told["reached"]} == {("dispatch", None), ("contact", "Ana")}
    assert {(one["name"], one["why"]) for one in told["untold"]} == {("Ben", "unsafe"), ("Zoe", "not_agreed")}
    assert told["trying"] == told["handed_over"] == []
    assert row["next_told_at"] == row["next_step_at"] == "2026-11-24T18:02:00Z"
    assert row["next_recipients"] == [
        {"recipient": "dispatch", "name": None},
        {"recipient": "contact", "name": "Ana"},
    ]
    await town.wait(minutes=2)
    incident = await town.incident()
    assert incident["next_recipients"] == [{"recipient": "contact", "name": "Ana"}]
    await town.act(incident["id"], "claim")
    (row,) = await town.live()
    assert (row["next_told_at"], row["next_recipients"], row["holds"]["staff"]["until"]) == (
        None,
        [],
        "2026-11-24T18:07:00Z",
    )


async def test_where_two_must_answer_the_row_says_both(town: Town) -> None:
    """How long Sam has it, and whom the steps tell until a second has."""
    steps = [{"after": "0s", "notify": ["dispatch"]}]
    await town.policy("two", cancel_window="0s", acknowledgement={"quorum": 2}, steps=steps)
    await town.press(await town.mia(policy="two"))
    await town.act((await town.incident())["id"], "claim", (await town.staff("Sam"))["token"])
    (row,) = await town.live()
    assert row["holds"]["staff"] is not None
    assert row["next_recipients"][0] == {"recipient": "dispatch", "name": None}


async def test_the_phone_says_that_nobody_has_answered_yet(town: Town) -> None:
    """A minute after somebody was told, with whom to ring; not once somebody has it, nor where it was called off."""
    mia = await town.mia()
    press = (await town.press(mia, immediate=True))["id"]

    async def advice() -> Any:
        return (await town.get(f"/v1/panic/{press}", mia.panic))["advice"]

    await town.wait(seconds=50)
    assert await advice() is None
    await town.wait(seconds=15)
    assert (await advice())["kind"] == "waiting"
    assert (await advice())["call"][0]["call"] == "911"
    await town.act((await town.incident())["id"], "claim")
    assert await advice() is None
    other = (await town.press(mia, immediate=True))["id"]
    await town.wait(seconds=65)
    await town.cancel(mia, TWIN)
    assert (await town.get(f"/v1/panic/{other}", mia.panic))["advice"] is None


async def test_an_invitation_tells_nobody(town: Town) -> None:
    """It arrives, and yet nobody knows of the alarm: the phone says so, with whom to ring."""
    await town.agency(dispatch=[], last_resort=[])
    person = await town.person(known_as="Mia")
    await town.contact(person, "Ana", confirmed=False)
    phone = await town.phone(person)
    pressed = await town.press(phone, immediate=True)
    await town.wait(seconds=12)
    assert "invitation" in town.sink.purposes("ana")
    shown = await town.get(f"/v1/panic/{pressed['id']}", phone.panic)
    assert (shown["sent"], shown["delivered"]) == (None, None)
    assert shown["advice"]["kind"] == "nobody_reached"


async def test_an_invitation_keeps_the_last_resort_from_nothing(town: Town) -> None:
    """Whoever was told could not be reached: the next step does not wait because somebody was invited."""
    await town.agency()
    for name in ("dispatch", "ben"):
        town.sink.answers[name] = 410
    person = await town.person(known_as="Mia")
    await town.contact(person, "Ben")
    await town.contact(person, "Ana", confirmed=False)
    await town.press(await town.phone(person), immediate=True)
    await town.until_sent("last-resort")
    assert town.sink.purposes("last-resort") == ["alert"]
