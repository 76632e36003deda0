"""What contacts do when they can help: agreed beforehand, and named to those who answer later."""

from __future__ import annotations

import pytest

from tests.services.provider import Provider
from tests.services.test_contacts import code_of
from tests.services.test_texts import ANA, BEN, texted
from tests.services.town import Phone, Town, until

PUBLIC = "https://porchlight.test"


async def mia(town: Town) -> Phone:
    """Mia with Ana, who rings the emergency centre, and Ben, who fetches the children; a word for the door."""
    await town.agency()
    person = await town.person(brief={"arrival_word": "blue scarf"})
    for order, (name, number, job) in enumerate((("Ana", ANA, "rings_emergency"), ("Ben", BEN, "fetches_children"))):
        methods = [{"channel": "sms", "address": number}, town.hook(name.lower())]
        body = {"name": name, "order": order + 1, "methods": methods, "job": job}
        contact = await town.post(f"/v1/people/{person}/contacts", town.admin, body)
        await town.post("/v1/invitation/confirm", code_of(contact["confirm_url"]), {"reads": "nobody_else"})
    return await town.phone(person)


async def alert_link(town: Town, name: str) -> str:
    """The code of the link in the alert (the invitation came before it)."""

    def found() -> list[str]:
        return [r.json["data"]["link"] for r in town.sink.to(name) if r.purpose == "alert"]

    async def came() -> bool:
        return bool(found())

    await until(came, f"{name} never got an alert")
    return code_of(found()[0])


async def test_each_text_names_their_part_and_what_is_taken(town: Town, provider: Provider) -> None:
    """Ana can; the next text to Ben says that somebody rings the emergency centre."""
    await town.press(await mia(town), immediate=True)
    first = await texted(town, provider, BEN)
    assert "You: fetch the children." in first.body
    assert "Taken" not in first.body
    await provider.texts_us(town.url, PUBLIC, ANA, "1", sid="SMana")
    incident = await town.incident()
    await town.act(incident["id"], "escalate")
    await town.wait(minutes=3)

    async def named() -> bool:
        return any("Taken: emergency call." in text.body for text in provider.to(BEN))

    await until(named, "no text named what is taken")


async def test_whoever_is_on_the_way_is_told_what_to_say_at_the_door(town: Town, provider: Provider) -> None:
    """Nobody else is, and nobody whose phone others may read."""
    await town.press(await mia(town), immediate=True)
    await texted(town, provider, ANA)
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "1", sid="SM1")
    assert "blue scarf" not in said
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "3", sid="SM2")
    assert "At the door say: blue scarf" in said


async def test_whoever_works_here_and_comes_says_the_word_too(town: Town, provider: Provider) -> None:
    """By a text to the duty phone as well."""
    phone = await mia(town)
    await town.agency(dispatch=[{"channel": "sms", "address": BEN}])
    await town.press(phone, immediate=True)
    await texted(town, provider, BEN)
    _, said = await provider.texts_us(town.url, PUBLIC, BEN, "3")
    assert "you are on your way. At the door say: blue scarf" in said


async def test_a_phrase_shows_that_a_text_is_truly_about_her(town: Town, provider: Provider) -> None:
    """On a phone that nobody else reads; it gives nobody's neutral words away."""
    phone = await mia(town)
    person = (await town.get("/v1/people", town.admin))["people"][0]["id"]
    brief = {"arrival_word": "blue scarf", "phrase": "the cat is called Tom"}
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"brief": brief, "known_as": "Mia"})
    await town.press(phone, immediate=True)
    assert (await texted(town, provider, ANA)).body.endswith("the cat is called Tom")
    assert (await town.incident())["brief"]["phrase"] == "the cat is called Tom", "staff see it too"


@pytest.mark.parametrize("phrase", ["x" * 41, "", "   ", "Tom\nRing 555-0199", "Tom\n", "\u202emoT", "\u200b"])
async def test_a_phrase_is_one_short_line_that_can_be_seen(town: Town, phrase: str) -> None:
    """Nothing in it passes for another line of the message, or turns it round."""
    person = await town.person()
    refused = await town.call("PATCH", f"/v1/people/{person}", town.admin, {"brief": {"phrase": phrase}})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "brief.phrase")
    kept = await town.call("PATCH", f"/v1/people/{person}", town.admin, {"brief": {"phrase": "Tomás «el gato»"}})
    assert kept.status == 200


async def test_the_page_shows_their_part_and_the_word_once_they_come(town: Town) -> None:
    """By the link of the message."""
    await town.press(await mia(town), immediate=True)
    links = {name: await alert_link(town, name) for name in ("ana", "ben")}
    ana, ben = links["ana"], links["ben"]
    shown = await town.get("/v1/alert", ana)
    assert (shown["job"], shown["jobs_taken"], shown["arrival_word"]) == ("rings_emergency", [], None)
    await town.post("/v1/alert/answer", ana, {"answer": "on_my_way"})
    assert (await town.get("/v1/alert", ana))["arrival_word"] == "blue scarf"
    shown = await town.get("/v1/alert", ben)
    assert (shown["jobs_taken"], shown["arrival_word"]) == (["rings_emergency"], None)
