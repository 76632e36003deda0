"""Who a step means, and by which methods each of them can be told now."""

from __future__ import annotations

from alerts.care_plan import CarePlan, MethodRef
from alerts.policy import Recipient
from alerts.situation import Incident

STAFF = frozenset({"dispatch", "last_resort"})


def contact_key(contact: str) -> str:
    """How a contact is named as a recipient of messages."""
    return f"contact:{contact}"


def is_contact(recipient: str) -> bool:
    """Whether this recipient is one of the person's own contacts."""
    return recipient.startswith("contact:")


def methods_of(recipient: str, plan: CarePlan) -> tuple[MethodRef, ...]:
    """The methods that reach this recipient now; none when consent, confirmation or the address is gone."""
    if recipient == "dispatch":
        return plan.dispatch
    if recipient == "last_resort":
        return plan.last_resort
    if is_contact(recipient):
        contact = plan.contact(recipient.removeprefix("contact:"))
        return contact.methods if contact is not None and contact.confirmed else ()
    return ()


def audience_at_opening(plan: CarePlan) -> tuple[str, ...]:
    """The confirmed contacts, in order: what `contact:N` means for as long as the incident lives."""
    return tuple(contact.id for contact in plan.contacts if contact.confirmed)


def recipients_of(notify: tuple[Recipient, ...], incident: Incident, plan: CarePlan) -> list[str]:
    """The recipients that a step names, each once, in the order in which it names them.

    `contacts` are all that are confirmed now; `contact:N` is the one that stood there when the incident opened.
    """
    found: dict[str, None] = {}
    for recipient in notify:
        match recipient.kind:
            case "contacts":
                for contact in plan.contacts:
                    if contact.confirmed:
                        found.setdefault(contact_key(contact.id))
            case "contact":
                number = recipient.number or 0
                if 1 <= number <= len(incident.audience):
                    found.setdefault(contact_key(incident.audience[number - 1]))
            case _:
                found.setdefault(str(recipient))
    return list(found)
