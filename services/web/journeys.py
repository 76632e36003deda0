"""Journeys: from here to there by then. Where to is sealed with the journey, and nobody sees it unless it fails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from alerts.geography import Circle, Point, check_shape
from alerts.rule_mistake import RuleMistake
from alerts.signals import JourneyBegun
from services.web import check_ins
from services.web.call import Call, Reply, Route
from services.web.check_ins import AnswerBody, Note, Seconds, check_in_rules, instant, journey_view, kept_of, reminders
from services.web.directory import Body, Latitude, Longitude, Text
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from streams.journeys_over import forget_journeys
from streams.records import Journey
from streams.store import Transaction

RADIUS_M = 100.0
ASK_S, LOST_AFTER_S = 300.0, 900.0
SHARES: dict[str, Any] = {"nothing": "message", "place": "place", "live": "live"}
LISTED = 20


class DestinationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to: degrees (WGS 84), and how near counts as there."""

    latitude: Latitude
    longitude: Longitude
    radius_m: Annotated[float, msgspec.Meta(ge=30, le=2_000)] = RADIUS_M


class JourneyBody(Body, kw_only=True):
    """`POST /v1/journeys`. `share` is the most that contacts may see if it fails; what each of them sees limits it."""

    destination: DestinationBody
    arrive_by: datetime
    grace_seconds: Seconds | None = None
    remind_seconds: Seconds | None = None
    lost_after_seconds: Annotated[float, msgspec.Meta(ge=300, le=86_400)] = LOST_AFTER_S
    ask_seconds: Annotated[float, msgspec.Meta(ge=60, le=3_600)] = ASK_S
    label: Text | None = None
    note: Note | None = None
    share: Literal["nothing", "place", "live"] = "live"


async def begin(call: Call) -> Reply:
    """She is under way. The plan is sealed first, under a key of its own; then it is begun."""
    body: JourneyBody = call.body
    arrive_by = instant(body.arrive_by, "arrive_by", call.now)
    destination = Circle(
        center=Point(body.destination.latitude, body.destination.longitude), radius_m=body.destination.radius_m
    )
    try:
        check_shape(destination)
    except RuleMistake as mistake:
        raise field_problem(f"destination.{mistake.field}", mistake.message) from mistake
    rules = await check_in_rules(call)
    await call.expect_repeats()
    journey = Journey(
        id=new_id(),
        organization=call.organization,
        person=call.person,
        begun_at=call.now,
        destination=destination,
        label=body.label,
        note=body.note,
        share=SHARES[body.share],
    )

    async def work(tx: Transaction) -> None:
        await tx.put_journey(journey)

    await call.service.store.write(work)

    def make(signal: str) -> JourneyBegun:
        return JourneyBegun(
            id=signal,
            person=call.person,
            at=call.now,
            received_at=call.now,
            journey=journey.id,
            arrive_by=arrive_by,
            grace_ms=rules.grace_ms if body.grace_seconds is None else int(body.grace_seconds * 1000),
            remind_ms=reminders(body.remind_seconds, rules),
            extend_at_most_ms=rules.extend_at_most_ms,
            ask_again_ms=rules.ask_again_ms,
            ask_ms=int(body.ask_seconds * 1000),
            lost_after_ms=int(body.lost_after_seconds * 1000),
        )

    try:
        await call.decide(call.person, make)
    except Problem:
        await forget_journeys(call.service.store, [journey.id], call.now)
        raise
    return Reply(body=journey_view(await kept_of(call, journey.id), call.now), status=201)


async def listed(call: Call) -> Reply:
    """Her journeys, the latest first."""
    found = await call.service.intake.read(lambda tx: tx.check_ins(call.person))
    shown = [journey_view(c, call.now) for c in found if c.under_way is not None]
    return Reply(body={"journeys": shown[:LISTED], "next": None})


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    return Route(method=method, path=path, handler=handler, who=("device",), summary=summary, body=body, status=status)


ROUTES = (
    _route("POST", "/v1/journeys", begin, "Begin a journey", JourneyBody, 201),
    _route("GET", "/v1/journeys", listed, "List journeys"),
    _route("GET", "/v1/journeys/{id}", check_ins.one, "One journey"),
    _route("POST", "/v1/journeys/{id}/complete", check_ins.complete, "Arrived", AnswerBody),
    _route("POST", "/v1/journeys/{id}/extend", check_ins.extend, "More time", AnswerBody),
    _route("POST", "/v1/journeys/{id}/cancel", check_ins.cancel, "Call a journey off", AnswerBody),
)
