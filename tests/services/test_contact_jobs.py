"""What contacts do when they can help: agreed beforehand, and named to those who answer later."""

from __future__ import annotations

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
        return any("Taken: ring the emergency centre." in text.body for text in provider.to(BEN))

    await until(named, "no text named what is taken")


async def test_whoever_is_on_the_way_is_told_what_to_say_at_the_door(town: Town, provider: Provider) -> None:
    """Nobody else is, and nobody whose phone others may read."""
    await town.press(await mia(town), immediate=True)
    await texted(town, provider, ANA)
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "1", sid="SM1")
    assert "blue scarf" not in said
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "3", sid="SM2")
    assert "At the door say: blue scarf" in said


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
