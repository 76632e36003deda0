"""Stay near: one tap before a risky hour. Staff watch, nobody else is told, and it ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec

from alerts.signal_base import Verdict
from alerts.signals import StayNearAsked, StayNearEnded
from alerts.situation import Situation, StayNear
from services.nearest_place import nearest
from services.web.call import Call, Reply, Route
from services.web.check_ins import alarm_staff, pin_verdict
from services.web.directory import Body, audit
from services.web.incident_views import location_view
from services.web.panic import settle_time
from services.web.problems import Problem
from streams.records import Person
from streams.store import Transaction

LISTED = 200


class AskBody(Body, kw_only=True):
    """`POST /v1/me/stay-near`: for how long, and what staff should know."""

    minutes: Annotated[float, msgspec.Meta(ge=5, le=240)] = 60.0
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class EndBody(Body, kw_only=True):
    """`POST /v1/me/stay-near/end`."""

    pin: str | None = None


def her_view(stay_near: StayNear | None) -> dict[str, Any] | None:
    """As she may see it."""
    if stay_near is None or stay_near.shadow:
        return None
    return {"id": stay_near.id, "since": stay_near.since, "until": stay_near.until}


async def _running(call: Call) -> StayNear | None:
    situation: Situation = await call.service.store.read(lambda tx: tx.situation(call.person))
    return situation.stay_near


async def ask(call: Call) -> Reply:
    """From now on; again while it runs: longer, never shorter."""
    body: AskBody = call.body
    until = call.now + timedelta(minutes=body.minutes)

    def make(signal: str) -> StayNearAsked:
        return StayNearAsked(
            id=signal,
            person=call.person,
            at=call.now,
            received_at=call.now,
            stay_near=signal,
            until=until,
            note=body.note,
        )

    await call.decide(call.person, make)
    return Reply(body=her_view(await _running(call)), status=201)


async def end(call: Call) -> Reply:
    """Over, behind the PIN where she has one; the twin looks so, and staff go on watching."""
    body: EndBody = call.body
    began = call.service.clock.monotonic()
    verdict: Verdict = "none"
    if (await call.get(Person, call.person)).pin_hash is not None:
        verdict = await pin_verdict(call, body.pin, began)

    def make(signal: str) -> StayNearEnded:
        return StayNearEnded(id=signal, person=call.person, at=call.now, received_at=call.now, verdict=verdict)

    try:
        await call.decide(call.person, make)
    except Problem:
        if verdict == "duress":
            await alarm_staff(call, call.now, "stay_near")
        raise
    finally:
        if verdict != "none":
            await settle_time(call, began)
    return Reply(status=204)


async def watched(call: Call) -> Reply:
    """Whom staff watch now, and where she was last."""

    async def work(tx: Transaction) -> list[tuple[Person, StayNear]]:
        found = []
        for person, stay_near in await tx.watched(call.organization, LISTED):
            who = await tx.get(Person, call.organization, person)
            if who is not None and call.token.subject not in who.hidden_from:
                found.append((who, stay_near))
        return found

    found = await call.service.store.read(work)
    for who, stay_near in found:
        await audit(call, who.id, "stay_near.read", stay_near.id)
    return Reply(body={"stay_near": [_row(who, stay_near) for who, stay_near in found], "now": call.now})


def _row(person: Person, stay_near: StayNear) -> dict[str, Any]:
    place = nearest(stay_near.fix, person.details.get("places") or [])
    return {
        "id": stay_near.id,
        "person": {"id": person.id, "name": person.name},
        "known_as": person.known_as or person.name,
        "since": stay_near.since,
        "until": stay_near.until,
        "note": stay_near.note,
        "location": location_view(stay_near.fix, place),
    }


ROUTES = (
    Route(
        method="POST",
        path="/v1/me/stay-near",
        handler=ask,
        who=("device",),
        summary="Ask staff to watch",
        body=AskBody,
        status=201,
    ),
    Route(
        method="POST",
        path="/v1/me/stay-near/end",
        handler=end,
        who=("device",),
        summary="It is over",
        body=EndBody,
        status=204,
    ),
    Route(
        method="GET",
        path="/v1/stay-near",
        handler=watched,
        who=("staff",),
        roles=("admin", "dispatcher", "advocate"),
        summary="Whom staff watch",
    ),
)
