"""What somebody may answer who is known by a number, or by a message of ours that they have had."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from alerts.audience import DESKS, STAFF, contact_key, is_contact, staff_key
from alerts.situation import Incident
from services.phone_number import as_dialled
from services.web.duty_desk import duty_desk, is_desk, on_duty, told_of
from services.wording.catalogue import known_language
from streams.reading import read_by
from streams.records import Contact, Delivery, IncidentView, Organization, Person, Staff
from streams.store import Transaction
from streams.unsafe import is_unsafe

TOLD_WITHIN = timedelta(days=1)


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, whose it is, and who answers: a contact of hers, somebody of the staff, or both in one.

    `responder` is how an incident knows whoever of the staff it is. Who writes from where she said that nothing must
    go is *not trusted*: nothing that they say acts. Of a *shared* telephone it is known that others read it. The
    letter says which of several they mean.
    """

    organization: str
    person: Person
    incident: Incident
    contact: Contact | None = None
    staff: Staff | None = None
    responder: str | None = None
    trusted: bool = True
    shared: bool = False
    letter: str = "A"

    @property
    def about(self) -> str:
        """What its letter is remembered by: whoever is told, or whose alert it is."""
        return self.contact.id if self.contact is not None else self.person.id

    @property
    def wish(self) -> str:
        """The language that whoever answers would like."""
        return wish_of(self.staff or self.contact or self.person, self.person)


def wish_of(reader: Contact | Staff | Person, person: Person) -> str:
    """The language that this reader would like; the staff's is one of the desk's, the desk's own that of the person."""
    if isinstance(reader, Staff):
        return known_language(person.language if is_desk(reader) else reader.language)
    return reader.language


async def owners_of(tx: Transaction, number: str) -> list[Contact | Staff]:
    """The contacts and staff whom this number reaches, the duty desk among them; nobody where it is none."""
    try:
        address = as_dialled(number)
    except ValueError:
        return []
    found: list[Contact | Staff] = []
    for organization, owner in await tx.owners_at(address):
        one = await tx.get(Contact, organization, owner) or await tx.get(Staff, organization, owner)
        agency = await tx.get(Organization, organization, owner) if one is None else None
        if one is not None:
            found.append(one)
        elif agency is not None:
            found.append(duty_desk(agency))
    return found


async def open_alerts_at(tx: Transaction, number: str, now: datetime) -> list[OpenAlert]:
    """What whoever has this number may answer, the oldest first; one who is told twice of the same answers once."""
    owners = await owners_of(tx, number)
    address = as_dialled(number) if owners else None
    found: dict[str, OpenAlert] = {}
    for owner in owners:
        if isinstance(owner, Contact):
            alert = await _of_contact(tx, owner, address)
            # Two contacts of one person may share a phone: it answers once.
            found.setdefault(alert.incident.id, alert) if alert is not None else None
    for owner in owners:
        if isinstance(owner, Staff):
            for incident in await _told_of(tx, owner, now):
                view = await tx.incident(owner.organization, incident)
                alert = await _of_staff(tx, owner, view, address) if view is not None else None
                if alert is not None:
                    both = found.get(incident, alert)
                    # Somebody by name counts more than the desk whose number it is as well.
                    if both.staff is None or not is_desk(owner):
                        both = msgspec.structs.replace(both, staff=owner, responder=alert.responder)
                    found[incident] = both
    return sorted(found.values(), key=lambda alert: alert.incident.opened_at)


async def last_alert_at(tx: Transaction, owners: Iterable[Contact | Staff], now: datetime) -> datetime | None:
    """When whoever has a number was last told of an alert by any way of theirs, or that it is over; within a day."""
    times: list[datetime] = []
    for owner in owners:
        if isinstance(owner, Contact):
            view = await tx.last_incident(owner.organization, owner.person or "")
            told = [(view.incident, frozenset({contact_key(owner.id)}))] if view is not None else []
        else:
            known = await _told_of(tx, owner, now)
            views = [await tx.incident(owner.organization, one) for one in known]
            keys = DESKS if is_desk(owner) else frozenset({staff_key(owner.id)})
            told = [(view.incident, keys) for view in views if view is not None]
        for incident, keys in told:
            at = max((entry.last_at for entry in incident.told if entry.recipient in keys), default=None)
            times += [max(at, incident.closed_at or at)] if at is not None else []
    return max((at for at in times if now - at < TOLD_WITHIN), default=None)


async def _told_of(tx: Transaction, staff: Staff, now: datetime) -> list[str]:
    if is_desk(staff):
        return await told_of(tx, staff)
    return await tx.staff_told_of(staff.organization, staff.id, now - TOLD_WITHIN)


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
    """Who reads or hears it, whatever they may still be told: the person herself where it is nobody of these."""
    kind, _, known = delivery.recipient.partition(":")
    if delivery.recipient in DESKS:
        agency = await tx.get(Organization, delivery.organization, delivery.organization)
        return duty_desk(agency) if agency is not None else None
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
    incident = view.incident
    agency = await tx.get(Organization, staff.organization, staff.organization) if is_desk(staff) else None
    return OpenAlert(
        organization=staff.organization,
        person=person,
        incident=incident,
        staff=staff,
        responder=staff.id if agency is None else on_duty(agency, address, (*incident.having, *incident.declined)),
        shared=await _is_shared(tx, person, address),
        trusted=is_trusted(person, staff, address),
    )


async def _is_shared(tx: Transaction, person: Person, address: str | None) -> bool:
    """Whether a contact of hers has this number or mailbox too, and others read it there."""
    agreed = await tx.agreed(person.organization, person.id)
    contacts = agreed.contacts if agreed is not None else ()
    here = [(contact, method) for contact in contacts for method in contact.methods if method.address == address]
    return any(read_by(contact, method) == "others" for contact, method in here)


def is_trusted(person: Person, owner: Contact | Staff, address: str | None) -> bool:
    """Whether what comes from this number or mailbox of theirs may do anything."""
    if address is None and person.details.get("unsafe"):
        # It came by a method that is no more, and that may be what she marked.
        return False
    return not any(is_unsafe(person, method) for method in owner.methods if method.address == address)
