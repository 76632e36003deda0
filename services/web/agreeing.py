"""How somebody agrees to be a contact, by a link, a digit or a key; and the question after it, who else reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts.audience import contact_key
from alerts.ids import derived_id
from alerts.responder_signals import ContactConfirmed
from services.phone_number import as_dialled
from services.web.open_alerts import is_trusted, last_alert_at, owners_of
from services.web.problems import Problem
from services.web.service import Service
from services.web.text_answers import chosen_of, digit_of, has_letter, lettered
from services.wording.neutral_words import say_to_contact
from streams.records import Contact, Method, Person, ReadsAsked, Safety
from streams.store import Transaction

How = Literal["link", "text", "call", "mail"]
THEMSELVES: frozenset[str] = frozenset({"link", "text", "call", "mail"})
"""How a contact answers an invitation; anything else is what staff wrote of how they agreed."""
READS: dict[str, Safety] = {"1": "safe", "2": "shared", "3": "unknown"}
"""What a digit says of the handset or mailbox that it came from: nobody else reads it, others do, nobody knows."""
ASKED_FOR = timedelta(days=1)
"""How long a digit answers who else reads it; after that nobody knows, and they get neutral words."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of whom something is asked by a text. A *bare* digit is for nothing else that went to this number."""

    contact: Contact
    person: Person
    bare: bool
    method: str | None = None
    letter: str = ""


async def keep_consent(
    service: Service,
    contact: Contact,
    consent: Literal["confirmed", "declined"],
    how: How,
    key: str,
    *,
    method: str | None = None,
    **changes: Any,
) -> bool:
    """They agree, and are told at once when an alert is open; or they do not, or no longer. Whether one is open.

    What has the same `key` is the same answer.
    """
    now = service.clock.now()
    if consent == "confirmed":
        # What they answer has reached them.
        changes |= {"practised_at": now, "heard_at": now}

    async def work(tx: Transaction) -> bool:
        known = await tx.get(Contact, contact.organization, contact.id)
        if known is None:
            raise Problem("not-found")
        await tx.put(msgspec.structs.replace(known, consent=consent, consent_how=how, consent_method=method, **changes))
        # An invitation that waits for the morning is answered.
        await tx.void_subject(contact.id, now)
        live = (await tx.situation(contact.person or "")).live_incident if known.consent == "confirmed" else None
        # Who had agreed, and knows of what is open, hears it once.
        return live is not None and any(entry.recipient == contact_key(contact.id) for entry in live.told)

    knows = await service.store.write(work)
    return consent == "confirmed" and (knows or await _welcome(service, contact, key))


async def _welcome(service: Service, contact: Contact, key: str) -> bool:
    """Tells them of what is open, once for the same answer; whether anything is."""
    if contact.person is None:
        return False
    now = service.clock.now()
    signal = ContactConfirmed(
        id=derived_id("confirmed", contact.id, key), person=contact.person, at=now, received_at=now, contact=contact.id
    )
    decision = await service.engine.decide_now(contact.organization, contact.person, signal)
    if not decision.repeated:
        return decision.situation.live_incident is not None
    return (await service.store.read(lambda tx: tx.situation(signal.person))).live_incident is not None


def answered_from_elsewhere(before: Contact, after: Contact) -> bool:
    """Whether whoever answered the invitation is not reached any more: perhaps a stranger at a wrong number."""
    if before.consent_how not in THEMSELVES:
        return False
    left = {method.id for method in after.methods}
    if before.consent_method is not None:
        return before.consent_method not in left
    return left.isdisjoint(method.id for method in before.methods)


def is_asked(contact: Contact, now: datetime) -> bool:
    """Whether a digit of theirs says something without an alert: they were invited, or asked who else reads it."""
    return contact.consent == "pending" or is_asked_who_reads(contact, now)


def is_asked_who_reads(contact: Contact, now: datetime) -> bool:
    """Whether they have agreed by a digit and may still say by another who else reads it."""
    asked = contact.reads_asked
    return contact.consent == "confirmed" and asked is not None and asked.open and now - asked.at < ASKED_FOR


async def asked_at(tx: Transaction, number: str, now: datetime) -> list[Asked]:
    """The contacts at this number of whom something is asked that a digit answers.

    An invitation counts once it has gone there. What was asked before the last alert that went there is not answered
    by a digit alone: that may be a late answer to the alert.
    """
    owners = await owners_of(tx, number)
    alerted = await last_alert_at(tx, owners, now) or LONG_AGO
    found = []
    for contact in owners:
        if not isinstance(contact, Contact) or not is_asked(contact, now):
            continue
        person = await tx.get(Person, contact.organization, contact.person or "")
        if person is None or not is_trusted(person, contact, as_dialled(number)):
            continue
        if contact.consent == "pending":
            since = await _invited_at(tx, contact, number)
        else:
            since = contact.reads_asked.at if contact.reads_asked is not None else None
        if since is not None and (since > alerted or contact.consent == "pending"):
            found.append(Asked(contact=contact, person=person, bare=since > alerted, method=texted_at(contact, number)))
    return found


def texted_at(contact: Contact, number: str) -> str | None:
    """Which of their methods somebody uses who texts from this number."""
    here = [method for method in contact.methods if method.address == as_dialled(number)]
    return next((method.id for method in sorted(here, key=lambda method: method.channel != "sms")), None)


def was_never_asked_who_reads(contact: Contact, method: str | None) -> bool:
    """Whether nobody knows who reads this way of theirs since that could not be asked: an alert came between."""
    return (
        contact.consent == "confirmed"
        and contact.reads in {None, "unknown"}
        and all(known.safety is None for known in _handset(contact, method))
    )


def _handset(contact: Contact, method: str | None) -> list[Method]:
    """All ways to the telephone or mailbox of this one."""
    address = next((known.address for known in contact.methods if known.id == method), None)
    return [known for known in contact.methods if known.address == address]


async def ask_who_reads(service: Service, contact: Contact, key: str, method: str | None) -> None:
    """A digit answers from now on who else reads this."""
    await _keep_question(service, contact, ReadsAsked(at=service.clock.now(), key=key, method=method))


async def _invited_at(tx: Transaction, contact: Contact, number: str) -> datetime | None:
    """When an invitation went to this number last; None where none has gone yet."""
    here = {method.id for method in contact.methods if method.address == as_dialled(number)}
    view = await tx.last_incident(contact.organization, contact.person or "")
    made = await tx.deliveries_of(contact.id)
    made += await tx.deliveries_of(view.incident.id) if view is not None else []
    recipient = contact_key(contact.id)
    went = [
        one.created_at
        for one in made
        if one.purpose == "invitation" and one.recipient == recipient and one.method in here and one.attempts > 0
    ]
    return max(went, default=None)


async def answer_invitation(
    service: Service,
    contact: Contact,
    digit: str,
    key: str,
    how: How,
    *,
    method: str | None = None,
    alerted: bool = False,
) -> str | None:
    """Carries out one digit; which line of the catalogue comes back. None where it says nothing.

    What has the same `key` is the same answer, as a provider brings it that had no word in time: it is not taken for
    an answer to the question that followed. While an alert is open (hers, or another's whose contact they are:
    *alerted*), nothing else is asked: the digits answer that.
    """
    now = service.clock.now()
    asked = contact.reads_asked
    if asked is not None and asked.key == key and contact.consent == "confirmed":
        await _welcome(service, contact, key)
        return "answered.agreed" if asked.open else "answered.reads"
    if contact.consent == "declined" and contact.consent_how == how and digit == "2":
        return "answered.declined"
    if contact.consent == "pending" and digit == "1":
        opened = ReadsAsked(at=now, key=key, method=method)
        given: dict[str, Any] = {"reads": "unknown", "reads_asked": opened}
        if await keep_consent(service, contact, "confirmed", how, key, method=method, **given) or alerted:
            await _keep_question(service, contact, msgspec.structs.replace(opened, open=False))
            return "answered.reads"
        return "answered.agreed"
    if contact.consent == "pending" and digit == "2":
        await keep_consent(service, contact, "declined", how, key, method=method)
        return "answered.declined"
    if asked is None or not is_asked_who_reads(contact, now) or digit not in READS:
        return None
    if _handset(contact, asked.method) != _handset(contact, method):
        # It was asked by another way, and this answers the invitation that went here: here it is asked as well.
        await _keep_question(service, contact, ReadsAsked(at=now, key=key, method=method))
        return "answered.agreed"
    await _keep_question(service, contact, ReadsAsked(at=now, key=key, open=False, method=method), READS[digit])
    return "answered.reads"


async def _keep_question(service: Service, contact: Contact, asked: ReadsAsked, said: Safety | None = None) -> None:
    """Where the question stands; what is `said` of a handset is kept of all ways to it, unless staff know better."""
    handset = {method.id for method in _handset(contact, asked.method)}

    def told(method: Method) -> Method:
        new = said is not None and method.id in handset and method.safety is None
        return msgspec.structs.replace(method, safety=said) if new else method

    async def work(tx: Transaction) -> None:
        known = await tx.get(Contact, contact.organization, contact.id)
        if known is not None:
            methods = tuple(map(told, known.methods))
            await tx.put(msgspec.structs.replace(known, reads_asked=asked, methods=methods))

    await service.store.write(work)


async def answer_in_writing(
    service: Service, asked: Sequence[Asked], written: str, key: str, how: How, *, alerted: bool = False
) -> str:
    """What a text or mail does of those of whom something is asked, and the line that goes back.

    Who else reads it was asked last, and is answered first: by a bare digit of all who share the handset.
    """
    now = service.clock.now()
    reading = {one.letter: one for one in asked if is_asked_who_reads(one.contact, now)}
    invited = {one.letter: one for one in asked if one.contact.consent == "pending"}
    match = chosen_of(reading, written) or chosen_of(invited, written)
    chosen = [match[0]] if match is not None and (match[0].bare or has_letter(written)) else []
    digit = match[1] if match is not None else digit_of(written)
    if not has_letter(written) and digit is not None:
        chosen = [one for one in reading.values() if one.bare] or chosen
    lines = [
        await answer_invitation(service, one.contact, digit or "", key, how, method=one.method, alerted=alerted)
        for one in chosen
    ]
    if lines and lines[-1] is not None:
        return say_to_contact(chosen[-1].contact.language, "contact", lines[-1])
    for one in reading.values():
        return say_to_contact(one.contact.language, "contact", "answered.agreed")
    return how_to_agree(asked)


def how_to_agree(asked: Sequence[Asked], *, by_letter: bool = False) -> str:
    """How to answer the invitation that they have, or each of several; nothing where there is none.

    *By letter* where something else is open at the same number.
    """
    invited = [one for one in asked if one.contact.consent == "pending"]
    if not invited:
        return ""
    wish = invited[0].contact.language
    if len(invited) == 1 and invited[0].bare and not by_letter:
        person = invited[0].person
        return say_to_contact(wish, "messages", "invitation.digits", name=person.known_as or person.name)
    named = lettered([(a.letter, a.person, a.contact.name) for a in invited])
    return say_to_contact(wish, "messages", "invitation.several", list=named, example=f"{invited[0].letter}1")
