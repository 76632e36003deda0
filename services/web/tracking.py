"""Listening for a phone: staff agree with the person that its silence is to be noticed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from alerts.signals import TrackingSet
from services.web.call import Call, Reply
from services.web.directory import Body, audit, staff_route, visible_person
from streams.records import LANE_REST
from streams.store import Transaction


class TrackingBody(Body, kw_only=True):
    """`PUT /v1/people/{id}/tracking`: after how long silence is noticed, and how long she has to answer then."""

    lost_after_seconds: Annotated[float, msgspec.Meta(ge=300, le=86_400)]
    ask_seconds: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 300.0


async def get(call: Call) -> Reply:
    """What was agreed, and when her phone was last heard of."""
    person = await visible_person(call, call.path("id"))
    situation = await call.service.store.read(lambda tx: tx.situation(person.id))
    tracking = situation.tracking
    if tracking is None:
        return Reply(body={"tracking": None})
    shown = {
        "lost_after_seconds": tracking.lost_after_ms / 1000,
        "ask_seconds": tracking.ask_ms / 1000,
        "heard_at": tracking.heard_at,
        "still": tracking.still,
        "lost": tracking.lost,
    }
    return Reply(body={"tracking": shown})


async def put(call: Call) -> Reply:
    """From now on."""
    body: TrackingBody = call.body
    lost_after, ask = int(body.lost_after_seconds * 1000), int(body.ask_seconds * 1000)
    await _set(call, lost_after_ms=lost_after, ask_ms=ask)
    return Reply(body={"lost_after_seconds": lost_after / 1000, "ask_seconds": ask / 1000})


async def delete(call: Call) -> Reply:
    """No more: what was known of where she is is forgotten, unless something else asks for it."""
    await _set(call, lost_after_ms=None)
    return Reply(status=204)


async def _set(call: Call, **fields: Any) -> None:
    person = await visible_person(call, call.path("id"))
    signal = TrackingSet(id=call.signal_id(), person=person.id, at=call.now, received_at=call.now, **fields)

    async def work(tx: Transaction) -> Reply:
        await tx.put_mail(call.organization, person.id, LANE_REST, signal)
        return Reply(status=204)

    await call.commit(work)
    call.service.engine.wake(call.organization, person.id, LANE_REST)
    await audit(call, person.id, "tracking.changed", person.id)


ROUTES = (
    staff_route("GET", "/v1/people/{id}/tracking", get, "Whether a phone is listened for"),
    staff_route("PUT", "/v1/people/{id}/tracking", put, "Listen for a phone", TrackingBody),
    staff_route("DELETE", "/v1/people/{id}/tracking", delete, "Listen no more", status=204),
)
