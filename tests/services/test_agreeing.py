"""Somebody agrees to be a contact by a digit or a key, and says who else reads what comes to them."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from streams.reading import READ_BY
from streams.records import Contact
from tests.services.provider import Provider
from tests.services.test_mail_replies import Post, mailbox, post
from tests.services.test_practice import night
from tests.services.test_texts import ANA, BEN, action, texted
from tests.services.town import Town, until

__all__ = ["mailbox", "post"]
MAIL = "ana@example.org"


async def invited(town: Town, name: str = "Mia", *, channel: str = "sms", address: str = ANA, **fields: Any) -> str:
    """Ana is asked to be her contact; whose contact that is."""
    await town.agency()
    person = await town.person(name, time_zone="America/Chicago")
    body = {"name": "Ana", "methods": [{"channel": channel, "address": address}], **fields}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    return person


async def agreed(town: Town, person: str) -> tuple[str, str | None, str | None]:
    """Whether Ana has, how, and who else reads it."""
    (listed,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]

    async def work(tx: Any) -> Any:
        return await tx.get(Contact, town.organization, listed["id"])

    contact = await town.assembly.store.read(work)
    said = {READ_BY[method.safety] for method in contact.methods if method.safety is not None}
    return contact.consent, contact.consent_how, said.pop() if said else contact.reads


async def says(town: Town, provider: Provider, words: str, sid: str) -> str:
    """Ana texts; what comes back."""
    _, said = await provider.texts_us(town.url, town.settings.url, ANA, words, sid=sid)
    await town.settled()
    return unescape(said)


async def test_one_agrees_and_the_next_digit_says_who_else_reads_it(town: Town, provider: Provider) -> None:
    """The text names the digits; the same text brought twice is no answer to the question after it."""
    person = await invited(town)
    text = await texted(town, provider)
    assert text.body == (
        "Mia would like you to be somebody to turn to. Answer 1 to agree, 2 if not. Ring 555-0100 to hear more."
    )
    for _ in range(2):
        assert "Does anyone else read these messages?" in await says(town, provider, "1", "SM1")
        assert await agreed(town, person) == ("confirmed", "text", "unknown")
    assert "Does anyone else" in await says(town, provider, "who is this?", "SM2")
    assert "Nothing more is needed" in await says(town, provider, "1", "SM3")
    assert await agreed(town, person) == ("confirmed", "text", "nobody_else")
    assert "<Message>" not in await says(town, provider, "2", "SM4")
    assert await agreed(town, person) == ("confirmed", "text", "nobody_else")


async def test_each_invitation_is_answered_for_its_own_handset(town: Town, provider: Provider) -> None:
    """Ana has two numbers, and answers both invitations with a one: neither says that nobody else reads the other."""
    await town.agency()
    person = await town.person("Mia")
    methods = [{"channel": "sms", "address": number} for number in (ANA, BEN)]
    made = await town.post(f"/v1/people/{person}/contacts", town.admin, {"name": "Ana", "methods": methods[:1]})
    await texted(town, provider)
    await town.call("PATCH", f"/v1/contacts/{made['id']}", town.admin, {"methods": methods})
    await texted(town, provider, BEN)
    assert "Does anyone else" in await says(town, provider, "1", "SM1")
    _, said = await provider.texts_us(town.url, town.settings.url, BEN, "1", sid="SM2")
    assert "Does anyone else" in said
    _, said = await provider.texts_us(town.url, town.settings.url, BEN, "1", sid="SM3")
    assert "Nothing more is needed" in said
    await town.press(await town.phone(person), immediate=True)
    assert "asks you to ring" in (await texted(town, provider, ANA, 2)).body
    shown = (await town.get(f"/v1/contacts/{made['id']}", town.admin))["methods"]
    assert [method["safety"] for method in shown] == [None, "safe"]


async def test_two_is_no_and_other_words_are_neither(town: Town, provider: Provider) -> None:
    """Whoever asks back is told how to answer."""
    person = await invited(town, language="es")
    await texted(town, provider)
    assert "Responda 1 si acepta" in await says(town, provider, "¿quién es?", "SM1")
    assert await agreed(town, person) == ("pending", None, None)
    assert "No se le avisara de nada" in await says(town, provider, "2", "SM2")
    assert (await agreed(town, person))[0] == "declined"
    assert "<Message>" not in await says(town, provider, "1", "SM3")


async def test_of_two_who_ask_the_letter_says_whom_she_agrees_to(town: Town, provider: Provider) -> None:
    """A bare digit is for neither."""
    mia, lia = await invited(town), await invited(town, "Lia")
    await texted(town, provider, count=2)
    said = await says(town, provider, "1", "SM1")
    assert "A: Mia, B: Lia. Answer with the letter" in said
    await says(town, provider, "b1", "SM2")
    assert [(await agreed(town, mia))[0], (await agreed(town, lia))[0]] == ["pending", "confirmed"]
    assert "Nothing more is needed" in await says(town, provider, "2", "SM3")
    assert (await agreed(town, lia))[2] == "others"
    await says(town, provider, "1", "SM4")
    assert (await agreed(town, mia))[0] == "confirmed"


async def test_whoever_agrees_while_an_alarm_is_open_is_told_at_once(town: Town, provider: Provider) -> None:
    """And the next digit answers the alarm: nothing else is asked."""
    person = await invited(town)
    await texted(town, provider)
    await town.press(await town.phone(person), immediate=True)
    await texted(town, provider, count=2)
    assert "Nothing more is needed" in await says(town, provider, "1", "SM1")
    assert "asks you to ring" in (await texted(town, provider, count=3)).body
    await says(town, provider, "1", "SM2")
    assert (await town.incident())["holder"] == "Ana"
    assert await agreed(town, person) == ("confirmed", "text", "unknown")


async def test_an_alarm_is_answered_before_anything_else_that_was_asked(town: Town, provider: Provider) -> None:
    """By its letter as well: Ana has not said yet who reads what comes to her when Mia and Lia press."""
    mia, lia = await invited(town), await invited(town, "Lia")
    await texted(town, provider, count=2)
    for letter in ("A1", "B1"):
        await says(town, provider, letter, f"SM{letter}")
    await town.press(await town.phone(mia), immediate=True)
    await town.press(await town.phone(lia), immediate=True)
    await texted(town, provider, count=4)
    assert "A: Mia, B: Lia" in await says(town, provider, "?", "SM3")
    assert "you can help" in await says(town, provider, "A1", "SM4")
    assert {row["person"]["name"]: row["state"] for row in await town.live()} == {"Mia": "acknowledged", "Lia": "open"}
    assert (await agreed(town, mia))[2] == "unknown"


async def test_a_late_answer_to_an_alarm_agrees_to_nothing(town: Town, provider: Provider) -> None:
    """Neither to an invitation that waits for the morning, nor, without a letter, to one that went before the alarm."""
    mia = await town_with_ana(town, provider)
    await town.press(await town.phone(mia), immediate=True)
    await texted(town, provider)
    town.clock.jump(seconds=timedelta(hours=9, minutes=30).total_seconds())
    lia = await invited(town, "Lia")
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    assert "<Message>" not in await says(town, provider, "1", "SM1")
    assert (await agreed(town, lia))[0] == "pending"
    (contact,) = (await town.get(f"/v1/people/{lia}/contacts", town.admin))["contacts"]
    await town.post(f"/v1/contacts/{contact['id']}/invitation", town.admin)
    await texted(town, provider, count=len(provider.to(ANA)))
    await town.press(await town.phone(mia), immediate=True)
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    assert "A: Lia. Answer with the letter" in await says(town, provider, "1", "SM2")
    assert (await agreed(town, lia))[0] == "pending"
    await says(town, provider, "A1", "SM3")
    assert (await agreed(town, lia))[0] == "confirmed"


async def town_with_ana(town: Town, provider: Provider) -> str:
    """Mia, whose contact Ana is already."""
    await town.agency()
    person = await town.person("Mia", time_zone="America/Chicago")
    await town.contact(person, "Ana", methods=[{"channel": "sms", "address": ANA}])
    return person


async def test_the_same_text_brought_again_is_no_answer_to_anything_else(town: Town, provider: Provider) -> None:
    """Whatever was asked meanwhile."""
    mia, lia = await invited(town), await invited(town, "Lia")
    await texted(town, provider, count=2)
    await says(town, provider, "a1", "SM1")
    said = await says(town, provider, "1", "SM2")
    assert await says(town, provider, "1", "SM2") == said
    assert [(await agreed(town, mia))[0], (await agreed(town, lia))[0]] == ["confirmed", "pending"]


async def test_a_strangers_consent_ends_when_the_number_is_corrected(town: Town, provider: Provider) -> None:
    """Ben agreed in Ana's place, and said that nobody else reads it; Ana is asked herself."""
    person = await invited(town, address=BEN)
    await texted(town, provider, BEN)
    for digit in ("1", "1"):
        await provider.texts_us(town.url, town.settings.url, BEN, digit)
    assert await agreed(town, person) == ("confirmed", "text", "nobody_else")
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    changed = {"methods": [{"channel": "sms", "address": ANA}]}
    await town.call("PATCH", f"/v1/contacts/{contact['id']}", town.admin, changed)
    await texted(town, provider)
    assert await agreed(town, person) == ("pending", None, None)
    await says(town, provider, "1", "SM1")
    assert await agreed(town, person) == ("confirmed", "text", "unknown")


async def test_two_contacts_who_share_a_phone_agree_one_by_one(town: Town, provider: Provider) -> None:
    """The letter says who of them; an alarm is answered once for both."""
    person = await invited(town)
    body = {"name": "Ben", "methods": [{"channel": "sms", "address": ANA}]}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    await texted(town, provider, count=2)
    assert "A: Mia (Ana), B: Mia (Ben)" in await says(town, provider, "1", "SM1")
    for number, written in enumerate(("A1", "3", "B1", "3")):
        await says(town, provider, written, f"SM2{number}")
    contacts = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    assert {contact["consent"] for contact in contacts} == {"confirmed"}
    await town.press(await town.phone(person), immediate=True)
    assert "you can help" in await says(town, provider, "1", "SM3")


async def test_an_invitation_can_be_sent_again_within_the_same_minute(town: Town, provider: Provider) -> None:
    """The provider was away; nothing is lost by asking again at once, or again for the day."""
    provider.down = True
    person = await invited(town)
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    provider.down = False
    await town.post(f"/v1/contacts/{contact['id']}/invitation", town.admin, {"invite": "by_day"})
    await texted(town, provider)
    await town.post(f"/v1/contacts/{contact['id']}/invitation", town.admin, {"invite": "by_day"})
    await texted(town, provider, count=2)


async def test_whoever_reads_alone_and_can_help_is_sent_the_page(town: Town, provider: Provider) -> None:
    """In a text of its own, and to nobody whose phone others read; its address says nothing."""
    person = await invited(town)
    await texted(town, provider)
    await says(town, provider, "1", "SM1")
    await says(town, provider, "1", "SM2")
    await town.press(await town.phone(person), immediate=True)
    said = await says(town, provider, "3", "SM3")
    thanks, page, _ = said.split("</Message>")
    assert "you are on your way" in thanks
    assert "https://porchlight.test/m#" in page
    assert (await town.get("/v1/alert", page.rpartition("#")[2]))["answer"] == "on_my_way"


async def test_what_she_marked_as_unsafe_cannot_agree(town: Town, provider: Provider) -> None:
    """Nor is it answered."""
    person = await invited(town)
    await texted(town, provider)
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"unsafe": [ANA]})
    assert "<Message>" not in await says(town, provider, "1", "SM1")
    assert (await agreed(town, person))[0] == "pending"


async def test_a_one_for_practice_is_none_for_an_invitation(town: Town, provider: Provider) -> None:
    """It is noted for what asked first; the other is asked again."""
    await town.agency()
    known = await town.person("Mia")
    await town.contact(known, "Ana", methods=[{"channel": "sms", "address": ANA}])
    await night(town)
    await texted(town, provider)
    lia = await invited(town, "Lia")
    await texted(town, provider, count=2)
    said = await says(town, provider, "1", "SM1")
    assert "Messages reach you. Lia would like you" in said
    assert (await agreed(town, lia))[0] == "pending"
    await says(town, provider, "1", "SM2")
    assert (await agreed(town, lia))[0] == "confirmed"


@pytest.mark.parametrize(("key", "state"), [("1", "confirmed"), ("2", "declined")])
async def test_a_key_agrees_too(town: Town, provider: Provider, key: str, state: str) -> None:
    """Then a key says who else hears it; what the provider asks twice is one answer."""
    person = await invited(town, channel="voice")

    async def rings() -> bool:
        return len(provider.rung) == 1

    await until(rings, "nobody was rung")
    [rung] = provider.rung
    _, asked = await provider.asks(town.url, rung)
    assert "Mia" not in asked
    _, told = await provider.asks(town.url, rung, action(asked), "5")
    assert "Mia would like you to be somebody to turn to." in told
    assert "Press 1 to agree, 2 if not." in told
    for _ in range(2):
        _, said = await provider.asks(town.url, rung, action(told), key)
        assert (await agreed(town, person))[0] == state
    if state == "declined":
        return
    assert "Does anyone else read or hear" in said
    _, again = await provider.asks(town.url, rung, action(said), "9")
    assert "Does anyone else read or hear" in again
    _, thanks = await provider.asks(town.url, rung, action(said), "3")
    assert "Nothing more is needed" in thanks
    assert await agreed(town, person) == ("confirmed", "call", "unknown")


async def test_in_the_night_an_invitation_waits_unless_somebody_says_so(town: Town, provider: Provider) -> None:
    """An alarm would not; the desk can send it at once, and then it does not come again in the morning."""
    town.clock.jump(seconds=timedelta(hours=9, minutes=30).total_seconds())  # half past nine in Chicago
    person = await invited(town)
    await town.settled()
    assert provider.texts == []
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    assert contact["invited"] == {"at": "2026-11-25T14:00:00Z", "state": "queued", "why": None}
    sent = await town.post(f"/v1/contacts/{contact['id']}/invitation", town.admin)
    assert sent["at"].startswith("2026-11-25T03:30")
    await texted(town, provider)
    assert (await town.get(f"/v1/contacts/{contact['id']}", town.admin))["invited"]["state"] == "sent"
    await town.wait(hours=12)
    assert len(provider.texts) == 1


async def test_who_has_answered_is_not_asked_in_the_morning(town: Town, provider: Provider) -> None:
    """Consent that was given in the office ends the waiting; asking again is refused."""
    town.clock.jump(seconds=timedelta(hours=9, minutes=30).total_seconds())
    person = await invited(town)
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    path = f"/v1/contacts/{contact['id']}"
    await town.call("PATCH", path, town.admin, {"consent": {"how": "by telephone"}})
    await town.wait(hours=12)
    assert provider.texts == []
    refused = await town.call("POST", f"{path}/invitation", town.admin, {})
    assert (refused.status, refused.body["type"]) == (409, "/problems/answered-already")


async def test_a_corrected_number_is_invited_and_the_right_one_not_twice(town: Town, provider: Provider) -> None:
    """The first number was wrong."""
    person = await invited(town, address=BEN)
    await texted(town, provider, BEN)
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    path = f"/v1/contacts/{contact['id']}"
    await town.call("PATCH", path, town.admin, {"methods": [{"channel": "sms", "address": ANA}]})
    await texted(town, provider)
    await town.call("PATCH", path, town.admin, {"name": "Ana Soto"})
    await town.settled()
    assert [text.to for text in provider.texts] == [BEN, ANA]
    assert "<Message>" not in (await provider.texts_us(town.url, town.settings.url, BEN, "1"))[1]


async def test_a_mail_agrees_too(post: Post) -> None:
    """Beside the link; so does no."""
    town = post.town
    person = await invited(town, channel="email", address=MAIL)
    mail = await post.mail_to(MAIL)
    assert "Please answer 1 to agree, 2 if not, or open this link" in mail.get_content()
    await post.answer(mail["Reply-To"], "1\n\nOn Tuesday Mia wrote:\n> Please answer 1")
    asked = await post.mail_to(MAIL, 2)
    assert "Does anyone else read these messages?" in asked.get_content()
    await post.answer(asked["Reply-To"], "2", message_id="<2@example.org>")
    assert "Nothing more is needed" in (await post.mail_to(MAIL, 3)).get_content()
    assert await agreed(town, person) == ("confirmed", "mail", "others")
