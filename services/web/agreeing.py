"""How somebody agrees to be a contact, by a link, a digit or a key; and the question after it, who else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts.signals import ContactConfirmed
from services.phone_number import as_dialled
from services.web.open_alerts import is_trusted, letters_of, owners_of
from services.web.problems import Problem
from services.web.service import Service, new_id
from services.web.text_answers import chosen_of, lettered
from services.wording.neutral_words import say_to_contact
from streams.reading import Reads
from streams.records import Contact, Person, ReadsAsked
from streams.store import Transaction

How = Literal["link", "text", "call", "mail"]
READS: dict[str, Reads] = {"1": "nobody_else", "2": "others", "3": "unknown"}
ASKED_FOR = timedelta(days=1)
"""How long a digit answers who else reads it; after that nobody knows, and they get neutral words."""


async def keep_consent(
    service: Service, contact: Contact, consent: Literal["confirmed", "declined"], how: How, **changes: Any
) -> None:
    """They agree, and are told at once when an alert is open; or they do not, or no longer."""
    now = service.clock.now()
    if consent == "confirmed":
        # What they answer has reached them.
        changes |= {"practised_at": now, "heard_at": now}

    async def work(tx: Transaction) -> None:
        known = await tx.get(Contact, contact.organization, contact.id)
        if known is None:
            raise Problem("not-found")
        await tx.put(msgspec.structs.replace(known, consent=consent, consent_how=how, **changes))
        # An invitation that waits for the morning is answered.
        await tx.void_subject(contact.id, now)

    await service.store.write(work)
    if consent == "confirmed" and contact.person is not None:
        signal = ContactConfirmed(id=new_id(), person=contact.person, at=now, received_at=now, contact=contact.id)
        await service.engine.decide_now(contact.organization, contact.person, signal)


def is_asked(contact: Contact, now: datetime) -> bool:
    """Whether a digit of theirs says something without an alert: they were invited, or asked who else reads it."""
    return contact.consent == "pending" or is_asked_who_reads(contact, now)


def is_asked_who_reads(contact: Contact, now: datetime) -> bool:
    """Whether they have agreed by a digit and may still say by another who else reads it."""
    asked = contact.reads_asked
    return contact.consent == "confirmed" and asked is not None and now - asked.at < ASKED_FOR


async def asked_at(tx: Transaction, number: str, now: datetime) -> dict[str, Contact]:
    """The contacts at this number of whom something is asked that a digit answers, by the letters of whose they are."""
    contacts = [one for one in await owners_of(tx, number) if isinstance(one, Contact)]
    letters = letters_of(contacts)
    found = {}
    for contact in contacts:
        person = await tx.get(Person, contact.organization, contact.person or "")
        if is_asked(contact, now) and person is not None and is_trusted(person, contact, as_dialled(number)):
            found[letters[person.id]] = contact
    return found


async def answer_invitation(service: Service, contact: Contact, digit: str, key: str, how: How) -> str | None:
    """Carries out one digit; which line of the catalogue comes back. None where it says nothing.

    What has the same `key` is the same answer, as a provider brings it that had no word in time: it is not taken for
    an answer to the question that followed.
    """
    now = service.clock.now()
    asked = contact.reads_asked
    if contact.consent == "pending" and digit == "1":
        await keep_consent(service, contact, "confirmed", how, reads="unknown", reads_asked=ReadsAsked(now, key))
        return "answered.agreed"
    if contact.consent == "pending" and digit == "2":
        await keep_consent(service, contact, "declined", how)
        return "answered.declined"
    if asked is None or not is_asked_who_reads(contact, now):
        return None
    if asked.key == key:
        return "answered.agreed"
    if digit not in READS:
        return None

    async def work(tx: Transaction) -> None:
        known = await tx.get(Contact, contact.organization, contact.id)
        if known is not None and known.reads_asked is not None:
            await tx.put(msgspec.structs.replace(known, reads=READS[digit], reads_asked=None))

    await service.store.write(work)
    return "answered.reads"


async def answer_in_writing(service: Service, asked: Mapping[str, Contact], written: str, key: str, how: How) -> str:
    """What a text or mail does of those of whom something is asked, and the line that goes back.

    Who else reads it was asked last, and is answered first.
    """
    now = service.clock.now()
    reading = {letter: one for letter, one in asked.items() if is_asked_who_reads(one, now)}
    invited = {letter: one for letter, one in asked.items() if one.consent == "pending"}
    match = chosen_of(reading, written) or chosen_of(invited, written)
    if match is not None:
        contact, digit = match
        line = await answer_invitation(service, contact, digit, key, how)
        if line is not None:
            return say_to_contact(contact.language, "contact", line)
    for contact in reading.values():
        return say_to_contact(contact.language, "contact", "answered.agreed")
    return await how_to_agree(service, asked)


async def how_to_agree(service: Service, asked: Mapping[str, Contact]) -> str:
    """How to answer the invitation that they have, or each of several; nothing where there is none."""

    async def work(tx: Transaction) -> dict[str, Person]:
        invited = {letter: one for letter, one in asked.items() if one.consent == "pending"}
        found = {letter: await tx.get(Person, one.organization, one.person or "") for letter, one in invited.items()}
        return {letter: person for letter, person in found.items() if person is not None}

    people = await service.store.read(work)
    for letter, person in people.items():
        name, wish = person.known_as or person.name, asked[letter].language
        if len(people) == 1:
            return say_to_contact(wish, "messages", "invitation.digits", name=name)
        return say_to_contact(wish, "messages", "invitation.several", list=lettered(people))
    return ""
