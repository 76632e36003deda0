"""`GET /v1/feed`: server-sent events (WHATWG HTML §9.2) for the consoles."""

from __future__ import annotations

import msgspec
from aiohttp import web

from services.web.call import Call, Route
from services.web.incident_views import summary
from services.web.problems import field_problem
from streams.ending import in_time
from streams.feed import Rendered
from streams.records import OUTAGE_CHANGED, STAY_NEAR_CHANGED, FeedEvent, Person
from streams.store import NotKept, Transaction

BEAT_EVERY = 2.0
WRITE_WITHIN = 5.0


async def render(tx: Transaction, event: FeedEvent) -> Rendered | None:
    """The row of the incident as it is now; None when the person was erased."""
    if event.event == OUTAGE_CHANGED:
        return Rendered(b"id: %d\nevent: %s\ndata: {}\n\n" % (event.number, event.event.encode()), ())
    if event.event == STAY_NEAR_CHANGED:
        return await _stay_near(tx, event)
    view = await tx.incident(event.organization, event.incident)
    if view is None:
        return None
    person = await tx.get(Person, view.organization, view.person)
    row = await summary(tx, view, event.at)
    if row is None or person is None:
        return None
    data = msgspec.json.encode({"incident": event.incident, **row})
    payload = b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.event.encode(), data)
    return Rendered(payload, person.hidden_from)


async def _stay_near(tx: Transaction, event: FeedEvent) -> Rendered | None:
    """Whom staff watch has changed: the list is to be read again."""
    person = await tx.get(Person, event.organization, event.person)
    if person is None:
        return None
    payload = b"id: %d\nevent: %s\ndata: {}\n\n" % (event.number, event.event.encode())
    return Rendered(payload, person.hidden_from)


async def feed(call: Call) -> web.StreamResponse:
    """Streams until the reader goes, its token dies, or it cannot keep up."""
    after = _resumes_from(call)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
        }
    )
    subscription, missed = await call.service.feed.subscribe(call.organization, call.token.subject, after)
    try:
        await response.prepare(call.request)
        await response.write(b"retry: 1000\n\n" + _beat(call) + b"".join(missed))
        while not subscription.lost and not call.service.stopping.is_set():
            try:
                payload = await in_time(subscription.queue.get(), BEAT_EVERY)
            except TimeoutError:
                if not await _still_valid(call):
                    break
                payload = _beat(call)
            while not subscription.queue.empty():
                payload += subscription.queue.get_nowait()
            await in_time(response.write(payload), WRITE_WITHIN)
    except (ConnectionError, TimeoutError, NotKept):
        # A console that cannot be told anything must not look as if there were nothing to tell.
        pass
    finally:
        call.service.feed.leave(subscription)
    if call.request.transport is not None:
        call.request.transport.close()
    return response


def _beat(call: Call) -> bytes:
    return b"event: beat\ndata: %s\n\n" % msgspec.json.encode({"now": call.service.clock.now()})


async def _still_valid(call: Call) -> bool:
    token = await call.service.store.token(call.caller.hashed)
    return token is not None and (token.expires_at is None or token.expires_at > call.service.clock.now())


def _resumes_from(call: Call) -> int | None:
    given = call.request.headers.get("Last-Event-ID") or call.request.query.get("after")
    if not given:
        return None
    if not given.isdigit():
        raise field_problem("Last-Event-ID", "is the id of an event")
    return int(given)


ROUTES = (
    Route(
        method="GET",
        path="/v1/feed",
        handler=feed,
        who=("staff",),
        roles=("admin", "dispatcher", "advocate"),
        summary="What changes, as server-sent events",
    ),
)
