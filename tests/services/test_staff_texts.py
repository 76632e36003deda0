"""Somebody of the staff is told by a text at three in the morning, and answers by a digit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.provider import Provider
from tests.services.test_teams import NIGHTS, nights, staff
from tests.services.test_texts import action, spoken, texted
from tests.services.town import Town, until

PUBLIC = "https://porchlight.test"
KIM, LOU = "+13125550131", "+13125550132"


def by_text(number: str) -> dict[str, Any]:
    """Told by a text."""
    return {"methods": [{"channel": "sms", "address": number}]}


async def on_call(town: Town, **fields: Any) -> str:
    """Kim is on call and is told of Mia's press; the first name's id."""
    kim, _ = await staff(town, "Kim", **by_text(KIM), **fields)
    lou, _ = await staff(town, "Lou", **by_text(LOU))
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim, lou)
    await town.press(phone)
    return kim


def kinds(incident: Any) -> list[str]:
    """What the timeline tells."""
    return [line["kind"] for line in incident["timeline"]]


async def test_one_says_that_kim_has_it(town: Town, provider: Provider) -> None:
    """The text says how, and the desk shows who has it."""
    await on_call(town)
    assert "Answer 1: I have it" in (await texted(town, provider, KIM)).body
    status, said = await provider.texts_us(town.url, PUBLIC, KIM, "1")
    assert status == 200
    assert "It is yours." in said
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Kim")


async def test_the_same_text_brought_twice_is_one_answer(town: Town, provider: Provider) -> None:
    """As providers do that had no answer in time."""
    await on_call(town)
    await texted(town, provider, KIM)
    for _ in range(2):
        await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM7")
    assert kinds(await town.incident()).count("claimed") == 1


async def test_two_goes_on_to_the_next_step_at_once(town: Town, provider: Provider) -> None:
    """Kim alone was told by name: nobody waits ten minutes for somebody who cannot come."""
    await on_call(town)
    await texted(town, provider, KIM)
    assert town.sink.to("dispatch") == []
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "2")
    assert "Others are being told" in said
    await town.until_sent("dispatch")
    incident = await town.incident()
    assert incident["state"] == "open"
    assert {"responder_cannot", "all_on_call_cannot"} <= set(kinds(incident))


async def test_whoever_cannot_after_all_gives_it_back(town: Town, provider: Provider) -> None:
    """One, and later two."""
    await on_call(town)
    await texted(town, provider, KIM)
    await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    await provider.texts_us(town.url, PUBLIC, KIM, "2", sid="SM2")
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("open", None)
    await town.until_sent("dispatch")


async def test_three_says_that_kim_is_on_the_way_in_kims_language(town: Town, provider: Provider) -> None:
    """And holds it."""
    await on_call(town, language="es")
    await texted(town, provider, KIM)
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "3")
    assert "va de camino" in said
    incident = await town.incident()
    assert incident["state"] == "acknowledged"
    assert "on_the_way" in kinds(incident)


async def test_the_word_for_the_door_is_not_said_where_she_said_that_nothing_must_go(
    town: Town, provider: Provider
) -> None:
    """Kim's number turns out to be read by somebody else: a three from there acts on nothing and learns nothing."""
    await on_call(town)
    await texted(town, provider, KIM)
    person = (await town.incident())["person"]["id"]
    changes = {"unsafe": [KIM], "brief": {"arrival_word": "blue scarf"}}
    assert (await town.call("PATCH", f"/v1/people/{person}", town.admin, changes)).status == 200
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "3")
    assert "blue scarf" not in said
    assert "on_the_way" not in kinds(await town.incident())


async def test_other_words_change_nothing_and_get_one_line_of_help(town: Town, provider: Provider) -> None:
    """Kim asks back: it stands in the timeline."""
    await on_call(town)
    await texted(town, provider, KIM)
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "who is it?")
    assert "1: I have it" in said
    incident = await town.incident()
    assert incident["state"] == "open"
    assert ("note", "Kim", "who is it?") in [(line["kind"], line["by"], line["text"]) for line in incident["timeline"]]


async def test_whoever_was_not_told_answers_nothing(town: Town, provider: Provider) -> None:
    """Lou's turn is next week."""
    await on_call(town)
    await texted(town, provider, KIM)
    _, said = await provider.texts_us(town.url, PUBLIC, LOU, "1")
    assert "It is yours" not in said
    assert (await town.incident())["state"] == "open"


async def test_what_somebody_else_has_stays_theirs(town: Town, provider: Provider) -> None:
    """The desk took it before Kim was awake; Kim's two takes it from nobody."""
    await on_call(town)
    await texted(town, provider, KIM)
    incident = await town.incident()
    await town.act(incident["id"], "claim")
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    assert "Somebody else has it already" in said
    await provider.texts_us(town.url, PUBLIC, KIM, "2", sid="SM2")
    assert (await town.incident())["state"] == "acknowledged"


async def test_whoever_may_no_longer_see_her_answers_nothing(town: Town, provider: Provider) -> None:
    """She asked that Kim be kept out."""
    kim = await on_call(town)
    await texted(town, provider, KIM)
    person = (await town.incident())["person"]["id"]
    changed = await town.call("PATCH", f"/v1/people/{person}", town.admin, {"hidden_from": [kim]})
    assert changed.status == 200
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1")
    assert "It is yours" not in said
    assert (await town.incident())["state"] == "open"


@pytest.mark.parametrize(("key", "says"), [("1", "It is yours."), ("3", "At the door say: blue scarf")])
async def test_a_key_answers_when_kim_is_rung(town: Town, provider: Provider, key: str, says: str) -> None:
    """Any key first: then what it is, and a one; or a three, and Kim hears what to say at the door."""
    kim, _ = await staff(town, "Kim", methods=[{"channel": "voice", "address": KIM}])
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights", brief={"arrival_word": "blue scarf"})
    await nights(town, kim)
    await town.press(phone)

    async def rang() -> bool:
        return bool(provider.rung)

    await until(rang, "nobody was rung")
    await town.settled()
    (rung,) = provider.rung
    _, asked = await provider.asks(town.url, rung)
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    assert "Answer 1: I have it" in told
    _, said = await provider.asks(town.url, rung, action(told), key)
    assert says in said
    assert ("blue scarf" in said) is (key == "3")
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Kim")


async def test_whoever_cannot_while_somebody_has_it_is_told_so(town: Town, provider: Provider) -> None:
    """Nobody else is told, and Kim does not read that they are."""
    await on_call(town)
    await texted(town, provider, KIM)
    await town.act((await town.incident())["id"], "claim")
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "2")
    assert "Others have it" in said


async def test_a_number_that_is_a_contacts_and_a_responders_is_asked_which(town: Town, provider: Provider) -> None:
    """Kim works here and is Noa's contact: a bare digit is not enough, the letter says which."""
    await on_call(town)
    await texted(town, provider, KIM)
    town.clock.jump(seconds=60)
    noa = await town.person("Noa Berg", policy="nights")
    methods = [{"channel": "sms", "address": KIM}]
    body = {"name": "Kim", "methods": methods, "consent": {"how": "in the office"}}
    await town.post(f"/v1/people/{noa}/contacts", town.admin, body)
    await town.policy("contacts", cancel_window="0s", steps=[{"after": "0s", "notify": ["contacts"]}])
    await town.call("PATCH", f"/v1/people/{noa}", town.admin, {"policy": "contacts"})
    await town.press(await town.phone(noa))
    await texted(town, provider, KIM, 2)
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    assert "A: Mia Larsen, B: Noa Berg" in said
    assert {row["state"] for row in await town.live()} == {"open"}
    await provider.texts_us(town.url, PUBLIC, KIM, "B1", sid="SM2")
    await provider.texts_us(town.url, PUBLIC, KIM, "A1", sid="SM3")
    done = [kinds(await town.incident(row["id"])) for row in await town.live()]
    assert sorted(("claimed" in each, "contact_can_help" in each) for each in done) == [(False, True), (True, False)]


async def test_whoever_has_it_is_asked_before_it_lapses(town: Town, provider: Provider) -> None:
    """A minute before; a one says that Kim still does, and nobody else is told."""
    await on_call(town)
    await texted(town, provider, KIM)
    await provider.texts_us(town.url, PUBLIC, KIM, "1")
    await town.wait(minutes=4)
    asked = await texted(town, provider, KIM, 2)
    assert "your hold ends in a minute" in asked.body
    await provider.texts_us(town.url, PUBLIC, KIM, "1")
    await town.wait(minutes=3)
    assert "hold_lapsed" not in kinds(await town.incident())


async def pressed_with_kim_as_both(town: Town) -> None:
    """Mia has pressed; Kim is on call, and is Mia's contact too."""
    kim, _ = await staff(town, "Kim", **by_text(KIM))
    at_once = {"after": "0s", "notify": ["team:nights", "contacts"]}
    await town.policy("nights", cancel_window="0s", steps=[at_once, {"after": "10m", "notify": ["dispatch"]}])
    await town.agency()
    person = await town.person(policy="nights")
    body = {"name": "Kim", **by_text(KIM), "consent": {"how": "in the office"}}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    await nights(town, kim)
    await town.press(await town.phone(person))


async def test_her_contact_who_works_here_too_helps_though_another_has_it(town: Town, provider: Provider) -> None:
    """Sam at the desk has claimed it; Kim's one is the contact's: the others know that Kim can help."""
    await pressed_with_kim_as_both(town)
    await texted(town, provider, KIM)
    await town.act((await town.incident())["id"], "claim")
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1")
    assert "The others know that you can help" in said
    assert "contact_can_help" in kinds(await town.incident())


async def test_who_is_told_twice_of_the_same_answers_once(town: Town, provider: Provider) -> None:
    """Kim is on call, and Mia's contact: one has it as staff, two is no from both."""
    await pressed_with_kim_as_both(town)
    await texted(town, provider, KIM, 2)
    await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    incident = await town.incident()
    assert (incident["holder"], "contact_can_help" in kinds(incident)) == ("Kim", False)
    await provider.texts_us(town.url, PUBLIC, KIM, "2", sid="SM2")
    assert {"responder_cannot", "contact_cannot"} <= set(kinds(await town.incident()))


async def test_staff_who_were_there_before_can_answer_after_an_upgrade(town: Town, provider: Provider) -> None:
    """Their numbers were not known by an index then; it is made at the next start."""
    kim = await on_call(town)
    await texted(town, provider, KIM)

    async def before(tx: Any) -> None:
        await tx.execute("DELETE FROM addresses WHERE owner = ?", kim)

    await town.assembly.store.write(before)
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    assert "It is yours" not in said
    await town.stop()
    await town.start()

    async def known() -> bool:
        return bool(await town.assembly.store.read(lambda tx: tx.owners_at(KIM)))

    await until(known, "Kim's number was never indexed")
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM2")
    assert "It is yours" in said


async def test_four_is_no_answer_of_staff(town: Town, provider: Provider) -> None:
    """The help says what is."""
    await on_call(town)
    await texted(town, provider, KIM)
    _, said = await provider.texts_us(town.url, PUBLIC, KIM, "4")
    assert "1: I have it" in said
    assert (await town.incident())["state"] == "open"


async def test_where_two_must_answer_the_second_one_has_it_too(town: Town, provider: Provider) -> None:
    """Kim has claimed it, and Lou answers 1 as well: that makes two."""
    kim, _ = await staff(town, "Kim", **by_text(KIM))
    lou, _ = await staff(town, "Lou", **by_text(LOU))
    both = [{"after": "0s", "notify": ["team:nights", "team:days"]}, {"after": "10m", "notify": ["dispatch"]}]
    await town.policy("nights", cancel_window="0s", acknowledgement={"quorum": 2}, steps=both)
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    rotations = [{"members": [lou], "begins": "2026-11-23", "hand_over": "08:00"}]
    await town.call("PUT", "/v1/teams/days", town.admin, {"time_zone": "UTC", "rotations": rotations})
    await town.press(phone)
    await texted(town, provider, KIM)
    await texted(town, provider, LOU)
    await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    _, said = await provider.texts_us(town.url, PUBLIC, LOU, "1", sid="SM2")
    assert "you have it too" in said
    incident = await town.incident()
    assert (incident["holder"], incident["answered"], incident["next_step_at"]) == ("Kim", 2, None)


DUTY = "+13125550140"
LATE = [{"after": "0s", "notify": ["dispatch"]}, {"after": "30m", "notify": ["contacts"]}]


async def duty_phone(town: Town, provider: Provider) -> str:
    """The agency's own duty phone is told of Mia's press, as `dispatch`; her incident."""
    phone = await town.mia()
    await town.agency(dispatch=[{"channel": "sms", "address": DUTY}])
    await town.press(phone, immediate=True)
    assert "Answer 1: I have it" in (await texted(town, provider, DUTY)).body
    return str((await town.incident())["id"])


async def test_the_duty_phone_takes_it_in_the_agencys_name(town: Town, provider: Provider) -> None:
    """Whoever is on duty there; what they write stands in the timeline."""
    incident = await duty_phone(town, provider)
    _, said = await provider.texts_us(town.url, PUBLIC, DUTY, "Who is near?")
    assert "Answer with a digit" in said
    _, said = await provider.texts_us(town.url, PUBLIC, DUTY, "1")
    assert "It is yours." in said
    shown = await town.incident(incident)
    assert (shown["state"], shown["holder"]) == ("acknowledged", "Harbour House")
    assert "dispatch" in [one["recipient"] for one in shown["told"]["reached"]]
    assert "Who is near?" in [line["text"] for line in shown["timeline"]]
    await town.wait(minutes=3)
    assert len(provider.to(DUTY)) == 1


async def test_what_the_duty_phone_has_no_other_number_of_the_agency_gives_back(town: Town, provider: Provider) -> None:
    """The director at home says two: that is the director's. Whoever is on duty says two: that gives it back."""
    phone = await town.mia()
    ways = {"dispatch": DUTY, "last_resort": KIM}
    await town.agency(**{desk: [{"channel": "sms", "address": number}] for desk, number in ways.items()})
    await town.press(phone, immediate=True)
    await texted(town, provider, DUTY)
    await town.wait(minutes=6)
    await texted(town, provider, KIM)
    await provider.texts_us(town.url, PUBLIC, DUTY, "1")
    await provider.texts_us(town.url, PUBLIC, KIM, "2")
    assert (await town.incident())["holder"] == "Harbour House"
    await provider.texts_us(town.url, PUBLIC, DUTY, "2")
    assert (await town.incident())["holder"] is None


async def test_where_one_number_on_duty_cannot_the_others_hear_it_and_nobody_waits(
    town: Town, provider: Provider
) -> None:
    """The second had no message, since the first had got one. The contacts' step comes now, and no other after it."""
    phone = await town.mia()
    await town.agency(dispatch=[{"channel": "sms", "address": number} for number in (DUTY, KIM)])
    await town.policy("late", cancel_window="0s", steps=LATE)
    await town.call("PATCH", f"/v1/people/{phone.person}", town.admin, {"policy": "late"})
    await town.press(phone, immediate=True)
    await texted(town, provider, DUTY)
    await town.wait(minutes=1)
    assert provider.to(KIM) == []
    await provider.texts_us(town.url, PUBLIC, DUTY, "2")
    await town.until_sent("ana")
    assert "somebody cannot come after all" in (await texted(town, provider, KIM)).body
    await provider.texts_us(town.url, PUBLIC, KIM, "2")
    assert kinds(await town.incident()).count("all_on_call_cannot") == 1
    assert "responder_cannot" in kinds(await town.incident())


async def test_whoever_gave_it_back_does_not_read_that_it_is_theirs(town: Town, provider: Provider) -> None:
    """Two numbers on duty: the second is on the way, the first cannot after all; both read that somebody has it."""
    phone = await town.mia()
    await town.agency(dispatch=[{"channel": "sms", "address": number} for number in (DUTY, KIM)])
    await town.press(phone, immediate=True)
    await texted(town, provider, DUTY)
    for number, digit in ((DUTY, "1"), (KIM, "3"), (DUTY, "2")):
        await provider.texts_us(town.url, PUBLIC, number, digit)
    await town.settled()
    assert "somebody on duty has it now" in provider.to(DUTY)[-1].body
    assert not any("you have it now" in text.body for text in provider.texts)


async def test_what_the_agency_changes_elsewhere_leaves_the_hold_of_the_duty_phone(
    town: Town, provider: Provider
) -> None:
    """The number stays, so whoever is there can still give it back."""
    await duty_phone(town, provider)
    await provider.texts_us(town.url, PUBLIC, DUTY, "1")
    await town.agency(dispatch=[{"channel": "sms", "address": DUTY}], call_back="555-0199")
    await provider.texts_us(town.url, PUBLIC, DUTY, "2")
    assert (await town.incident())["holder"] is None


async def test_the_director_who_has_it_is_asked_and_not_the_duty_phone(town: Town, provider: Provider) -> None:
    """A minute before the hold lapses."""
    phone = await town.mia()
    ways = {"dispatch": DUTY, "last_resort": KIM}
    await town.agency(**{desk: [{"channel": "sms", "address": number}] for desk, number in ways.items()})
    await town.press(phone, immediate=True)
    await town.wait(minutes=6)
    before = len(provider.to(DUTY))
    await texted(town, provider, KIM)
    await provider.texts_us(town.url, PUBLIC, KIM, "1")
    await town.wait(minutes=4)
    assert "your hold ends in a minute" in (await texted(town, provider, KIM, 2)).body
    assert len(provider.to(DUTY)) == before


async def test_the_duty_phone_is_rung_in_the_language_of_whoever_presses(town: Town, provider: Provider) -> None:
    """As its texts are written; the words and the voice are of one language."""
    phone = await town.mia(language="es")
    await town.agency(dispatch=[{"channel": "voice", "address": DUTY}])
    await town.press(phone, immediate=True)
    await town.settled()
    [rung] = provider.rung
    _, asked = await provider.asks(town.url, rung)
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    _, thanks = await provider.asks(town.url, rung, action(told), "1")
    assert [set(spoken(said)) for said in (asked, told, thanks)] == [{"es-MX"}] * 3
    assert (await town.incident())["holder"] == "Harbour House"


async def test_the_duty_phone_cannot_come(town: Town, provider: Provider) -> None:
    """The next step does not wait; and STOP changes nothing of the agency's own."""
    await duty_phone(town, provider)
    await provider.texts_us(town.url, PUBLIC, DUTY, "2")
    await town.until_sent("ana")
    await provider.texts_us(town.url, PUBLIC, DUTY, "STOP")
    agency = await town.get("/v1/organization", town.admin)
    assert agency["dispatch"][0]["address"] == DUTY
    assert (await town.get("/v1/staff", town.admin))["staff"][0]["name"] != "Harbour House"


async def test_an_agency_that_was_there_before_is_known_by_its_number(town: Town, provider: Provider) -> None:
    """An index that an older release did not keep is made."""
    await duty_phone(town, provider)

    async def forget(tx: Any) -> None:
        await tx.execute("DELETE FROM addresses WHERE owner = ?", town.organization)

    await town.assembly.store.write(forget)
    _, said = await provider.texts_us(town.url, PUBLIC, DUTY, "1")
    assert "<Message>" not in said
    await town.assembly.housekeeping.index_addresses()
    _, said = await provider.texts_us(town.url, PUBLIC, DUTY, "1")
    assert "It is yours." in said
