"""Reached, handed over, under way or not told: the row never says more than is known."""

from __future__ import annotations

from typing import Any

from tests.services.provider import Provider
from tests.services.test_staff_texts import KIM, on_call
from tests.services.test_texts import ANA, BEN, texted
from tests.services.town import Town

PUBLIC = "https://porchlight.test"


def text(number: str) -> dict[str, str]:
    """Told by a text."""
    return {"channel": "sms", "address": number}


async def so_far(town: Town) -> dict[str, dict[str | None, str | None]]:
    """How far it came to whom, with the reason where it did not."""
    (row,) = await town.live()
    told: dict[str, Any] = row["told"]
    return {far: {one["name"]: one.get("why") for one in told[far]} for far in told}


async def test_a_text_that_was_handed_over_has_reached_nobody_yet(town: Town, provider: Provider) -> None:
    """Until it is delivered; or until Ana answers it, whatever the carrier says of it."""
    await town.agency()
    person = await town.person()
    await town.contact(person, "Ana", methods=[text(ANA)])
    await town.contact(person, "Ben", methods=[text(BEN)])
    await town.press(await town.phone(person), immediate=True)
    await texted(town, provider)
    to_ben = await texted(town, provider, BEN)
    assert (await so_far(town))["handed_over"].keys() == {"Ana", "Ben"}
    await provider.tells(town.url, to_ben, "delivered")
    await provider.texts_us(town.url, PUBLIC, ANA, "1")
    await town.settled()
    told = await so_far(town)
    assert told["reached"].keys() == {None, "Ana", "Ben"}
    assert told["handed_over"] == told["untold"] == {}
    assert told["answered"].keys() == {"Ana"}


async def test_kim_who_cannot_has_heard_of_it(town: Town, provider: Provider) -> None:
    """Whoever says that they cannot was reached, and so was whoever has it."""
    await on_call(town)
    await texted(town, provider, KIM)
    assert (await so_far(town))["handed_over"].keys() == {"Kim"}
    await provider.texts_us(town.url, PUBLIC, KIM, "2")
    await town.until_sent("dispatch")
    await town.settled()
    assert (await so_far(town))["reached"].keys() == {"Kim", None}


async def test_whoever_is_still_sent_to_is_not_given_up(town: Town) -> None:
    """Ana's mailbox is busy and tried again: she is neither reached nor left out, until it is given up."""
    mia = await town.mia()
    town.sink.answers["ana"] = 503
    await town.press(mia, immediate=True)
    told = await so_far(town)
    assert (told["trying"], told["untold"]) == ({"Ana": None}, {})
    town.sink.answers["ana"] = 410
    await town.wait(seconds=6)
    told = await so_far(town)
    assert (told["trying"], told["untold"]) == ({}, {"Ana": "failed"})


async def test_each_contact_who_is_told_nothing_has_a_reason(town: Town, provider: Provider) -> None:
    """Ana wants no more texts, Ben's number is not safe, Cleo reads a channel that is not set up, Dora said no word."""
    await town.agency()
    person = await town.person(unsafe=[BEN])
    await town.contact(person, "Ana", methods=[text(ANA)])
    await town.contact(person, "Ben", methods=[text(BEN)])
    await town.contact(person, "Cleo", methods=[{"channel": "email", "address": "cleo@example.org"}])
    await town.contact(person, "Dora", confirmed=False)
    await provider.texts_us(town.url, PUBLIC, ANA, "STOP")
    await town.press(await town.phone(person), immediate=True)
    untold = {"Ana": "opted_out", "Ben": "unsafe", "Cleo": "no_way", "Dora": "not_agreed"}
    assert (await so_far(town))["untold"] == untold
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    (row,) = (await town.get("/v1/incidents?state=closed", town.admin))["incidents"]
    assert row["told"]["untold"] == []
