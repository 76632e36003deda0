"""Texts from the alarm to the answer: handed over, received or not, answered with a digit."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import msgspec
import pytest

from services.wording.segment import segment_room
from tests.services.provider import Provider, Rung
from tests.services.test_directory import other_agency
from tests.services.town import Phone, Town, until

ANA, BEN = "+13125550121", "+13125550122"


async def mia(town: Town, *numbers: str, name: str = "Mia Larsen", **fields: Any) -> Phone:
    """Mia with contacts of these numbers, and a mailbox behind each."""
    await town.agency()
    person = await town.person(name)
    for order, number in enumerate(numbers, start=1):
        methods = [{"channel": "sms", "address": number}, town.hook(f"box-{order}")]
        body = {"name": f"Ana {order}", "order": order, "methods": methods, "consent": {"how": "in the office"}}
        await town.post(f"/v1/people/{person}/contacts", town.admin, {**body, **fields})
    return await town.phone(person)


async def texted(town: Town, provider: Provider, number: str = ANA, count: int = 1) -> Any:
    """The last text to this number, once there are so many."""

    async def came() -> bool:
        return len(provider.to(number)) >= count

    await until(came, "no text came")
    await town.settled()
    return provider.to(number)[-1]


async def states(town: Town) -> dict[str, str]:
    """How far each message to the first contact has come, by channel."""
    incident = await town.incident()
    return {d["channel"]: d["state"] for d in incident["deliveries"] if d["recipient"].startswith("contact")}


async def test_how_far_it_has_come_in_whatever_order_that_is_told(town: Town, provider: Provider) -> None:
    """Read and then delivered is read; what was received has not failed."""
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert "Answer 1" in text.body
    assert (await states(town))["sms"] == "sent"
    seen = []
    for told in ("sent", "delivered", "read", "delivered", "undelivered", "nonsense"):
        assert await provider.tells(town.url, text, told, ErrorCode="30003") == 204
        await town.settled()
        seen.append((await states(town))["sms"])
    assert seen == ["sent", "delivered", "read", "read", "read", "read"]
    assert (await states(town))["webhook"] == "void"


async def test_what_failed_after_all_goes_on_at_once(town: Town, provider: Provider) -> None:
    """The carrier gives up: the next method is under way in the same second."""
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert town.sink.to("box-1") == []
    assert await provider.tells(town.url, text, "undelivered", ErrorCode="30005") == 204
    await town.until_sent("box-1")
    await town.settled()
    assert await states(town) == {"sms": "failed", "webhook": "delivered"}
    whys = [d["why"] for d in (await town.incident())["deliveries"] if d["channel"] == "sms"]
    assert whys == ["provider error 30005"]


async def test_a_number_that_was_refused_goes_on_at_once(town: Town, provider: Provider) -> None:
    """Opted out: never tried again."""
    provider.refuses[ANA] = (400, {"code": 21610}, {})
    await town.press(await mia(town, ANA), immediate=True)
    await town.until_sent("box-1")
    await town.settled()
    assert (await states(town), provider.tries) == ({"sms": "failed", "webhook": "delivered"}, [ANA])


async def test_who_cannot_twice_shortens_the_wait_once(town: Town, provider: Provider) -> None:
    """The next step comes at once after the first *I can't*; a second text with the same digit moves nothing."""
    steps = [{"after": f"{minutes}m", "notify": [who]} for minutes, who in ((10, "dispatch"), (20, "last_resort"))]
    await town.policy("p", steps=[{"after": "0s", "notify": ["contact:1"]}, *steps])
    phone = await mia(town, ANA)
    changed = await town.call("PATCH", f"/v1/people/{phone.person}", town.admin, {"policy": "p"})
    assert changed.status == 200, changed.raw
    await town.press(phone, immediate=True)
    await texted(town, provider)
    await provider.texts_us(town.url, "https://porchlight.test", ANA, "2", sid="SM-first")
    await town.until_sent("dispatch")
    await provider.texts_us(town.url, "https://porchlight.test", ANA, "2", sid="SM-second")
    await town.settled()
    answered = [line for line in (await town.incident())["timeline"] if line["kind"] == "contact_cannot"]
    assert len(answered) == 2
    assert (town.sink.purposes("dispatch"), town.sink.purposes("last-resort")) == (["alert"], [])


async def test_a_digit_is_an_answer(town: Town, provider: Provider) -> None:
    """I can help: the hold, and thanks in the contact's language."""
    await town.press(await mia(town, ANA, language="es"), immediate=True)
    await texted(town, provider)
    status, said = await provider.texts_us(town.url, "https://porchlight.test", ANA, " 1. ", sid="SM1")
    await town.settled()
    assert status == 200
    assert said.startswith('<?xml version="1.0" encoding="UTF-8"?><Response><Message>Gracias')
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Ana 1")
    _, again_said = await provider.texts_us(town.url, "https://porchlight.test", ANA, " 1. ", sid="SM1")
    assert again_said == said
    again = [line for line in (await town.incident())["timeline"] if line["kind"] == "contact_can_help"]
    assert len(again) == 1


async def test_any_other_text_changes_nothing_and_gets_one_line_of_help(town: Town, provider: Provider) -> None:
    """It is in the timeline."""
    await town.press(await mia(town, ANA), immediate=True)
    await texted(town, provider)
    _, said = await provider.texts_us(town.url, "https://porchlight.test", ANA, "Who is this? <b>")
    assert "<Message>Answer with a digit. 1: I can help." in said
    incident = await town.incident()
    assert incident["state"] == "open"
    assert ("contact_wrote", "Who is this? <b>") in [(line["kind"], line["text"]) for line in incident["timeline"]]


async def test_whoever_wants_no_texts_is_told_by_the_next_way_and_staff_know(town: Town, provider: Provider) -> None:
    """Also while nothing is open: her plan says so. START begins the texts anew."""
    phone = await mia(town, ANA)
    await provider.texts_us(town.url, town.settings.url, ANA, "STOP")
    person = (await town.get("/v1/people", town.admin))["people"][0]["id"]

    async def holes() -> list[str]:
        return [hole["kind"] for hole in (await town.get(f"/v1/people/{person}/plan", town.admin))["holes"]]

    assert "contact_opted_out" in await holes()
    await town.press(phone, immediate=True)
    await town.until_sent("box-1")
    assert provider.texts == []
    await provider.texts_us(town.url, town.settings.url, ANA, "START")
    assert "contact_opted_out" not in await holes()
    assert "contact_opted_in" in [line["kind"] for line in (await town.incident())["timeline"]]


async def test_a_text_from_a_name_asks_for_no_digit_and_nobody_is_rung(town: Town, provider: Provider) -> None:
    """It could not be answered; a call has to come from a number."""
    await town.stop()
    named = msgspec.structs.replace(provider.settings, sender="HARBOUR", caller=None)
    town.settings = msgspec.structs.replace(town.settings, twilio=named)
    await town.start()
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert text.sender == "HARBOUR"
    assert "Answer" not in text.body
    person = (await town.incident())["person"]["id"]
    body = {"name": "Ben", "methods": [{"channel": "voice", "address": BEN}], "consent": {"how": "in the office"}}
    made = await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    assert made["methods"][0]["deliverable"] is False


async def test_of_several_alerts_the_letter_says_which(town: Town, provider: Provider) -> None:
    """A bare digit might be meant for either."""
    first, second = await mia(town, ANA), await mia(town, ANA, name="Lia Soto")
    await town.press(first, immediate=True)
    town.clock.jump(seconds=5)
    await town.press(second, immediate=True)
    await texted(town, provider, count=2)
    _, said = await provider.texts_us(town.url, "https://porchlight.test", ANA, "1", sid="SM1")
    assert "A: Mia Larsen, B: Lia Soto" in said
    await provider.texts_us(town.url, "https://porchlight.test", ANA, "b1", sid="SM2")
    await town.settled()
    held = {row["person"]["name"]: row["state"] for row in await town.live()}
    assert held == {"Mia Larsen": "open", "Lia Soto": "acknowledged"}


async def test_a_letter_means_whom_it_meant_when_hers_is_over(town: Town, provider: Provider) -> None:
    """Mia is well again; a late answer to hers is none to Lia's, and hers is still B."""
    first, second = await mia(town, ANA), await mia(town, ANA, name="Lia Soto")
    await town.press(first, immediate=True)
    hers = (await town.incident())["id"]
    town.clock.jump(seconds=5)
    await town.press(second, immediate=True)
    await texted(town, provider, count=2)
    _, said = await provider.texts_us(town.url, "https://porchlight.test", ANA, "?")
    assert "A: Mia Larsen, B: Lia Soto" in said
    await town.act(hers, "resolve", disposition="safe")
    _, said = await provider.texts_us(town.url, "https://porchlight.test", ANA, "A1")
    assert "Answer with a digit" in said
    [left] = await town.live()
    assert (left["person"]["name"], left["state"]) == ("Lia Soto", "open")
    await provider.texts_us(town.url, "https://porchlight.test", ANA, "B1")
    assert [row["state"] for row in await town.live()] == ["acknowledged"]


async def test_whoever_is_not_the_account_is_not_heard(town: Town, provider: Provider) -> None:
    """Neither a receipt nor an answer; and whoever nobody knows gets no word."""
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert await provider.tells(town.url, text, "failed", token="guessed") == 403
    status, _ = await provider.texts_us(town.url, "https://porchlight.test", ANA, "1", token="guessed")
    assert (status, (await states(town))["sms"], (await town.incident())["state"]) == (403, "sent", "open")
    _, said = await provider.texts_us(town.url, "https://porchlight.test", BEN, "1")
    assert said == '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    assert (await town.call("POST", "/v1/inbound/twilio/sms", None)).status == 403
    assert await other_agency(town)


def action(twiml: str) -> str:
    """Where a key leads."""
    return unescape(twiml.split('action="')[1].split('"', maxsplit=1)[0])


def spoken(said: str) -> dict[str | None, list[str]]:
    """What is said in a call, by the languages of the voices."""
    heard: dict[str | None, list[str]] = {}
    for language, words in re.findall(r'<Say language="([^"]+)"[^>]*>([^<]*)</Say>', said):
        heard.setdefault(language, []).append(unescape(words))
    return heard


async def rung_at(town: Town, provider: Provider, *, language: str = "en") -> Rung:
    """Mia presses; Ana is rung first, and has a mailbox behind that."""
    await town.agency()
    person = await town.person()
    methods = [{"channel": "voice", "address": "+44 20 7946 0000"}, town.hook("box")]
    body = {"name": "Ana", "language": language, "methods": methods, "consent": {"how": "in the office"}}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    await town.press(await town.phone(person), immediate=True)
    await town.settled()
    (rung,) = provider.rung
    return rung


async def test_a_call_says_nothing_before_a_key_was_pressed(town: Town, provider: Provider) -> None:
    """Then what there is to say; and a digit is an answer."""
    rung = await rung_at(town, provider)
    status, asked = await provider.asks(town.url, rung)
    assert (status, "Mia" in asked, "Press any key" in asked) == (200, False, True)
    assert (await states(town))["voice"] == "sent"
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    assert ("Mia Larsen asks you to ring 555-0100" in told, (await states(town))["voice"]) == (True, "delivered")
    _, thanks = await provider.asks(town.url, rung, action(told), "3")
    assert "Thank you." in thanks
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Ana")
    assert await provider.ends(town.url, rung, "completed") == 204
    assert (await states(town))["voice"] == "delivered"
    assert town.sink.to("box") == []


@pytest.mark.parametrize(("language", "voice"), [("fr-CA", "fr-FR"), ("ht", None)])
async def test_a_call_is_in_the_language_of_whoever_is_rung_and_in_english(
    town: Town, provider: Provider, language: str, voice: str | None
) -> None:
    """Each by a voice of its own; nobody's voice speaks Creole. The answer to a key is spoken so too."""
    rung = await rung_at(town, provider, language=language)
    _, asked = await provider.asks(town.url, rung)
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    _, thanks = await provider.asks(town.url, rung, action(told), "1")
    own = ("Il y a un message pour vous", "vous demande d'appeler le 555-0100", "Les autres savent")
    for said, foreign, english in zip((asked, told, thanks), own, ("Press any key", "NOW", "Thank you"), strict=True):
        heard = spoken(said)
        assert any(english in words for words in heard.pop("en-US"))
        assert any(foreign in words for words in heard.pop(voice, [])) is (voice is not None)
        assert heard == {}


async def test_a_call_that_failed_goes_on_with_the_voices_that_everybody_has(town: Town, provider: Provider) -> None:
    """An account may lack a voice, or our first answer was late: what there is to say is heard all the same."""
    rung = await rung_at(town, provider, language="vi")
    _, first = await provider.asks(town.url, rung)
    assert set(spoken(first)) == {"vi-VN", "en-US"}
    _, asked = await provider.asks(town.url, rung, rung.fallback)
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    _, thanks = await provider.asks(town.url, rung, action(told), "1")
    assert [set(spoken(said)) for said in (asked, told, thanks)] == [{"en-US"}] * 3
    assert (await town.incident())["state"] == "acknowledged"


@pytest.mark.parametrize(
    ("how", "why"), [("completed", "nobody pressed a key"), ("busy", "busy"), ("no-answer", "no-answer")]
)
async def test_a_call_that_nobody_took_goes_on_at_once(town: Town, provider: Provider, how: str, why: str) -> None:
    """A mailbox is nobody."""
    rung = await rung_at(town, provider)
    await provider.asks(town.url, rung)
    assert await provider.ends(town.url, rung, how) == 204
    await town.until_sent("box")
    await town.settled()
    assert await states(town) == {"voice": "failed", "webhook": "delivered"}
    assert why in [d["why"] for d in (await town.incident())["deliveries"]]


async def test_a_call_about_what_is_over_says_so(town: Town, provider: Provider) -> None:
    """Nobody is sent out for nothing."""
    rung = await rung_at(town, provider, language="es")
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    _, said = await provider.asks(town.url, rung)
    assert "Ya no hay nada que hacer." in said


async def test_a_landline_is_refused_at_entry(town: Town, provider: Provider) -> None:
    """With what to do instead."""
    await town.agency()
    person = await town.person()
    body = {"name": "Ana", "methods": [{"channel": "sms", "address": "+44 20 7946 0000"}]}
    refused = await town.call("POST", f"/v1/people/{person}/contacts", town.admin, body)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "methods[0].address")


async def test_whoever_reads_french_is_answered_in_french(town: Town, provider: Provider) -> None:
    """And in English after it, until somebody has signed the translation."""
    await town.press(await mia(town, ANA, language="fr"), immediate=True)
    await texted(town, provider)
    _, said = await provider.texts_us(town.url, town.settings.url, ANA, "quoi ?", sid="SM1")
    assert "1 : je peux aider" in unescape(said)
    assert "1: I can help" in said
    _, said = await provider.texts_us(town.url, town.settings.url, ANA, "1", sid="SM2")
    assert "Merci. Les autres savent que vous pouvez aider. / Thank you." in unescape(said)


async def test_four_asks_to_be_rung_and_the_desk_reads_the_number(town: Town, provider: Provider) -> None:
    """It is nobody's hold; by the page it is the same."""
    await town.press(await mia(town, ANA), immediate=True)
    await texted(town, provider)
    _, said = await provider.texts_us(town.url, town.settings.url, ANA, "4")
    assert "They know that you would like to be rung." in said
    incident = await town.incident()
    assert incident["state"] == "open"
    assert [(asked["name"], asked["numbers"]) for asked in incident["to_ring"]] == [("Ana 1", [ANA])]
    assert ("Ana 1", "call_me") in [(told["name"], told["answer"]) for told in incident["told"]["answered"]]
    await provider.texts_us(town.url, town.settings.url, ANA, "2")
    assert (await town.incident())["to_ring"] == []


async def test_an_answer_by_text_fits_into_one_segment_in_spanish(town: Town, provider: Provider) -> None:
    """Without accents that would halve its room; Vietnamese keeps its marks, without which it says something else."""
    await town.press(await mia(town, ANA, BEN, language="es"), immediate=True)
    await texted(town, provider)
    _, said = await provider.texts_us(town.url, town.settings.url, ANA, "quien?")
    help_ = unescape(said).partition("<Message>")[2].partition("</Message>")[0]
    assert help_.startswith("Responda con un numero.")
    assert segment_room(help_) >= 0
    contacts = (await town.get(f"/v1/people/{(await town.incident())['person']['id']}/contacts", town.admin))[
        "contacts"
    ]
    await town.call("PATCH", f"/v1/contacts/{contacts[1]['id']}", town.admin, {"language": "vi"})
    _, said = await provider.texts_us(town.url, town.settings.url, BEN, "1")
    assert "Cảm ơn." in unescape(said)
