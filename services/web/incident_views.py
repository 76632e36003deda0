"""An incident as responders see it: what matters in the first second, then everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.person_side import Marks, PersonSide, shown_state
from alerts.signal_base import Fix
from alerts.situation import GRAVITY, Hold, Incident
from services.nearest_place import nearest
from services.web.who_is_told import Names, WhoIsTold, named, who_is_told
from streams.records import Agreed, Delivery, IncidentView, JournalLine, Journey, Person, Zone
from streams.store import Transaction
from streams.unsafe import is_unsafe

TRAIL_SHOWN = 200
RUNG = frozenset({"sms", "voice"})
"""Channels whose addresses are telephone numbers."""
DANGERS = ("weapons", "other_person", "children", "animals", "care")


async def summary(
    tx: Transaction, view: IncidentView, now: datetime, agreed: Agreed | None = None
) -> dict[str, Any] | None:
    """The row of the queue; None when the person was erased. What is `agreed` is read where it is not given."""
    agreed = agreed or await tx.agreed(view.organization, view.person)
    if agreed is None:
        return None
    told = await who_is_told(tx, view, agreed, await tx.deliveries_of(view.incident.id), now)
    return _row(await _placed(tx, view), agreed.person, told, now)


async def whole(tx: Transaction, view: IncidentView, now: datetime) -> dict[str, Any] | None:
    """One incident with everything that responders may need."""
    agreed = await tx.agreed(view.organization, view.person)
    if agreed is None:
        return None
    person, agency = agreed.person, agreed.organization
    deliveries = await tx.deliveries_of(view.incident.id)
    told = await who_is_told(tx, view, agreed, deliveries, now)
    names = told.names
    side = await tx.person_side(person.id)
    zones = {zone.id: zone for _, zone in await tx.listed(Zone, view.organization, person=person.id)}
    row = _row(await _placed(tx, view), person, told, now)
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


def _where_it_is(place: Mapping[str, Any]) -> str:
    return str(place.get("address") or place["label"])


def _row(view: IncidentView, person: Person, told: WhoIsTold, now: datetime) -> dict[str, Any]:
    incident = view.incident
    details = person.details
    brief = details.get("brief") or {}
    hold = incident.staff_hold or incident.contacts_hold
    known_places = details.get("places") or []
    place = nearest(incident.fix, known_places)
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
        "home": next((_where_it_is(p) for p in known_places if p.get("home")), None),
        "on_record": next((_where_it_is(p) for p in known_places), None),
        "dangers": [{"kind": name, "text": brief[name]} for name in DANGERS if brief.get(name)],
        "location": location_view(incident.fix, place),
        "told": told.so_far,
        "nobody_reachable": incident.nobody_reachable,
        "next_step_at": incident.next_step_at,
        "next_told_at": told.next_at,
        "next_recipients": told.next,
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


def delivery_view(delivery: Delivery, names: Names) -> dict[str, Any]:
    """One message to one method."""
    shown = named(delivery.recipient, names)
    return {
        "id": delivery.id,
        "recipient": delivery.recipient,
        "name": shown["name"],
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
        values |= named(str(recipient), names)
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
