"""Who was told of an incident and how far that came, who was not and why, and who comes next: named as at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.audience import STAFF, WEBHOOK, contact_key, responder_key, staff_key
from alerts.escalation import next_told
from alerts.situation import Incident, Situation
from streams.records import Agreed, Contact, Delivery, IncidentView, Person, Staff
from streams.store import Transaction
from streams.unsafe import is_unsafe

Names = Mapping[str, str]
"""What recipients are called, by the keys under which they are told."""
FAR = ("untold", "trying", "handed_over", "reached")
HOW_FAR = {"failed": 0, "void": 0, "queued": 1, "sending": 1, "sent": 2, "delivered": 3, "read": 3}
"""How far a message has come, as a place in `FAR`."""


class WhoIsTold(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `next_at` is when the `next` are told, None where nobody is."""

    names: Names
    so_far: dict[str, Any]
    next_at: datetime | None = None
    next: list[dict[str, Any]] = []


async def who_is_told(
    tx: Transaction, view: IncidentView, agreed: Agreed, deliveries: list[Delivery], now: datetime
) -> WhoIsTold:
    """Of this incident, by what is agreed now."""
    coming = await _next_told(tx, view, agreed, now)
    next_at, recipients = coming if coming is not None else (None, [])
    names = await _names(tx, agreed, {*recipients, *(delivery.recipient for delivery in deliveries)})
    return WhoIsTold(
        names=names,
        so_far=_so_far(view.incident, names, deliveries, _silent(agreed, tx.reachable)),
        next_at=next_at,
        next=[named(recipient, names) for recipient in recipients],
    )


async def _names(tx: Transaction, agreed: Agreed, recipients: set[str]) -> Names:
    names = {contact_key(contact.id): contact.name for contact in agreed.contacts}
    names |= {staff_key(staff.id): staff.name for staff in agreed.staff.values()}
    for recipient in recipients - names.keys():
        if recipient.startswith(WEBHOOK):
            names[recipient] = recipient.removeprefix(WEBHOOK)
        elif recipient.startswith(STAFF):
            staff = await tx.get(Staff, agreed.organization.id, recipient.removeprefix(STAFF))
            if staff is not None:
                names[recipient] = staff.name
    return names


async def _next_told(
    tx: Transaction, view: IncidentView, agreed: Agreed, now: datetime
) -> tuple[datetime, list[str]] | None:
    incident = view.incident
    if not incident.live or incident.next_step_at is None:
        return None
    # What else is known of her counts only where a step asks for it.
    asked = any(step.when is not None for step in incident.policy.steps)
    known = await tx.situation(view.person) if asked else Situation(person=view.person)
    situation = msgspec.structs.replace(known, incident=incident)
    return next_told(situation, await tx.plan_of(agreed, incident.policy), now)


def _silent(agreed: Agreed, reachable: frozenset[str]) -> dict[str, str]:
    """The contacts who can be told of nothing now, and why."""
    found = ((one, _why_silent(agreed.person, one, reachable)) for one in agreed.contacts)
    return {contact_key(one.id): why for one, why in found if why is not None}


def _why_silent(person: Person, contact: Contact, reachable: frozenset[str]) -> str | None:
    """Why a contact can be told of nothing; None where they can."""
    if contact.consent != "confirmed":
        return "not_agreed"
    safe = [method for method in contact.methods if not is_unsafe(person, method)]
    if not safe:
        return "unsafe"
    if all(method.closed_at is not None for method in safe):
        return "opted_out"
    usable = [method for method in safe if method.closed_at is None and method.channel in reachable]
    return None if usable else "no_way"


def _so_far(
    incident: Incident, names: Names, deliveries: list[Delivery], silent: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Who was reached, to whom it was only handed over, who is sent to, who answered; who was not told, and why."""
    best: dict[str, Delivery] = {}
    failed: set[str] = set()
    for delivery in deliveries:
        if delivery.purpose != "invitation":
            known = best.setdefault(delivery.recipient, delivery)
            if HOW_FAR[delivery.state] > HOW_FAR[known.state]:
                best[delivery.recipient] = delivery
            if delivery.state == "failed":
                failed.add(delivery.recipient)
    # Whoever answers has heard of it, whatever is known of the message.
    heard = {contact_key(answer.contact) for answer in incident.answers}
    heard |= {responder_key(staff) for staff in (*incident.having, *incident.declined)}
    far: dict[str, list[dict[str, Any]]] = {name: [] for name in FAR}
    for recipient, delivery in best.items():
        shown = named(recipient, names) | {"at": delivery.settled_at}
        reached = FAR[-1] if recipient in heard else FAR[HOW_FAR[delivery.state]]
        if reached == "untold":
            shown["why"] = silent.get(recipient) or ("failed" if recipient in failed else "not_sent")
        far[reached].append(shown)
    if incident.live:
        far["untold"] += [
            named(recipient, names) | {"why": why}
            for recipient, why in silent.items()
            if recipient not in best and recipient not in heard
        ]
    answered = [{"name": a.name, "answer": a.answer, "at": a.at, "to_ring": a.to_ring} for a in incident.answers]
    return {**far, "answered": answered}


def named(recipient: str, names: Names) -> dict[str, Any]:
    """A recipient as the desk calls them; without a name by what they are."""
    kind, _, _ = recipient.partition(":")
    return {"recipient": kind, "name": names.get(recipient)}
