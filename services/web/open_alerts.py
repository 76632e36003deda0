"""What somebody may answer who is known by a number, or by a message of ours that they have had."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from alerts.audience import STAFF, is_contact
from alerts.situation import Incident
from services.phone_number import as_dialled
from services.web.text_answers import letter_of
from services.wording.catalogue import known_language
from streams.records import Contact, Delivery, IncidentView, Person, Staff
from streams.store import Transaction
from streams.unsafe import is_unsafe

TOLD_WITHIN = timedelta(days=1)


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, whose it is, and who answers: a contact of hers, somebody of the staff, or both in one.

    Who writes from where she said that nothing must go is *not trusted*: nothing that they say acts. The letter says
    which of several they mean.
    """

    organization: str
    person: Person
    incident: Incident
    contact: Contact | None = None
    staff: Staff | None = None
    trusted: bool = True
    letter: str = "A"

    @property
    def wish(self) -> str:
        """The language that whoever answers would like; the desk's languages for the staff."""
        if self.staff is not None:
            return known_language(self.staff.language)
        return self.contact.language if self.contact is not None else self.person.language


async def owners_of(tx: Transaction, number: str) -> list[Contact | Staff]:
    """The contacts and staff whom this number reaches; nobody where it is none."""
    try:
        address = as_dialled(number)
    except ValueError:
        return []
    found: list[Contact | Staff] = []
    for organization, owner in await tx.owners_at(address):
        one = await tx.get(Contact, organization, owner) or await tx.get(Staff, organization, owner)
        if one is not None:
            found.append(one)
    return found


async def open_alerts_at(tx: Transaction, number: str, now: datetime) -> list[OpenAlert]:
    """What whoever has this number may answer, the oldest first; one who is told twice of the same answers once.

    Each person has a letter for this number: first those whose contact it is, then those of whom its owner was told as
    staff within a day. One keeps it when her alert is over, so that nobody's letter becomes another's.
    """
    owners = await owners_of(tx, number)
    address = as_dialled(number) if owners else None
    contacts = [one for one in owners if isinstance(one, Contact)]
    of_contacts = [alert for one in contacts if (alert := await _of_contact(tx, one, address)) is not None]
    told: dict[str, tuple[IncidentView, Staff]] = {}
    for owner in owners:
        if isinstance(owner, Staff):
            for told_of in await tx.staff_told_of(owner.organization, owner.id, now - TOLD_WITHIN):
                view = await tx.incident(owner.organization, told_of)
                told.update({told_of: (view, owner)} if view is not None else {})
    of_staff: dict[str, OpenAlert] = {}
    in_order = sorted(told.items(), key=lambda item: item[1][0].incident.opened_at)
    for told_of, (view, owner) in in_order:
        alert = await _of_staff(tx, owner, view, address)
        of_staff.update({told_of: alert} if alert is not None else {})
    joined = [
        msgspec.structs.replace(alert, staff=both.staff) if (both := of_staff.pop(alert.incident.id, None)) else alert
        for alert in of_contacts
    ]
    letters = letters_of(contacts, (view.person for _, (view, _) in in_order))
    alerts = [msgspec.structs.replace(a, letter=letters[a.person.id]) for a in (*joined, *of_staff.values())]
    return sorted(alerts, key=lambda alert: alert.incident.opened_at)


def letters_of(contacts: Iterable[Contact], told_of: Iterable[str] = ()) -> dict[str, str]:
    """The letter of each person for one number: of its contacts, and of those of whom its owner on the staff heard."""
    known = [one.person or "" for one in sorted(contacts, key=lambda one: one.id)]
    return {person: letter_of(place) for place, person in enumerate(dict.fromkeys([*known, *told_of]))}


async def open_alert_of(tx: Transaction, delivery: Delivery) -> OpenAlert | None:
    """The alert that this message told of, for whom it went to; None when it is over, or not theirs any more."""
    if delivery.incident is None:
        return None
    reader = await reader_of(tx, delivery)
    if not isinstance(reader, Contact | Staff):
        return None
    address = next((method.address for method in reader.methods if method.id == delivery.method), None)
    if isinstance(reader, Staff):
        view = await tx.incident(reader.organization, delivery.incident)
        return await _of_staff(tx, reader, view, address) if view is not None else None
    alert = await _of_contact(tx, reader, address)
    return alert if alert is not None and alert.incident.id == delivery.incident else None


async def reader_of(tx: Transaction, delivery: Delivery) -> Contact | Staff | Person | None:
    """Who reads or hears it, whatever they may still be told: the person herself where it is nobody by name."""
    kind, _, known = delivery.recipient.partition(":")
    if f"{kind}:" == STAFF:
        return await tx.get(Staff, delivery.organization, known)
    if is_contact(delivery.recipient):
        return await tx.get(Contact, delivery.organization, known)
    return await tx.get(Person, delivery.organization, delivery.person)


async def _of_contact(tx: Transaction, contact: Contact, address: str | None) -> OpenAlert | None:
    if contact.consent != "confirmed" or contact.person is None:
        return None
    person = await tx.get(Person, contact.organization, contact.person)
    incident = (await tx.situation(contact.person)).live_incident
    if person is None or incident is None or not incident.contacts_told_at:
        return None
    return OpenAlert(
        organization=contact.organization,
        person=person,
        incident=incident,
        contact=contact,
        trusted=is_trusted(person, contact, address),
    )


async def _of_staff(tx: Transaction, staff: Staff, view: IncidentView, address: str | None) -> OpenAlert | None:
    person = await tx.get(Person, staff.organization, view.person) if view.incident.live else None
    if person is None or staff.id in person.hidden_from:
        return None
    return OpenAlert(
        organization=staff.organization,
        person=person,
        incident=view.incident,
        staff=staff,
        trusted=is_trusted(person, staff, address),
    )


def is_trusted(person: Person, owner: Contact | Staff, address: str | None) -> bool:
    """Whether what comes from this number or mailbox of theirs may do anything."""
    if address is None and person.details.get("unsafe"):
        # It came by a method that is no more, and that may be what she marked.
        return False
    return not any(is_unsafe(person, method) for method in owner.methods if method.address == address)
