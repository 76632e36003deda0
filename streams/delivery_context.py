"""What sending one delivery needs, looked up when it is sent: whether it still may be, to where, about what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from alerts.audience import STAFF, WEBHOOK, contact_key, is_contact
from alerts.situation import Incident
from streams.channel import OutgoingMessage
from streams.reading import Reads, who_reads
from streams.records import Agreed, Contact, Delivery, Method, Organization, Person, Staff
from streams.reminding import is_safe_now, reminder_methods
from streams.store import Transaction
from streams.unsafe import is_unsafe


class DeliveryContext(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that wording one message may draw on."""

    delivery: Delivery
    method: Method
    organization: Organization
    person: Person
    contact: Contact | None
    staff: Staff | None = None
    incident: Incident | None
    now: datetime

    @property
    def reads(self) -> Reads | None:
        """Who reads what is sent to this contact, at this hour; None where it goes to nobody's contact."""
        if self.contact is None:
            return None
        return who_reads(self.person, self.contact, self.method, self.now)


class Composer(Protocol):
    """Puts a delivery into words."""

    def compose(self, context: DeliveryContext) -> OutgoingMessage:
        """The message in the recipient's language and register."""
        ...


Impossible = Literal[
    "recipient_gone", "method_gone", "not_confirmed", "incident_closed", "unsafe_address", "not_at_this_hour"
]


def context_from(
    agreed: Agreed | None, delivery: Delivery, incident: Incident | None, now: datetime
) -> DeliveryContext | Impossible:
    """What is needed to send it by what is agreed, or why it must not be sent."""
    if agreed is None:
        return "recipient_gone"
    if delivery.incident is not None and (incident is None or (not incident.live and delivery.purpose != "all_clear")):
        return "incident_closed"
    found = _recipient(agreed, delivery)
    if isinstance(found, str):
        return found
    for method in found.methods:
        if method.id == delivery.method and method.closed_at is None:
            if is_unsafe(agreed.person, method):
                return "unsafe_address"
            if delivery.recipient == "person" and not is_safe_now(agreed.person, method, now):
                return "not_at_this_hour"
            return DeliveryContext(
                delivery=delivery,
                method=method,
                organization=agreed.organization,
                person=agreed.person,
                contact=found if isinstance(found, Contact) else None,
                staff=found if isinstance(found, Staff) else None,
                incident=incident if delivery.incident is not None else None,
                now=now,
            )
    return "method_gone"


class _Nameless(msgspec.Struct, frozen=True):
    """A recipient who is nobody by name: the desk, a machine, the person herself."""

    methods: tuple[Method, ...]


def _recipient(agreed: Agreed, delivery: Delivery) -> Contact | Staff | _Nameless | Impossible:
    """Who it is for, as far as they may be told now."""
    recipient, agency = delivery.recipient, agreed.organization
    if is_contact(recipient):
        contact = next((c for c in agreed.contacts if contact_key(c.id) == recipient), None)
        if contact is None or contact.consent == "declined":
            return "recipient_gone"
        if contact.consent != "confirmed" and delivery.purpose != "invitation":
            return "not_confirmed"
        return contact
    if recipient.startswith(STAFF):
        staff = agreed.staff.get(recipient.removeprefix(STAFF))
        return staff if staff is not None and staff.id not in agreed.person.hidden_from else "recipient_gone"
    if recipient.startswith(WEBHOOK):
        return _Nameless(tuple(hook.method for hook in agency.webhooks if recipient == f"{WEBHOOK}{hook.name}"))
    if recipient == "person":
        return _Nameless(reminder_methods(agreed.person))
    return _Nameless(agency.last_resort if recipient == "last_resort" else agency.dispatch)


async def context_of(tx: Transaction, delivery: Delivery, now: datetime) -> DeliveryContext | Impossible:
    """The same, looked up now: consent, confirmation, address and incident are those of now, not of the decision."""
    agreed = await tx.agreed(delivery.organization, delivery.person)
    view = await tx.incident(delivery.organization, delivery.incident) if delivery.incident is not None else None
    if agreed is not None:
        agreed = await with_named(tx, agreed, delivery)
    return context_from(agreed, delivery, view.incident if view is not None else None, now)


async def with_named(tx: Transaction, agreed: Agreed, delivery: Delivery) -> Agreed:
    """The same with whoever is told of what is open in plans: advocates need not be of any team."""
    name = delivery.recipient.removeprefix(STAFF)
    if delivery.purpose != "plan_open" or name in agreed.staff:
        return agreed
    staff = await tx.get(Staff, delivery.organization, name)
    return agreed if staff is None else msgspec.structs.replace(agreed, staff={**agreed.staff, name: staff})
