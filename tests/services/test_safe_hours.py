"""A handset that others read at some hours: then the words are neutral, and there is no link."""

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
