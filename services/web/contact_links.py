"""What a trusted contact may do by a link: agree or not, see the incident that they were told of, and answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts.holds import WARNED_BEFORE
from alerts.responder_signals import ContactAnswered
from alerts.signal_base import ContactReply
from alerts.situation import Incident
from services.nearest_place import nearest
from services.web.agreeing import keep_consent
from services.web.call import Call, Reply, Route
from services.web.incident_views import TRAIL_SHOWN, failed_journeys, plan_view
from services.web.problems import Problem, refused
from services.web.service import new_id
from services.wording.compose import trigger_shown
from streams.practice import answered, is_unheard
from streams.reading import who_reads
from streams.records import Contact, IncidentView, Organization, Person
from streams.store import Transaction

OPEN_AFTER_CLOSE = timedelta(hours=24)


class Act(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing but a key."""

    id: str | None = None


class ConfirmBody(Act, kw_only=True):
    """The one question: does anyone else read this phone?"""

    reads: Literal["nobody_else", "others", "unknown"] = "unknown"


class AnswerBody(Act, kw_only=True):
    """What the contact can do."""

    answer: ContactReply


async def invitation(call: Call) -> Reply:
    """What a contact is asked; looking at it does nothing."""
    contact = await _contact(call)
    person = await call.get(Person, call.person)
    agency = await call.get(Organization, call.organization)
    shown = {"language": contact.language, "organization": agency.name, "contact": contact.name}
    asked = contact.consent == "confirmed" and is_unheard(contact, call.now)
    return Reply(body={**shown, "person": person.known_as or person.name, "state": contact.consent, "asked": asked})


async def heard(call: Call) -> Reply:
    """A message reached them: they say so by the link that it held."""
    await _contact(call)

    async def work(tx: Transaction) -> None:
        contact = await tx.get(Contact, call.organization, call.token.subject)
        if contact is None:
            raise Problem("not-found")
        await answered(tx, contact, call.now)

    await call.service.store.write(work)
    return Reply(body={"state": "confirmed"})


async def confirm(call: Call) -> Reply:
    """A contact agrees; told at once when an incident is open."""
    contact = await _contact(call)
    given = {"reads": call.body.reads, "reads_asked": None}
    await keep_consent(call.service, contact, "confirmed", "link", call.signal_id(), **given)
    return Reply(body={"state": "confirmed"})


async def decline(call: Call) -> Reply:
    """A contact does not agree, or no longer."""
    await keep_consent(call.service, await _contact(call), "declined", "link", call.signal_id())
    return Reply(body={"state": "declined"})


async def alert(call: Call) -> Reply:
    """The incident, as far as this contact may see it; looking at it does nothing."""
    contact = await _contact(call)

    async def work(tx: Transaction) -> dict[str, Any]:
        view = await _incident(tx, call)
        person = await tx.get(Person, call.organization, call.person)
        agency = await tx.get(Organization, call.organization, call.organization)
        if person is None or agency is None:
            raise Problem("not-found")
        incident = view.incident
        mine = next((a.answer for a in incident.answers if a.contact == contact.id), None)
        brief = person.details.get("brief") or {}
        shown: dict[str, Any] = {
            "language": contact.language,
            "time_zone": person.time_zone,
            "person": person.known_as or person.name,
            "trigger": trigger_shown(incident),
            "opened_at": incident.opened_at,
            "state": "closed" if not incident.live or incident.contacts_stopped else "open",
            "drill": incident.drill,
            "contact_rule": brief.get("contact"),
            "call_back": agency.call_back,
            "emergency": agency.emergency,
            "answer": mine,
            "others": len(set(incident.helpers) - {contact.id}),
            "to_ring": any(a.contact == contact.id and a.to_ring for a in incident.answers),
            "job": contact.job,
            "jobs_taken": [job for job in incident.jobs_taken if job != contact.job or mine is None],
            "arrival_word": _arrival_word(person, contact, mine, call.now),
            "sees": contact.sees,
            "staff": incident.staff_hold is not None,
            "now": call.now,
        }
        if contact.sees != "message" and incident.fix is not None and incident.live:
            fix = incident.fix
            shown["place"] = nearest(fix, person.details.get("places") or [])
            shown["location"] = {"latitude": fix.latitude, "longitude": fix.longitude, "accuracy": fix.accuracy}
            shown["location"]["at"] = fix.at
        if incident.live:
            shown |= await _journey(tx, call.person, incident, contact)
        return shown

    return Reply(body=await call.service.store.read(work))


def _arrival_word(person: Person, contact: Contact, answer: ContactReply | None, now: datetime) -> str | None:
    """What she wants to hear at the door: for whoever is on the way, on a phone that nobody else reads at this hour.

    By which method the link came is not known: it has to be an hour at which nobody else reads any of them.
    """
    word = (person.details.get("brief") or {}).get("arrival_word")
    alone = all(who_reads(person, contact, method, now) == "nobody_else" for method in contact.methods)
    return str(word) if word and answer == "on_my_way" and alone else None


async def _journey(tx: Transaction, person: str, incident: Incident, contact: Contact) -> dict[str, Any]:
    """Where she was going, as far as she shared it when she set out, and no farther than this contact sees."""
    for journey in await failed_journeys(tx, person, incident):
        if "message" in {journey.share, contact.sees}:
            continue
        seen = {"journey": plan_view(journey)}
        if {journey.share, contact.sees} == {"live"}:
            seen["journey"]["trail"] = await tx.journey_trail(journey.id, TRAIL_SHOWN)
        return seen
    return {}


async def answer(call: Call) -> Reply:
    """*I can help*, *I can't*, *I'm on my way*, *ring me*: each acts once."""
    contact = await _contact(call)
    view: IncidentView = await call.service.store.read(lambda tx: _incident(tx, call))
    given: ContactReply = call.body.answer
    current = next((a for a in view.incident.answers if a.contact == contact.id), None)
    same = current is not None and (current.to_ring if given == "call_me" else current.answer == given)
    if same and (given in {"call_me", "cannot"} or not _goes_quiet(view.incident, contact.id, call.now)):
        return Reply(body={"answer": given})
    signal = ContactAnswered(
        id=new_id(),
        person=call.person,
        at=call.now,
        received_at=call.now,
        incident=view.incident.id,
        contact=contact.id,
        name=contact.name,
        answer=given,
        job=contact.job,
    )
    decision = await call.service.engine.decide_now(call.organization, call.person, signal)
    if decision.refusal is not None:
        raise refused(decision.refusal)
    return Reply(body={"answer": given})


def _goes_quiet(incident: Incident, contact: str, now: datetime) -> bool:
    """Whether saying again that they can help says something new: nobody has it, or they are asked whether they do."""
    hold = incident.contacts_hold
    asked = hold is not None and hold.holder == contact and hold.until - now <= WARNED_BEFORE
    return asked or hold is None or contact not in incident.helping


async def _contact(call: Call) -> Contact:
    contact = await call.get(Contact, call.token.subject)
    if contact.person != call.person or (call.token.kind == "alert" and contact.consent != "confirmed"):
        raise Problem("not-found")
    return contact


async def _incident(tx: Transaction, call: Call) -> IncidentView:
    view = await tx.incident(call.organization, call.token.incident or "")
    if view is None or view.person != call.person:
        raise Problem("not-found")
    closed = view.incident.closed_at
    if closed is not None and call.now - closed > OPEN_AFTER_CLOSE:
        raise Problem("not-found", "This link is no longer open.")
    return view


ROUTES = (
    Route(method="GET", path="/v1/invitation", handler=invitation, who=("contact",), summary="An invitation"),
    Route(
        method="POST",
        path="/v1/invitation/confirm",
        handler=confirm,
        who=("contact",),
        summary="Agree to be a contact",
        body=ConfirmBody,
    ),
    Route(
        method="POST",
        path="/v1/invitation/heard",
        handler=heard,
        who=("contact",),
        summary="A message reached them",
        body=Act,
    ),
    Route(
        method="POST",
        path="/v1/invitation/decline",
        handler=decline,
        who=("contact",),
        summary="Do not agree",
        body=Act,
    ),
    Route(method="GET", path="/v1/alert", handler=alert, who=("alert",), summary="The incident that a link opens"),
    Route(
        method="POST",
        path="/v1/alert/answer",
        handler=answer,
        who=("alert",),
        summary="Answer an alert",
        body=AnswerBody,
    ),
)
