"""What sending one delivery needs, looked up when it is sent: whether it still may be, to where, about what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from alerts.situation import Incident
from streams.channel import OutgoingMessage
from streams.records import Contact, Delivery, Method, Organization, Person
from streams.reminding import reminder_methods
from streams.store import Transaction


class DeliveryContext(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that wording one message may draw on."""

    delivery: Delivery
    method: Method
    organization: Organization
    person: Person
    contact: Contact | None
    incident: Incident | None
    now: datetime


class Composer(Protocol):
    """Puts a delivery into words."""

    def compose(self, context: DeliveryContext) -> OutgoingMessage:
        """The message in the recipient's language and register."""
        ...


Impossible = Literal["recipient_gone", "method_gone", "not_confirmed", "incident_closed"]


async def context_of(tx: Transaction, delivery: Delivery, now: datetime) -> DeliveryContext | Impossible:
    """What is needed to send it, or why it must not be sent any more.

    Consent, confirmation, address and the incident's state are those of now, not of when it was decided.
    """
    organization = await tx.get(Organization, delivery.organization, delivery.organization)
    person = await tx.get(Person, delivery.organization, delivery.person)
    if organization is None or person is None:
        return "recipient_gone"
    incident = None
    if delivery.incident is not None:
        view = await tx.incident(delivery.organization, delivery.incident)
        incident = view.incident if view is not None else None
        if incident is None or (not incident.live and delivery.purpose != "all_clear"):
            return "incident_closed"
    contact, methods = None, organization.dispatch
    if delivery.recipient == "last_resort":
        methods = organization.last_resort
    elif delivery.recipient == "person":
        methods = reminder_methods(person)
    elif delivery.recipient.startswith("contact:"):
        contact = await tx.get(Contact, delivery.organization, delivery.recipient.removeprefix("contact:"))
        if contact is None or contact.person != person.id or contact.consent == "declined":
            return "recipient_gone"
        if contact.consent != "confirmed" and delivery.purpose != "invitation":
            return "not_confirmed"
        methods = contact.methods
    for method in methods:
        if method.id == delivery.method:
            return DeliveryContext(
                delivery=delivery,
                method=method,
                organization=organization,
                person=person,
                contact=contact,
                incident=incident,
                now=now,
            )
    return "method_gone"
