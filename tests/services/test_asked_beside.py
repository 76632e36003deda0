"""A number of which several things are asked: an alarm, an invitation, who else reads it, whether messages arrive."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.services.provider import Provider
from tests.services.test_agreeing import MAIL, agreed, invited, says
from tests.services.test_contacts import code_of
from tests.services.test_mail_replies import Post, mailbox, post
from tests.services.test_practice import night
from tests.services.test_staff_texts import KIM, on_call
from tests.services.test_texts import ANA, texted
from tests.services.town import Town

__all__ = ["mailbox", "post"]


async def asked_by_both(town: Town, provider: Provider) -> tuple[str, str]:
    """Mia and Lia have asked Ana to be somebody to turn to."""
    known = await invited(town), await invited(town, "Lia")
    await texted(town, provider, count=2)
    return known


async def alarmed(town: Town, provider: Provider) -> None:
    """Ana has agreed to be Mia's contact, nobody else reads her phone, and Mia has pressed."""
    mia = await invited(town)
    await texted(town, provider)
    await says(town, provider, "1", "SM1")
    await says(town, provider, "1", "SM2")
    await town.press(await town.phone(mia), immediate=True)


async def ways(town: Town, person: str) -> dict[str, Any]:
    """What is known of each way of Ana's."""
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    return {method["channel"]: method["safety"] for method in contact["methods"]}


async def test_whoever_agrees_by_letter_beside_an_alarm_is_asked_nothing_else(town: Town, provider: Provider) -> None:
    """Who else reads it would be answered by a bare digit, and that is the alarm's."""
    mia, lia = await asked_by_both(town, provider)
    await says(town, provider, "A1", "SM1")
    await says(town, provider, "1", "SM2")
    await town.press(await town.phone(mia), immediate=True)
    await texted(town, provider, count=3)
    await says(town, provider, "1", "SM3")
    assert "Nothing more is needed" in await says(town, provider, "B1", "SM4")
    assert (await agreed(town, lia))[0] == "confirmed"
    assert (await town.incident())["holder"] == "Ana"


async def test_one_open_alarm_is_answered_by_a_bare_digit_though_an_invitation_came_after_it(
    town: Town, provider: Provider
) -> None:
    """And what is to be done about the invitation is said beside it."""
    await alarmed(town, provider)
    await town.wait(minutes=1)
    lia = await invited(town, "Lia")
    await texted(town, provider, count=3)
    said = await says(town, provider, "1", "SM3")
    assert "The others know that you can help." in said
    assert "B: Lia. Answer with the letter and 1 (agree) or 2 (not), such as B1." in said
    assert ((await town.incident())["holder"], (await agreed(town, lia))[0]) == ("Ana", "pending")


async def test_a_bare_digit_after_an_invitation_does_not_hold_the_alarm_that_was_answered(
    town: Town, provider: Provider
) -> None:
    """She cannot help Mia, and agrees to Lia: taken for help, it would keep the others away."""
    await alarmed(town, provider)
    await texted(town, provider, count=2)
    await says(town, provider, "2", "SM3")
    await town.wait(minutes=1)
    lia = await invited(town, "Lia")
    await texted(town, provider, count=3)
    said = await says(town, provider, "1", "SM4")
    assert "A: Mia. Answer with the letter and 1 (can help), 2 (cannot) or 3 (on my way), such as A1." in said
    assert "B: Lia. Answer with the letter and 1 (agree) or 2 (not), such as B1." in said
    assert ((await town.incident())["holder"], (await agreed(town, lia))[0]) == (None, "pending")
    await says(town, provider, "B1", "SM5")
    assert ((await town.incident())["holder"], (await agreed(town, lia))[0]) == (None, "confirmed")
    await says(town, provider, "1", "SM6")
    assert (await town.incident())["holder"] == "Ana"


async def test_what_is_said_of_a_telephone_holds_for_texts_and_calls(town: Town, provider: Provider) -> None:
    """Whichever of the two was written down first; whoever reads alone hears the word for the door."""
    person = await invited(town)
    await texted(town, provider)
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"brief": {"arrival_word": "blue scarf"}})
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    methods = [{"channel": "voice", "address": ANA}, {"channel": "sms", "address": ANA}]
    await town.call("PATCH", f"/v1/contacts/{contact['id']}", town.admin, {"methods": methods})
    await says(town, provider, "1", "SM1")
    await says(town, provider, "1", "SM2")
    assert await ways(town, person) == {"voice": "safe", "sms": "safe"}
    await town.press(await town.phone(person), immediate=True)
    await town.settled()
    assert "blue scarf" in await says(town, provider, "3", "SM3")


async def test_what_a_contact_said_stays_where_the_desk_changes_something_else(town: Town, provider: Provider) -> None:
    """Safety that is not given is not taken back; null takes it back."""
    person = await invited(town)
    await texted(town, provider)
    await says(town, provider, "1", "SM1")
    await says(town, provider, "2", "SM2")
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    path, text = f"/v1/contacts/{contact['id']}", {"channel": "sms", "address": ANA}
    mail = {"channel": "email", "address": "ana@example.org"}
    await town.call("PATCH", path, town.admin, {"methods": [text, mail]})
    assert await ways(town, person) == {"sms": "shared", "email": None}
    await town.call("PATCH", path, town.admin, {"methods": [{**text, "safety": None}, mail]})
    assert await ways(town, person) == {"sms": None, "email": None}


async def test_one_answer_says_who_reads_a_telephone_whoever_asked(town: Town, provider: Provider) -> None:
    """She agreed to both before she was asked."""
    mia, lia = await asked_by_both(town, provider)
    await says(town, provider, "A1", "SM1")
    await says(town, provider, "B1", "SM2")
    assert "Nothing more is needed" in await says(town, provider, "2", "SM3")
    assert [await ways(town, person) for person in (mia, lia)] == [{"sms": "shared"}] * 2


async def test_whoever_agreed_during_the_alarm_is_asked_afterwards_who_reads_it(town: Town, provider: Provider) -> None:
    """With the next text of theirs; a late answer to the alarm is not taken for it."""
    person = await invited(town)
    await texted(town, provider)
    await town.press(await town.phone(person), immediate=True)
    await texted(town, provider, count=2)
    assert "Nothing more is needed" in await says(town, provider, "1", "SM1")
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    await town.wait(minutes=1)
    assert "Does anyone else read these messages?" in await says(town, provider, "1", "SM2")
    assert await ways(town, person) == {"sms": None}
    await says(town, provider, "1", "SM3")
    assert await ways(town, person) == {"sms": "safe"}
    assert "<Message>" not in await says(town, provider, "Thanks", "SM4")


async def test_machines_that_answer_by_themselves_come_to_an_end(town: Town, provider: Provider) -> None:
    """Words that are no digit get a line of help, but not for ever; a digit always does what it says."""
    person = await invited(town)
    await texted(town, provider)
    said = [await says(town, provider, "I am driving.", f"SM{number}") for number in range(20)]
    assert 1 < sum("<Message>" in one for one in said) < 20
    assert "Does anyone else" in await says(town, provider, "1", "SM21")
    assert (await agreed(town, person))[0] == "confirmed"


async def test_a_number_she_marked_since_is_not_answered(town: Town, provider: Provider) -> None:
    """Practice went there before; whoever has it now learns nothing."""
    await town.agency()
    person = await town.person("Mia", time_zone="America/Chicago")
    await town.contact(person, "Ana", methods=[{"channel": "sms", "address": ANA}])
    await night(town)
    await texted(town, provider)
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"unsafe": [ANA]})
    assert "<Message>" not in await says(town, provider, "1", "SM1")


async def test_a_one_for_practice_does_not_say_who_reads_it(town: Town, provider: Provider) -> None:
    """It may be meant for either: messages arrive, and who else reads them is asked again."""
    await town.agency()
    known = await town.person("Mia", time_zone="America/Chicago")
    await town.contact(known, "Ana", methods=[{"channel": "sms", "address": ANA}])
    lia = await invited(town, "Lia")
    await texted(town, provider)
    await night(town)
    await texted(town, provider, count=2)
    await says(town, provider, "A1", "SM1")
    said = await says(town, provider, "1", "SM2")
    assert "Messages reach you." in said
    assert "Does anyone else read these messages?" in said
    assert await ways(town, lia) == {"sms": None}
    await says(town, provider, "1", "SM3")
    assert await ways(town, lia) == {"sms": "safe"}


async def test_a_one_before_practice_has_gone_out_does_not_stop_it(town: Town, provider: Provider) -> None:
    """It is due at eleven: a digit in the night is about something else, and she is asked all the same."""
    await town.agency()
    person = await town.person("Mia", time_zone="America/Chicago")
    await town.contact(person, "Ana", methods=[{"channel": "sms", "address": ANA}])
    await town.assembly.housekeeping.check_plans()
    assert "<Message>" not in await says(town, provider, "1", "SM1")
    await town.wait(hours=24)
    assert "Please answer 1." in (await texted(town, provider)).body
    assert "<Message>" in await says(town, provider, "1,", "SM2")


async def test_nobody_is_asked_for_a_digit_that_cannot_be_sent_back(town: Town, provider: Provider) -> None:
    """Texts come from a name here: practice by text would make everybody a hole."""
    await town.stop()
    account = msgspec.structs.replace(provider.settings, sender="HarbourHse", caller=None)
    town.settings = msgspec.structs.replace(town.settings, twilio=account)
    await town.start()
    await town.agency()
    person = await town.person("Mia", time_zone="America/Chicago")
    await town.contact(person, "Ana", methods=[{"channel": "sms", "address": ANA}])
    await night(town)
    await town.settled()
    assert provider.texts == []


@pytest.mark.parametrize("written", ["1,", "1)", "1 :", "1\u00a0"])
async def test_a_mail_agrees_however_the_digit_is_written(post: Post, written: str) -> None:
    """As with texts."""
    person = await invited(post.town, channel="email", address=MAIL)
    mail = await post.mail_to(MAIL)
    await post.answer(mail["Reply-To"], f"{written}\n\nOn Tuesday Mia wrote:\n> Please answer 1")
    await post.mail_to(MAIL, 2)
    assert (await agreed(post.town, person))[0] == "confirmed"


async def test_agreeing_again_by_the_link_tells_them_once(town: Town, provider: Provider) -> None:
    """Each answer on a link acts once."""
    await town.agency()
    person = await town.person("Mia")
    made = await town.post(
        f"/v1/people/{person}/contacts", town.admin, {"name": "Ana", "methods": [{"channel": "sms", "address": ANA}]}
    )
    await town.press(await town.phone(person), immediate=True)
    for _ in range(3):
        await town.post("/v1/invitation/confirm", code_of(made["confirm_url"]), {"reads": "nobody_else"})
        await town.settled()
    assert len([text for text in provider.to(ANA) if "pressed the alarm" in text.body]) == 1


async def test_the_word_for_the_door_stays_off_a_telephone_that_others_read(town: Town, provider: Provider) -> None:
    """Kim is on call, and her contact too: of that telephone it is known that it is shared."""
    await on_call(town)
    await texted(town, provider, KIM)
    person = (await town.incident())["person"]["id"]
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"brief": {"arrival_word": "blue scarf"}})
    shared = {"channel": "sms", "address": KIM, "safety": "shared"}
    body = {"name": "Kim", "methods": [shared], "consent": {"how": "in the office"}}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    await town.settled()
    _, said = await provider.texts_us(town.url, town.settings.url, KIM, "3")
    assert "<Message>" in said
    assert "blue scarf" not in said
