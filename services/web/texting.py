"""What a text to us does: a digit acts, other words are kept, a carrier's word closes the texts to a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.links import Link
from services.phone_number import as_dialled
from services.web.agreeing import (
    Asked,
    answer_in_writing,
    ask_who_reads,
    asked_at,
    how_to_agree,
    is_asked_who_reads,
    texted_at,
    was_never_asked_who_reads,
)
from services.web.answering import answer_alert, help_for, keep_words, say_opted
from services.web.open_alerts import OpenAlert, is_trusted, open_alerts_at, owners_of
from services.web.service import Service
from services.web.text_answers import chosen_of, digit_of, has_letter, letter_of
from services.wording.neutral_words import in_letters_of_a_text, say_to_contact, written
from streams.opting_out import changed
from streams.practice import answered, is_unheard
from streams.reading import who_reads
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Contact, Delivery, Person
from streams.store import Transaction

OPTS_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
OPTS_IN = frozenset({"START", "YES", "UNSTOP"})
"""Words that carriers themselves take for it: https://help.twilio.com/articles/223134027."""
BY_DIGIT = frozenset({"text", "call", "mail"})
LINKED = frozenset({"1", "3"})
"""Who can help, or is on the way, sees more on the page."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What came, from where; what comes again under the same key is the same text. `word` is what a carrier took."""

    number: str
    written: str
    key: str
    word: str


async def take_text(service: Service, text: Text) -> list[str]:
    """Does what it says; the texts that go back."""
    now = service.clock.now()

    async def look(tx: Transaction) -> tuple[list[OpenAlert], list[Asked]]:
        alerts = await open_alerts_at(tx, text.number, now)
        asked = await asked_at(tx, text.number, now)
        if not alerts and not asked:
            return [], []
        about = [*(alert.about for alert in alerts), *(one.contact.id for one in asked)]
        places = await tx.letters_at(as_dialled(text.number), about, now)
        letters = {one: letter_of(place) for one, place in places.items()}
        return (
            [msgspec.structs.replace(alert, letter=letters[alert.about]) for alert in alerts],
            [msgspec.structs.replace(one, letter=letters[one.contact.id]) for one in asked],
        )

    alerts, asked = await service.store.write(look, LANE_ALARM)
    opted = _opted(text.word, waited_for=bool(alerts or asked))
    if opted is not None:
        # The provider answers such words itself.
        await _opt(service, text, alerts, out=opted)
        return []
    lines = await _answer(service, text, alerts, asked)
    # A digit is always answered; what a machine sends by itself only so often.
    return lines if not lines or digit_of(text.written) or service.helped.once_more(text.number, now) else []


def _opted(word: str, *, waited_for: bool) -> bool | None:
    """Whether it says that they want nothing more (True), or something again (False)."""
    if word in OPTS_OUT:
        return True
    # While somebody is waited for, a yes is an answer that was meant for us.
    return False if word in OPTS_IN and not (word == "YES" and waited_for) else None


async def _opt(service: Service, text: Text, alerts: Sequence[OpenAlert], *, out: bool) -> None:
    """Closes the texts of whoever has this number, or opens them again; what waits goes on by other methods at once."""
    now = service.clock.now()

    async def work(tx: Transaction) -> list[Delivery]:
        gone = []
        for owner in await owners_of(tx, text.number):
            if not isinstance(owner, Contact):
                # Those of staff and of the agency are theirs to change: what the carrier stops goes on by the next way.
                continue
            texts = {m.id for m in owner.methods if m.channel == "sms" and m.address == as_dialled(text.number)}
            await tx.put(changed(owner, texts, now if out else None))
            incident = (await tx.situation(owner.person or "")).live_incident if out else None
            for delivery in await tx.deliveries_of(incident.id) if incident is not None else ():
                failed = delivery.method in texts and await take_receipt(tx, delivery.id, "failed", "opted out", now)
                gone += [failed] if failed else []
        return gone

    gone = await service.store.write(work, LANE_ALARM)
    for alert in alerts:
        await say_opted(service, alert, text.key, out=out)
    for delivery in gone:
        service.engine.wake(delivery.organization, delivery.person, LANE_ALARM)
    service.engine.look()


async def _answer(service: Service, text: Text, alerts: list[OpenAlert], asked: list[Asked]) -> list[str]:
    """An alert before all else that may be asked."""
    trusted = [alert for alert in alerts if alert.trusted]
    match = chosen_of({alert.letter: alert for alert in trusted}, text.written)
    # What was asked after the alert may be what a bare digit means, of whoever has answered the alert already: to take
    # that for help would keep others away.
    after = [one for one in asked if one.bare] if alerts and not has_letter(text.written) else []
    either = after if match is None or _has_answered(match[0]) else []
    if match is not None and not either:
        return [*await _answer_alert(service, text, *match), *_how_to_agree_by_letter(after)]
    by_letter = text.written[:1].isalpha() and chosen_of({one.letter: one for one in asked}, text.written) is not None
    if by_letter or not alerts:
        line = await _answer_what_is_asked(service, text, asked, alerted=bool(alerts))
        return [line] if line else []
    for alert in alerts:
        await keep_words(service, alert, text.written, text.key)
    lines = [in_letters_of_a_text(trusted[0].wish, help_for(trusted, by_letter=bool(either)))] if trusted else []
    return [*lines, *_how_to_agree_by_letter(either)]


def _has_answered(alert: OpenAlert) -> bool:
    incident = alert.incident
    as_contact = alert.contact is not None and any(a.contact == alert.contact.id for a in incident.answers)
    return as_contact or alert.responder in {*incident.having, *incident.declined}


def _how_to_agree_by_letter(asked: Sequence[Asked]) -> list[str]:
    line = how_to_agree(asked, by_letter=True)
    return [in_letters_of_a_text(asked[0].contact.language, line)] if line else []


async def _answer_alert(service: Service, text: Text, alert: OpenAlert, digit: str) -> list[str]:
    reads_alone = _is_read_by_nobody_else(alert, text.number, service.clock.now())
    said = written(await answer_alert(service, alert, digit, text.key, reads_alone=reads_alone))
    lines = [in_letters_of_a_text(alert.wish, said)] if said else []
    if alert.contact is not None and reads_alone and digit in LINKED:
        link = Link(
            kind="alert",
            organization=alert.organization,
            person=alert.person.id,
            contact=alert.contact.id,
            incident=alert.incident.id,
        )
        # In a text of its own: what went before is whole without it.
        lines.append(service.links.url(service.public_url, link))
    return lines


async def _answer_what_is_asked(service: Service, text: Text, asked: Sequence[Asked], *, alerted: bool) -> str:
    """Whoever was invited, or is asked who else reads it, or whether messages reach them."""
    now = service.clock.now()
    known = await service.store.write(lambda tx: _practised(tx, text, now))
    heard = [contact for contact in known if is_unheard(contact, now)]
    if asked and not heard:
        line = await answer_in_writing(service, asked, text.written, text.key, "text", alerted=alerted)
        return in_letters_of_a_text(asked[0].contact.language, line)
    if not asked:
        by_digit = [one for one in known if one.consent_how in BY_DIGIT and digit_of(text.written) is not None]
        return await _ask_what_was_left_out(service, text, heard or by_digit)
    said = say_to_contact(heard[-1].language, "contact", "answered.practice")
    reading = [one.contact for one in asked if is_asked_who_reads(one.contact, now)]
    # The digit may be meant for what is asked as well: that is asked again.
    again = say_to_contact(reading[0].language, "contact", "answered.agreed") if reading else how_to_agree(asked)
    return in_letters_of_a_text(heard[-1].language, f"{said} {again}")


async def _ask_what_was_left_out(service: Service, text: Text, known: Sequence[Contact]) -> str:
    """Whoever never said who else reads this is asked now that nothing else is."""
    if not known:
        return ""
    contact, here = known[-1], texted_at(known[-1], text.number)
    line = "answered.practice" if is_unheard(contact, service.clock.now()) else ""
    if was_never_asked_who_reads(contact, here):
        await ask_who_reads(service, contact, text.key, here)
        line = "answered.agreed"
    return in_letters_of_a_text(contact.language, say_to_contact(contact.language, "contact", line)) if line else ""


async def _practised(tx: Transaction, text: Text, now: datetime) -> list[Contact]:
    """The contacts at this number, as they were; with a one, messages reach those who were asked whether they do."""
    found = []
    for contact in await owners_of(tx, text.number):
        if not isinstance(contact, Contact) or contact.consent != "confirmed":
            continue
        person = await tx.get(Person, contact.organization, contact.person or "")
        if person is None or not is_trusted(person, contact, as_dialled(text.number)):
            continue
        asked, hears = is_unheard(contact, now), digit_of(text.written) == "1" and not has_letter(text.written)
        if asked and hears:
            await answered(tx, contact, now)
        if not asked or hears:
            found.append(contact)
    return found


def _is_read_by_nobody_else(alert: OpenAlert, number: str, now: datetime) -> bool:
    contact = alert.contact
    here = [method for method in contact.methods if method.address == as_dialled(number)] if contact is not None else []
    return contact is not None and {who_reads(alert.person, contact, method, now) for method in here} == {"nobody_else"}
