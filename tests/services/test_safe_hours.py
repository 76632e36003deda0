"""Who reads a handset or mailbox, and at what hours: the words go by it, and where nothing must go nothing goes."""

from __future__ import annotations

from typing import Any

from tests.services.provider import Provider
from tests.services.test_contacts import code_of
from tests.services.test_texts import ANA, texted
from tests.services.town import Phone, Town

PUBLIC = "https://porchlight.test"


async def mia(town: Town, start: str, end: str) -> Phone:
    """Mia in Chicago, where it is noon on a Tuesday, with Ana, whose handset is hers alone at these hours."""
    await town.agency()
    person = await town.person(time_zone="America/Chicago", known_as="Mia", brief={"arrival_word": "blue scarf"})
    hours = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": start, "end": end}]
    methods: list[dict[str, Any]] = [{"channel": "sms", "address": ANA, "hours": hours}]
    contact = await town.post(f"/v1/people/{person}/contacts", town.admin, {"name": "Ana", "methods": methods})
    # An invitation that is answered before it has gone does not go any more.
    await town.settled()
    await town.post("/v1/invitation/confirm", code_of(contact["confirm_url"]), {"reads": "nobody_else"})
    (shown,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    assert shown["methods"][0]["hours"] == hours
    return await town.phone(person)


async def alert(town: Town, provider: Provider) -> str:
    """The text of the alarm; the invitation came before it."""
    return str((await texted(town, provider, ANA, 2)).body)


async def test_at_her_hours_ana_reads_what_it_is(town: Town, provider: Provider) -> None:
    """And hears the word for the door when she comes."""
    await town.press(await mia(town, "09:00", "17:00"), immediate=True)
    assert "pressed the alarm" in await alert(town, provider)
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "3")
    assert "blue scarf" in said


async def test_at_other_hours_she_reads_neutral_words_that_she_can_act_on(town: Town, provider: Provider) -> None:
    """The same handset, the same answer; nothing that gives Mia away to whoever holds it."""
    await town.press(await mia(town, "17:00", "09:00"), immediate=True)
    said = await alert(town, provider)
    assert "alarm" not in said
    assert "http" not in said
    assert "Mia" in said
    _, answer = await provider.texts_us(town.url, PUBLIC, ANA, "3")
    assert answer.strip()
    assert "blue scarf" not in answer
    incident = await town.incident()
    assert [r["name"] for r in incident["told"]["answered"]] == ["Ana"]


async def test_the_page_says_the_word_at_her_hours_only(town: Town) -> None:
    """Somebody else has the handset in the evening, and the link is in it."""
    await town.agency()
    person = await town.person(time_zone="America/Chicago", brief={"arrival_word": "blue scarf"})
    hours = [{"days": ["tue"], "start": "09:00", "end": "17:00"}]
    contact = await town.contact(person, "Ana", confirmed=False, methods=[{**town.hook("ana"), "hours": hours}])
    await town.post("/v1/invitation/confirm", code_of(contact["confirm_url"]), {"reads": "nobody_else"})
    await town.press(await town.phone(person), immediate=True)
    await town.until_sent("ana", 2)
    code = code_of(town.sink.to("ana")[-1].json["data"]["link"])
    await town.post("/v1/alert/answer", code, {"answer": "on_my_way"})
    assert (await town.get("/v1/alert", code))["arrival_word"] == "blue scarf"
    town.clock.jump(hours=6)
    assert (await town.get("/v1/alert", code))["arrival_word"] is None


async def test_each_handset_and_mailbox_has_words_of_its_own(town: Town) -> None:
    """Ana's phone is hers alone, the family's mailbox is not, and a third nobody knows."""
    await town.agency()
    person = await town.person(known_as="Mia")
    safeties = {"own-phone": "safe", "family-box": "shared", "old-phone": "unknown"}
    methods = [{**town.hook(name), "safety": safety} for name, safety in safeties.items()]
    body = {"name": "Ana", "methods": methods, "consent": {"how": "in the office"}}
    made = await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    shown = await town.get(f"/v1/contacts/{made['id']}", town.admin)
    assert [method["safety"] for method in shown["methods"]] == list(safeties.values())
    await town.press(await town.phone(person), immediate=True)
    await town.wait(minutes=2)
    texts = {}
    for name in safeties:
        await town.until_sent(name)
        texts[name] = town.sink.to(name)[-1].json["data"]
    assert "pressed the alarm" in texts["own-phone"]["text"]
    for name in ("family-box", "old-phone"):
        assert "alarm" not in texts[name]["text"]
        assert "Mia" in texts[name]["text"]
    assert "link" not in texts["family-box"]


async def test_nothing_goes_to_a_mailbox_that_is_monitored(town: Town) -> None:
    """Neither the invitation nor the alarm; the next method is taken, and the plan shows where there is none."""
    await town.agency()
    person = await town.person()
    methods = [{**town.hook("watched"), "safety": "monitored"}, town.hook("ana")]
    made = await town.post(f"/v1/people/{person}/contacts", town.admin, {"name": "Ana", "methods": methods})
    assert [method["deliverable"] for method in made["methods"]] == [False, True]
    await town.settled()
    await town.post("/v1/invitation/confirm", code_of(made["confirm_url"]), {"reads": "nobody_else"})
    await town.press(await town.phone(person), immediate=True)
    await town.until_sent("ana", 2)
    await town.wait(minutes=2)
    assert town.sink.to("watched") == []
    only = {"methods": [{**town.hook("watched"), "safety": "monitored"}]}
    assert (await town.call("PATCH", f"/v1/contacts/{made['id']}", town.admin, only)).status == 200
    holes = (await town.get(f"/v1/people/{person}/plan", town.admin))["holes"]
    assert "unreachable_contact" in [hole["kind"] for hole in holes]
