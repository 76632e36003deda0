"""What sending one delivery needs, looked up when it is sent: whether it still may be, to where, about what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from alerts.audience import contact_key, is_contact
from alerts.situation import Incident
from streams.channel import OutgoingMessage
from streams.records import Agreed, Contact, Delivery, Method, Organization, Person
from streams.reminding import reminder_methods
from streams.store import Transaction
from streams.unsafe import is_unsafe


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


Impossible = Literal["recipient_gone", "method_gone", "not_confirmed", "incident_closed", "unsafe_address"]


def context_from(
    agreed: Agreed | None, delivery: Delivery, incident: Incident | None, now: datetime
) -> DeliveryContext | Impossible:
    """What is needed to send it by what is agreed, or why it must not be sent."""
    if agreed is None:
        return "recipient_gone"
    if delivery.incident is not None and (incident is None or (not incident.live and delivery.purpose != "all_clear")):
        return "incident_closed"
    contact, methods = None, agreed.organization.dispatch
    if delivery.recipient == "last_resort":
        methods = agreed.organization.last_resort
    elif delivery.recipient == "person":
        methods = reminder_methods(agreed.person)
    elif is_contact(delivery.recipient):
        contact = next((c for c in agreed.contacts if contact_key(c.id) == delivery.recipient), None)
        if contact is None or contact.consent == "declined":
            return "recipient_gone"
        if contact.consent != "confirmed" and delivery.purpose != "invitation":
            return "not_confirmed"
        methods = contact.methods
    for method in methods:
        if method.id == delivery.method:
            if is_unsafe(agreed.person, method):
                return "unsafe_address"
            return DeliveryContext(
                delivery=delivery,
                method=method,
                organization=agreed.organization,
                person=agreed.person,
                contact=contact,
                incident=incident if delivery.incident is not None else None,
                now=now,
            )
    return "method_gone"


async def context_of(tx: Transaction, delivery: Delivery, now: datetime) -> DeliveryContext | Impossible:
    """The same, looked up now: consent, confirmation, address and incident are those of now, not of the decision."""
    agreed = await tx.agreed(delivery.organization, delivery.person)
    view = await tx.incident(delivery.organization, delivery.incident) if delivery.incident is not None else None
    return context_from(agreed, delivery, view.incident if view is not None else None, now)
