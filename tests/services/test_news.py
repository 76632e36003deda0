"""What those read who know of an alarm already: what is new, and not once more what they know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.services.provider import Provider
from tests.services.test_contacts import code_of
from tests.services.test_staff_texts import DUTY, PUBLIC
from tests.services.test_teams import NIGHTS, nights, staff
from tests.services.test_texts import ANA, BEN
from tests.services.town import TWIN, Phone, Town, until

KIM, LOU = "+13125550131", "+13125550132"


async def mia(town: Town) -> Phone:
    """Mia with Ana and Ben, on phones that nobody else reads; the agency is told on its duty phone."""
    await town.agency(dispatch=[{"channel": "sms", "address": DUTY}])
    person = await town.person(known_as="Mia", time_zone="America/Chicago")
    for order, (name, number) in enumerate((("Ana", ANA), ("Ben", BEN)), start=1):
        body = {"name": name, "order": order, "methods": [{"channel": "sms", "address": number}]}
        contact = await town.post(f"/v1/people/{person}/contacts", town.admin, body)
        await town.post("/v1/invitation/confirm", code_of(contact["confirm_url"]), {"reads": "nobody_else"})
    return await town.phone(person)


async def reads(town: Town, provider: Provider, number: str, words: str) -> str:
    """The text to this number that says so, without how to answer."""

    def found() -> list[str]:
        return [text.body for text in provider.to(number) if words in text.body]

    async def came() -> bool:
        return bool(found())

    await until(came, f"{number} never read {words!r}: {[text.body for text in provider.to(number)]}")
    await town.settled()
    return found()[-1]


async def test_a_hold_that_lapsed_is_no_second_press(town: Town, provider: Provider) -> None:
    """The desk took it and went quiet: its duty phone reads so, and Ana one step later; nobody reads of a press."""
    await town.press(await mia(town), immediate=True)
    await town.act((await town.incident())["id"], "claim")
    already = len(provider.texts)
    await town.wait(minutes=9)
    for number in (DUTY, ANA):
        assert "whoever had it has gone quiet." in await reads(town, provider, number, "News of Mia")
    news = [text.body for text in provider.texts[already:] if "News of" in text.body]
    assert not [body for body in news if "pressed" in body]


async def test_what_was_given_back_is_read_as_nobodys(town: Town, provider: Provider) -> None:
    """The duty phone had it and cannot after all: Ana reads, one step later, that nobody has it any more."""
    await town.press(await mia(town), immediate=True)
    await provider.texts_us(town.url, PUBLIC, DUTY, "1", sid="SM1")
    await provider.texts_us(town.url, PUBLIC, DUTY, "2", sid="SM2")
    await town.wait(minutes=4)
    news = await reads(town, provider, ANA, "News of Mia")
    assert "nobody has it any more. Do not go there alone. Ring 555-0100. Answer 1" in news


@pytest.mark.parametrize("honest", [True, False])
async def test_a_second_press_is_read_as_one_and_so_is_the_twin(
    town: Town, provider: Provider, *, honest: bool
) -> None:
    """By the contacts and at the agency, in the same words."""
    phone = await mia(town)
    await town.press(phone, immediate=True)
    await town.wait(minutes=1)
    if honest:
        await town.press(phone, immediate=True)
    else:
        await town.cancel(phone, TWIN)
    said = {number: await reads(town, provider, number, "News of Mia") for number in (ANA, BEN, DUTY)}
    assert all(": pressed again." in body for body in said.values()), said
    assert not [text.body for text in provider.texts if "duress" in text.body.lower()]


async def test_a_check_in_that_is_missed_after_a_press_is_named(town: Town, provider: Provider) -> None:
    """She pressed, and does not come home either."""
    phone = await mia(town)
    due = (town.clock.now() + timedelta(minutes=5)).isoformat()
    await town.post("/v1/check-ins", phone.token, {"due_at": due, "grace_seconds": 0, "remind_seconds": 0})
    await town.press(phone, immediate=True)
    await town.wait(minutes=6)
    for number in (ANA, DUTY):
        assert "did not check in." in await reads(town, provider, number, "News of Mia")


async def test_whoever_has_it_now_unasked_reads_so_and_the_others_that_somebody_has(
    town: Town, provider: Provider
) -> None:
    """Ana and Ben can help; Ben cannot after all, and Ana has it: she reads so, the agency that somebody else has."""
    await town.press(await mia(town), immediate=True)
    await provider.texts_us(town.url, PUBLIC, ANA, "1", sid="SM1")
    await provider.texts_us(town.url, PUBLIC, BEN, "1", sid="SM2")
    await provider.texts_us(town.url, PUBLIC, BEN, "2", sid="SM3")
    assert "you have it now." in await reads(town, provider, ANA, "News of Mia")
    assert "somebody else has it now." in await reads(town, provider, DUTY, "News of Mia")
    assert not [text.body for text in provider.to(BEN) if "News" in text.body]


async def test_a_responder_who_gets_it_from_another_reads_so(town: Town, provider: Provider) -> None:
    """Kim had it and Lou came too; Kim cannot after all, and Lou's text says that it is Lou's, in Lou's language."""
    kim, _ = await staff(town, "Kim", methods=[{"channel": "sms", "address": KIM}])
    lou, _ = await staff(town, "Lou", methods=[{"channel": "sms", "address": LOU}], language="es")
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    both = [{"members": [one], "begins": "2026-11-23", "hand_over": "08:00"} for one in (kim, lou)]
    await nights(town, rotations=both)
    await town.press(phone)
    await reads(town, provider, LOU, "activo la alarma")
    await provider.texts_us(town.url, PUBLIC, KIM, "1", sid="SM1")
    await provider.texts_us(town.url, PUBLIC, LOU, "3", sid="SM2")
    await provider.texts_us(town.url, PUBLIC, KIM, "2", sid="SM3")
    assert "ahora queda a su cargo." in await reads(town, provider, LOU, "Novedades de Mia")
    assert (await town.incident())["holder"] == "Lou"
