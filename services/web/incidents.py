"""Responders: the queue, one incident, and what they do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from alerts.question_cards import Card
from alerts.responder_signals import (
    CardAsked,
    EscalatedNow,
    IncidentAcknowledged,
    IncidentResolved,
    MessageWritten,
    NoteAdded,
    PolicyApplied,
    ResponderMoved,
)
from alerts.signals import Signal
from services.web.call import Call, Reply, Route
from services.web.directory import audit, page
from services.web.incident_views import summary, whole
from services.web.problems import Problem, field_problem
from streams.records import IncidentView, Person
from streams.store import Transaction

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Disposition = Literal[
    "safe", "help_arrived", "police_attended", "medical", "false_press", "unable_to_reach", "duplicate", "drill"
]
STATES = {
    "live": ("pending", "open", "acknowledged"),
    "pending": ("pending",),
    "open": ("open",),
    "acknowledged": ("acknowledged",),
    "resolved": ("resolved",),
    "cancelled": ("cancelled",),
    "closed": ("resolved", "cancelled"),
}


class ActBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing but a key."""

    id: str | None = None


class ClaimBody(ActBody, kw_only=True):
    """Taking over is explicit."""

    take_over: bool = False


class EscalateBody(ActBody, kw_only=True):
    """The next step, unless one is named (from 1)."""

    step: Annotated[int, msgspec.Meta(ge=1)] | None = None


class TextBody(ActBody, kw_only=True):
    """A note or a message."""

    text: Words


class CallBody(ActBody, kw_only=True):
    """A call that begins, goes on or ends; with whom."""

    call: Literal["begun", "running", "ended"]
    whom: Words | None = None


class CardBody(ActBody, kw_only=True):
    """Which card."""

    card: Card


class ResolveBody(ActBody, kw_only=True):
    """How it ended."""

    disposition: Disposition
    text: Words | None = None


async def queue(call: Call) -> Reply:
    """Incidents in a state (`open` unless named), without those of people who are hidden from the caller."""
    state = call.request.query.get("state", "open")
    if state not in STATES:
        raise field_problem("state", f"is one of {', '.join(STATES)}")
    limit, _ = page(call) if call.request.query.get("after", "0").isdigit() else (100, 0)
    after = call.request.query.get("after")

    async def work(tx: Transaction) -> tuple[list[dict[str, Any]], str | None]:
        views = await tx.incidents(call.organization, STATES[state], after=after, limit=limit)
        agreed = await tx.all_agreed([(view.organization, view.person) for view in views])
        rows = [
            await summary(tx, view, call.now, agreed.get(view.person))
            for view in views
            if await may_see(tx, call, view)
        ]
        following = views[-1].incident.id if len(views) == limit else None
        return [row for row in rows if row is not None], following

    rows, following = await call.service.store.read(work)
    return Reply(body={"incidents": rows, "next": following})


async def may_see(tx: Transaction, call: Call, view: IncidentView) -> bool:
    """Whether this member of staff may see whose incident it is."""
    person = await tx.get(Person, view.organization, view.person)
    return person is not None and call.token.subject not in person.hidden_from


async def _view(call: Call) -> IncidentView:
    async def work(tx: Transaction) -> IncidentView | None:
        view = await tx.incident(call.organization, call.path("id"))
        return view if view is not None and await may_see(tx, call, view) else None

    view = await call.service.store.read(work)
    if view is None:
        raise Problem("not-found")
    return view


async def one(call: Call) -> Reply:
    """One incident, whole; the look is recorded once a session."""
    view = await _view(call)
    await audit(call, view.person, "incident.read", view.incident.id)
    return await _whole(call)


async def _whole(call: Call) -> Reply:
    async def work(tx: Transaction) -> dict[str, Any] | None:
        view = await tx.incident(call.organization, call.path("id"))
        return await whole(tx, view, call.now) if view is not None else None

    body = await call.service.store.read(work)
    if body is None:
        raise Problem("not-found")
    return Reply(body=body)


def act(make: Callable[..., Signal], fields: Callable[[Call], dict[str, Any]], status: int = 200) -> Any:
    """A handler that decides one signal and answers with the incident as it is then."""

    async def handler(call: Call) -> Reply:
        view = await _view(call)
        common = {
            "person": view.person,
            "at": call.now,
            "received_at": call.now,
            "incident": view.incident.id,
            "staff": call.token.subject,
            "name": call.token.name,
            **fields(call),
        }
        await call.decide(view.person, lambda signal: make(id=signal, **common))
        await audit(call, view.person, f"incident.{make.__name__}", view.incident.id)
        reply = await _whole(call)
        return msgspec.structs.replace(reply, status=status)

    return handler


def _text(call: Call) -> dict[str, Any]:
    return {"text": call.body.text}


def _call(call: Call) -> dict[str, Any]:
    return {"text": call.body.whom or "", "call": call.body.call}


async def _refuse_what_gives_away(call: Call) -> None:
    view = await _view(call)
    side = await call.service.store.read(lambda tx: tx.person_side(view.person))
    if side.alarm is not None and side.alarm.state == "cancelled" and view.incident.live:
        raise Problem("phone-shows-closed", "A message there could give her away. Use another way to reach her.")


async def message(call: Call) -> Reply:
    """A message to the person's phone; refused while her phone shows the alarm as called off."""
    await _refuse_what_gives_away(call)
    handler: Any = act(MessageWritten, _text, 201)
    reply: Reply = await handler(call)
    return reply


async def ask_card(call: Call) -> Reply:
    """A question card on the person's phone; refused while her phone shows the alarm as called off."""
    await _refuse_what_gives_away(call)
    handler: Any = act(CardAsked, lambda call: {"card": call.body.card}, 201)
    reply: Reply = await handler(call)
    return reply


def _route(method: str, path: str, handler: Any, summary_text: str, body: Any = None, status: int = 200) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        who=("staff",),
        roles=("admin", "dispatcher", "advocate"),
        summary=summary_text,
        body=body,
        status=status,
    )


INCIDENT = "/v1/incidents/{id}"
ROUTES = (
    _route("GET", "/v1/incidents", queue, "The queue"),
    _route("GET", INCIDENT, one, "One incident"),
    _route("POST", f"{INCIDENT}/acknowledge", act(IncidentAcknowledged, lambda _: {}), "Acknowledge", ActBody),
    _route(
        "POST",
        f"{INCIDENT}/claim",
        act(IncidentAcknowledged, lambda call: {"claim": True, "take_over": call.body.take_over}),
        "Claim",
        ClaimBody,
    ),
    _route("POST", f"{INCIDENT}/note", act(NoteAdded, _text), "Write to the timeline", TextBody),
    _route("POST", f"{INCIDENT}/calls", act(NoteAdded, _call), "Log a call that begins, goes on or ends", CallBody),
    _route("POST", f"{INCIDENT}/cards", ask_card, "Put a question card on the person's phone", CardBody, 201),
    _route("POST", f"{INCIDENT}/messages", message, "Write to the person's phone", TextBody, 201),
    _route(
        "POST",
        f"{INCIDENT}/on-the-way",
        act(ResponderMoved, lambda _: {"progress": "on_the_way"}),
        "Help is on the way",
        ActBody,
    ),
    _route(
        "POST",
        f"{INCIDENT}/on-scene",
        act(ResponderMoved, lambda _: {"progress": "on_scene"}),
        "Help is there",
        ActBody,
    ),
    _route("POST", f"{INCIDENT}/policy", act(PolicyApplied, lambda _: {}), "Follow the plan as it is now", ActBody),
    _route(
        "POST",
        f"{INCIDENT}/escalate",
        act(EscalatedNow, lambda call: {"step": call.body.step}),
        "Tell the next step now, or this one",
        EscalateBody,
    ),
    _route(
        "POST",
        f"{INCIDENT}/resolve",
        act(
            IncidentResolved,
            lambda call: {"disposition": call.body.disposition, "text": call.body.text},
        ),
        "Close it",
        ResolveBody,
    ),
)
