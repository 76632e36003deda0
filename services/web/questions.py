"""What she is asked before anybody is told, and her answer: all is well."""

from __future__ import annotations

from typing import Any

from alerts.signal_base import Verdict
from alerts.signals import AllRightSaid
from alerts.situation import Situation
from services.web.call import Call, Reply, Route
from services.web.check_ins import alarm_staff, pin_verdict
from services.web.directory import Body
from services.web.hours_bodies import hours_view
from services.web.panic import settle_time
from services.web.problems import Problem
from streams.records import Person


class AllRightBody(Body, kw_only=True):
    """`POST /v1/me/all-right`; without `about`, to whatever she is asked."""

    pin: str | None = None
    about: str | None = None


def questions_view(situation: Situation) -> list[dict[str, Any]]:
    """What she is asked now, as she may see it."""
    return [
        {"about": asked.about, "why": asked.why, "since": asked.since, "answer_by": asked.answer_by}
        for asked in situation.asked
        if not asked.hidden
    ]


def rules_view(situation: Situation) -> list[dict[str, Any]]:
    """Every rule that staff have made about her, without the names of places: others may read along."""
    zones: list[dict[str, Any]] = [
        {
            "kind": f"{zone.rule.kind}_zone",
            "id": zone.rule.id,
            "expected": zone.rule.expected,
            "hours": hours_view(zone.rule.hours),
            "time_zone": zone.rule.zone,
            "wait_seconds": zone.rule.wait_ms / 1000,
            "until": zone.rule.until,
        }
        for zone in situation.zones
    ]
    tracking = situation.tracking
    if tracking is None:
        return zones
    return [*zones, {"kind": "tracking", "lost_after_seconds": tracking.lost_after_ms / 1000}]


async def all_right(call: Call) -> Reply:
    """All is well, behind the PIN where she has one; the twin looks taken, and the question stands."""
    body: AllRightBody = call.body
    began = call.service.clock.monotonic()
    verdict: Verdict = "none"
    if (await call.get(Person, call.person)).pin_hash is not None:
        verdict = await pin_verdict(call, body.pin, began)

    def make(signal: str) -> AllRightSaid:
        return AllRightSaid(
            id=signal, person=call.person, at=call.now, received_at=call.now, verdict=verdict, about=body.about
        )

    try:
        await call.decide(call.person, make)
    except Problem:
        if verdict == "duress":
            await alarm_staff(call, call.now, "all_right")
        raise
    finally:
        if verdict != "none":
            await settle_time(call, began)
    situation = await call.service.store.read(lambda tx: tx.situation(call.person))
    return Reply(body={"questions": questions_view(situation)})


ROUTES = (
    Route(
        method="POST",
        path="/v1/me/all-right",
        handler=all_right,
        who=("device",),
        summary="All is well",
        body=AllRightBody,
    ),
)
