"""An incident as responders see it: what matters in the first second, then everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.audience import STAFF, WEBHOOK, contact_key
from alerts.escalation import due_next
from alerts.person_side import Marks, PersonSide, shown_state
from alerts.policy import Recipient
from alerts.signals import Fix
from alerts.situation import GRAVITY, Hold, Incident
from services.nearest_place import nearest
from streams.records import Contact, Delivery, IncidentView, JournalLine, Journey, Organization, Person, Staff, Zone
from streams.store import Transaction
from streams.unsafe import is_unsafe

TRAIL_SHOWN = 200
Names = dict[str, str]
"""What recipients are called, by the keys under which they are told."""
RUNG = frozenset({"sms", "voice"})
"""Channels whose addresses are telephone numbers."""
FAR = ("untold", "trying", "handed_over", "reached")
HOW_FAR = {"failed": 0, "void": 0, "queued": 1, "sending": 1, "sent": 2, "delivered": 3, "read": 3}
"""How far a message has come, as a place in `FAR`."""
DANGERS = ("weapons", "other_person", "children", "animals", "care")


async def summary(tx: Transaction, view: IncidentView, now: datetime) -> dict[str, Any] | None:
    """The row of the queue; None when the person was erased."""
    person = await tx.get(Person, view.organization, view.person)
    if person is None:
        return None
    deliveries = await tx.deliveries_of(view.incident.id)
    names, silent = await _names(tx, view, person, deliveries)
    return _row(await _placed(tx, view), person, names, deliveries, silent, now)


async def whole(tx: Transaction, view: IncidentView, now: datetime) -> dict[str, Any] | None:
    """One incident with everything that responders may need."""
    person = await tx.get(Person, view.organization, view.person)
    agency = await tx.get(Organization, view.organization, view.organization)
    if person is None or agency is None:
        return None
    deliveries = await tx.deliveries_of(view.incident.id)
    names, silent = await _names(tx, view, person, deliveries)
    side = await tx.person_side(person.id)
    zones = {zone.id: zone for _, zone in await tx.listed(Zone, view.organization, person=person.id)}
    row = _row(await _placed(tx, view), person, names, deliveries, silent, now)
    incident = view.incident
    details = dict(person.details)
    row |= {
        "timeline": [line_view(line, names, zones) for line in await tx.timeline(person.id, incident.id)],
        "deliveries": [delivery_view(d, names) for d in deliveries],
        "person_side": _person_side(side, view, now),
        "zones": [{"name": z.name, "kind": z.kind, **z.shape} for z in zones.values()],
        "communication": details.get("communication", []),
        "reach": details.get("reach", []),
        "places": details.get("places", []),
        "brief": details.get("brief", {}),
        "wrong_pins": incident.wrong_pins,
        "silent": incident.silent,
        "battery": incident.battery,
        "answers": incident.answers,
        "to_ring": await _to_ring(tx, view, person),
        "trail": await tx.trail(person.id, incident.opened_at),
        "journeys": [await _journey(tx, journey) for journey in await failed_journeys(tx, person.id, incident)],
        "policy": {
            "name": incident.policy.name,
            "outdated": await _outdated(tx, view),
            "steps": [
                {"after_seconds": step.after_ms / 1000, "notify": list(map(str, step.notify)), "told": done > 0}
                for step, done in zip(incident.policy.steps, incident.rounds, strict=True)
            ],
        },
        "call_back": agency.call_back,
        "time_zone": person.time_zone,
    }
    return row


async def _to_ring(tx: Transaction, view: IncidentView, person: Person) -> list[dict[str, Any]]:
    """The contacts who asked to be rung, with their numbers; none at which nothing must be said."""
    asked = {answer.contact: answer for answer in view.incident.answers if answer.to_ring}
    contacts = [c for _, c in await tx.list_contacts(view.organization, view.person)] if asked else []
    return [
        {
            "name": contact.name,
            "at": asked[contact.id].at,
            "numbers": list(
                dict.fromkeys(m.address for m in contact.methods if m.channel in RUNG and not is_unsafe(person, m))
            ),
        }
        for contact in contacts
        if contact.id in asked
    ]


async def _names(
    tx: Transaction, view: IncidentView, person: Person, deliveries: list[Delivery]
) -> tuple[Names, list[tuple[str, str]]]:
    """What those are called who were told, or were to be; and of the contacts who cannot be told, why."""
    contacts = [contact for _, contact in await tx.list_contacts(view.organization, view.person)]
    names = {contact_key(contact.id): contact.name for contact in contacts}
    silent = [(contact_key(one.id), why) for one in contacts if (why := _why_silent(person, one, tx.reachable))]
    for recipient in {delivery.recipient for delivery in deliveries}:
        if recipient.startswith(WEBHOOK):
            names[recipient] = recipient.removeprefix(WEBHOOK)
        elif recipient.startswith(STAFF):
            staff = await tx.get(Staff, view.organization, recipient.removeprefix(STAFF))
            if staff is not None:
                names[recipient] = staff.name
    return names, silent


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


async def _outdated(tx: Transaction, view: IncidentView) -> bool:
    """Whether the plan has been changed since the incident opened; a fault follows a plan of its own."""
    if view.incident.gravest == "fault":
        return False
    return (await tx.care_plan(view.organization, view.person)).policy != view.incident.policy


async def _placed(tx: Transaction, view: IncidentView) -> IncidentView:
    """With the last position that is known of somebody who is followed, where nothing newer has come since."""
    incident = view.incident
    if incident.fix is not None or not incident.live:
        return view
    known = (await tx.whereabouts([view.person])).get(view.person)
    if known is None or known.track.last is None:
        return view
    return msgspec.structs.replace(view, incident=msgspec.structs.replace(incident, fix=known.track.last))


async def failed_journeys(tx: Transaction, person: str, incident: Incident) -> list[Journey]:
    """The journeys that this incident has to do with: under way when it opened, or begun while it was live."""
    return [
        journey
        for journey, _ in await tx.journeys_of(person)
        if incident.closed_at is None or journey.begun_at < incident.closed_at
    ]


async def _journey(tx: Transaction, journey: Journey) -> dict[str, Any]:
    """Plan and trail, for responders."""
    return {**plan_view(journey), "note": journey.note, "trail": await tx.journey_trail(journey.id, TRAIL_SHOWN)}


def plan_view(journey: Journey) -> dict[str, Any]:
    """Where she was going."""
    center = journey.destination.center
    return {
        "id": journey.id,
        "begun_at": journey.begun_at,
        "label": journey.label,
        "destination": {"latitude": center.latitude, "longitude": center.longitude},
        "radius_m": journey.destination.radius_m,
    }


def _row(
    view: IncidentView,
    person: Person,
    names: Names,
    deliveries: list[Delivery],
    silent: list[tuple[str, str]],
    now: datetime,
) -> dict[str, Any]:
    incident = view.incident
    details = person.details
    brief = details.get("brief") or {}
    hold = incident.staff_hold or incident.contacts_hold
    place = nearest(incident.fix, details.get("places") or [])
    return {
        "id": incident.id,
        "person": {"id": person.id, "name": person.name},
        "known_as": person.known_as or person.name,
        "state": incident.state,
        "trigger": incident.gravest,
        "triggers": [
            {"kind": t.kind, "at": t.at, "received_at": t.received_at, "withdrawn": t.withdrawn}
            for t in sorted(incident.triggers, key=lambda t: (GRAVITY[t.kind], t.received_at))
        ],
        "severity": incident.severity,
        "presses": incident.presses,
        "opened_at": incident.opened_at,
        "cancel_until": incident.window_ends if incident.state == "pending" else None,
        "stood_down_at": incident.stood_down_at,
        "acknowledged_by": incident.acknowledged_by,
        "holder": hold.name if hold else None,
        "answered": incident.answered,
        "quorum": incident.policy.quorum,
        "holds": {"staff": hold_view(incident.staff_hold), "contacts": hold_view(incident.contacts_hold)},
        "disposition": incident.disposition,
        "closed_at": incident.closed_at,
        "contact_first": incident.contact_first,
        "card": incident.card,
        "may_call": {name: brief.get(name) for name in ("contact", "code_question", "code_answer")},
        "place": place["label"] if place else None,
        "home": next((p.get("address") or p["label"] for p in details.get("places") or [] if p.get("home")), None),
        "dangers": [{"kind": name, "text": brief[name]} for name in DANGERS if brief.get(name)],
        "location": location_view(incident.fix, place),
        "told": told_view(incident, names, deliveries, silent),
        "nobody_reachable": incident.nobody_reachable,
        "next_step_at": incident.next_step_at,
        "next_recipients": [_next(r, incident, names) for r in due_next(incident) if _is_there(r, incident)],
        "human_contact_at": incident.human_contact_at,
        "drill": incident.drill,
        "now": now,
    }


def _person_side(side: PersonSide, view: IncidentView, now: datetime) -> str | None:
    """What her own phone shows of it now, so that nobody writes to a phone that shows it as called off."""
    if side.alarm is None:
        return None
    incident = view.incident
    seen, moving = incident.seen_at, incident.on_the_way_at
    marks = Marks(sent=view.sent_at, delivered=view.delivered_at, seen=seen, on_the_way=moving)
    return shown_state(side.alarm, marks, now)


def told_view(
    incident: Incident, names: Names, deliveries: list[Delivery], silent: list[tuple[str, str]]
) -> dict[str, Any]:
    """Who was reached, to whom it was only handed over, who is sent to, who answered; who was not told, and why."""
    best: dict[str, Delivery] = {}
    for delivery in deliveries:
        if delivery.purpose != "invitation":
            known = best.setdefault(delivery.recipient, delivery)
            if HOW_FAR[delivery.state] > HOW_FAR[known.state]:
                best[delivery.recipient] = delivery
    answered = {contact_key(answer.contact) for answer in incident.answers}

    def at(far: str) -> list[dict[str, Any]]:
        found = [(r, d) for r, d in best.items() if FAR[HOW_FAR[d.state]] == far]
        return [_named(r, names) | {"at": d.settled_at} for r, d in found if far != "untold" or r not in answered]

    cannot = [_named(r, names) | {"why": why} for r, why in silent if r not in best]
    return {
        **{far: at(far) for far in FAR},
        "untold": at("untold") + (cannot if incident.live else []),
        "answered": [{"name": a.name, "answer": a.answer, "at": a.at, "to_ring": a.to_ring} for a in incident.answers],
    }


def _is_there(recipient: Recipient, incident: Incident) -> bool:
    if recipient.kind not in {"contact", "contacts"}:
        return True
    waits = incident.contacts_have_it or incident.contacts_stopped
    return not waits and (recipient.kind == "contacts" or (recipient.number or 1) <= len(incident.audience))


def _next(recipient: Recipient, incident: Incident, names: Names) -> dict[str, Any]:
    """Whom a policy names, as the desk calls them."""
    if recipient.kind == "contact":
        known = incident.audience[(recipient.number or 1) - 1]
        return {"recipient": "contact", "name": names.get(contact_key(known))}
    return {"recipient": recipient.kind, "name": recipient.name}


def _named(recipient: str, names: Names) -> dict[str, Any]:
    kind, _, _ = recipient.partition(":")
    return {"recipient": kind, "name": names.get(recipient)}


def delivery_view(delivery: Delivery, names: Names) -> dict[str, Any]:
    """One message to one method."""
    named = _named(delivery.recipient, names)
    return {
        "id": delivery.id,
        "recipient": delivery.recipient,
        "name": named["name"],
        "channel": delivery.channel,
        "purpose": delivery.purpose,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "at": delivery.settled_at or delivery.created_at,
        "why": delivery.why,
        "drill": delivery.drill,
    }


def line_view(line: JournalLine, names: Names, zones: Mapping[str, Zone] = {}) -> dict[str, Any]:
    """A line of the timeline; `kind` is a key of the catalogue, `text` what somebody wrote."""
    values = dict(line.values)
    zone = zones.get(str(values.pop("zone", None)))
    if zone is not None:
        values["name"] = zone.name
    recipient = values.pop("recipient", None)
    if recipient is not None:
        values |= _named(str(recipient), names)
    return {"at": line.at, "kind": line.what, "by": line.by, "text": values.pop("text", None), "values": values}


def hold_view(hold: Hold | None) -> dict[str, Any] | None:
    """Who has it, and until when."""
    return {"holder": hold.holder, "name": hold.name, "until": hold.until} if hold else None


def location_view(fix: Fix | None, place: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where, how sure, and how old."""
    if fix is None:
        return None
    return {
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "accuracy": fix.accuracy,
        "at": fix.at,
        "received_at": fix.received_at,
        "clock_wrong": fix.clock_wrong,
        "place": place,
    }
