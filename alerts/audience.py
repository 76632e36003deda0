"""Who a step means, and by which methods each of them can be told now."""

from __future__ import annotations

from datetime import datetime

from alerts.care_plan import CarePlan, MethodRef
from alerts.on_call import on_call
from alerts.policy import Recipient
from alerts.situation import Incident

STAFF = "staff:"
WEBHOOK = "webhook:"
DESKS = frozenset({"dispatch", "last_resort"})
"""The agency's own numbers and mailboxes: whoever is there is nobody by name."""


def staff_key(staff: str) -> str:
    """How somebody of a team is named as a recipient of messages."""
    return f"{STAFF}{staff}"


def duty_id(desk: str, method: str) -> str:
    """Who answers, where somebody of the staff would be named: whoever is on duty at the number of this method."""
    return f"{desk}/{method}"


def desk_of(staff: str) -> str | None:
    """The desk at which this responder is on duty; None for somebody who is named."""
    desk, _, _ = staff.partition("/")
    return desk if desk in DESKS else None


def responder_key(staff: str) -> str:
    """How a responder is named as a recipient: somebody of the staff, or the desk where they are on duty."""
    return desk_of(staff) or staff_key(staff)


def is_agency(recipient: str) -> bool:
    """Whether this recipient is the agency's own: its responders, its last resort, its webhooks."""
    return recipient in DESKS or recipient.startswith((STAFF, WEBHOOK))


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
    if recipient.startswith(STAFF):
        return plan.methods_of_staff(recipient.removeprefix(STAFF))
    return plan.webhooks.get(recipient.removeprefix(WEBHOOK), ())


def audience_at_opening(plan: CarePlan) -> tuple[str, ...]:
    """The confirmed contacts, in order: what `contact:N` means for as long as the incident lives."""
    return tuple(contact.id for contact in plan.contacts if contact.confirmed)


def on_call_now(team: str, plan: CarePlan, now: datetime) -> list[str]:
    """Those of the team who are on call now and can be told."""
    found = plan.team(team)
    if found is None:
        return []
    staff = [staff_key(member) for member in on_call(found.rota, now)]
    return [member for member in staff if methods_of(member, plan)]


def recipients_of(notify: tuple[Recipient, ...], incident: Incident, plan: CarePlan, now: datetime) -> list[str]:
    """The recipients that a step names, each once, in the order in which it names them.

    `contacts` are all that are confirmed now; `contact:N` is the one that stood there when the incident opened; a team
    is whoever of it is on call now.
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
            case "team":
                found.update(dict.fromkeys(on_call_now(recipient.name or "", plan, now)))
            case _:
                found.setdefault(str(recipient))
    return list(found)
