"""What somebody of the staff who was told by name answers by a digit: I have it, I cannot, I am on my way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from alerts.ids import derived_id
from alerts.signals import IncidentAcknowledged, ResponderDeclined, ResponderMoved, Signal
from alerts.situation import Incident
from services.phone_number import as_dialled
from services.web.call import Call
from services.web.service import Service
from services.web.text_answers import chosen_of, lettered
from services.wording.catalogue import known_language, say
from streams.records import Person, Staff
from streams.store import Transaction

TOLD_WITHIN = timedelta(days=1)


class StaffAlert(msgspec.Struct, frozen=True):
    """An incident of which this member of staff was told, and whose it is."""

    staff: Staff
    incident: Incident
    person: Person


async def alerts_of_staff(call: Call, number: str) -> list[StaffAlert]:
    """What whoever of the staff has this number may answer, the oldest first."""
    try:
        address = as_dialled(number)
    except ValueError:
        return []

    async def work(tx: Transaction) -> list[StaffAlert]:
        found = []
        for organization, owner in await tx.owners_at(address):
            staff = await tx.get(Staff, organization, owner)
            if staff is None:
                continue
            for told_of in await tx.staff_told_of(organization, owner, call.now - TOLD_WITHIN):
                view = await tx.incident(organization, told_of)
                person = await tx.get(Person, organization, view.person) if view is not None else None
                if view is not None and person is not None and view.incident.live and owner not in person.hidden_from:
                    found.append(StaffAlert(staff, view.incident, person))
        return sorted(found, key=lambda alert: alert.incident.opened_at)

    return await call.service.store.read(work)


async def answer_of_staff(call: Call, alerts: list[StaffAlert], written: str, sid: str) -> str:
    """Carries out what it says; the one line that comes back. Anything else changes nothing."""
    language = known_language(alerts[0].staff.language)
    match = chosen_of(alerts, written)
    if match is not None:
        return await carry_out(call.service, *match, sid or call.signal_id())
    if len(alerts) == 1:
        return say(language, "messages", "staff.help")
    return say(language, "messages", "staff.several", list=lettered(alert.person for alert in alerts))


async def carry_out(service: Service, alert: StaffAlert, digit: str, key: str) -> str:
    """One digit of one member of staff; the line that comes back. What has the same `key` is the same answer."""
    staff, language, now = alert.staff, known_language(alert.staff.language), service.clock.now()

    async def decide(kind: Callable[..., Signal], **more: Any) -> str | None:
        signal = kind(
            id=derived_id("staff", digit, alert.incident.id, staff.id, key),
            person=alert.person.id,
            at=now,
            received_at=now,
            incident=alert.incident.id,
            staff=staff.id,
            name=staff.name,
            **more,
        )
        decision = await service.engine.decide_now(staff.organization, alert.person.id, signal)
        return decision.refusal.code if decision.refusal is not None else None

    if digit == "2":
        refused = await decide(ResponderDeclined)
        said = "staff.answered.cannot"
    elif digit == "3":
        refused = await decide(ResponderMoved, progress="on_the_way")
        said = "staff.answered.on_my_way"
    else:
        refused = await decide(IncidentAcknowledged, claim=True)
        said = "staff.answered.have_it"
    if refused == "held_by_other":
        said = "staff.answered.held"
    elif refused is not None:
        said = "voice.over"
    return say(language, "messages", said)
