"""The person's check-ins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from alerts.care_plan import CarePlan
from alerts.check_in_timers import missed_at, phase
from alerts.policy import CheckInRules
from alerts.signal_base import Verdict
from alerts.signals import (
    CheckInCancelled,
    CheckInCompleted,
    CheckInExtended,
    CheckInPlanned,
    DuressEntered,
    PinRefused,
)
from alerts.situation import CheckIn
from services.web.call import Call, Reply, Route
from services.web.panic import corrected, settle_time, verdict_of
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from services.web.spooled_answers import Answered, take_into_spool
from streams.records import LANE_ALARM, Person
from streams.store import Unreachable

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Note = Annotated[str, msgspec.Meta(max_length=1000)]
FARTHEST = timedelta(days=366)


class PlanBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/check-ins`: due at an instant, or after so long."""

    due_at: datetime | None = None
    due_in_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    grace_seconds: Seconds | None = None
    remind_seconds: Seconds | None = None
    note: Note | None = None
    destination: Note | None = None
    id: str | None = None


class AnswerBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Completing, extending (with `due_at`) or cancelling."""

    pin: str | None = None
    due_at: datetime | None = None
    at: datetime | None = None
    sent_at: datetime | None = None
    sequence: int | None = None
    id: str | None = None


def view(check_in: CheckIn, now: datetime) -> dict[str, Any]:
    """A check-in as the person may see it."""
    remind = max(check_in.remind_ms, default=0) / 1000
    return {
        "id": check_in.id,
        "state": phase(check_in, now),
        "due_at": check_in.due_at,
        "missed_at": missed_at(check_in),
        "grace_seconds": check_in.grace_ms / 1000,
        "remind_seconds": remind,
        "note": check_in.note,
        "destination": check_in.destination,
        "schedule": check_in.schedule,
        "completed_at": check_in.ended_at if check_in.state == "completed" else None,
    }


def journey_view(journey: CheckIn, now: datetime) -> dict[str, Any]:
    """A journey as the person may see it: how it goes, and not where to."""
    state = phase(journey, now)
    return {
        "id": journey.id,
        "state": "under_way" if state == "scheduled" else state,
        "arrive_by": journey.due_at,
        "missed_at": missed_at(journey),
        "grace_seconds": journey.grace_ms / 1000,
        "begun_at": journey.planned_at,
        "ended_at": journey.ended_at,
    }


def any_view(check_in: CheckIn, now: datetime) -> dict[str, Any]:
    """A check-in, or a journey, as the person may see it."""
    return view(check_in, now) if check_in.under_way is None else journey_view(check_in, now)


def instant(value: datetime, field: str, now: datetime, farthest: timedelta = FARTHEST) -> datetime:
    """An instant that can be waited for."""
    if value.tzinfo is None:
        raise field_problem(field, "needs a time zone, such as 2026-11-24T21:00:00Z")
    value = value.astimezone(UTC)
    if value <= now:
        raise field_problem(field, "lies in the past")
    if value > now + farthest:
        raise field_problem(field, "lies more than a year ahead" if farthest == FARTHEST else "lies too far ahead")
    return value


async def check_in_rules(call: Call) -> CheckInRules:
    """What the person's policy says where a call does not."""
    plan: CarePlan = await call.service.store.read(lambda tx: tx.care_plan(call.organization, call.person))
    return plan.policy.check_in


def reminders(seconds: float | None, rules: CheckInRules) -> tuple[int, ...]:
    """When she is reminded, in milliseconds before the due time; 0 seconds: never."""
    if seconds is None:
        return rules.remind_ms
    return (int(seconds * 1000), 0) if seconds > 0 else ()


async def plan(call: Call) -> Reply:
    """Plans a check-in by the person's policy, where the body does not say otherwise."""
    body: PlanBody = call.body
    due_at = _due_at(body, call.now)
    rules = await check_in_rules(call)
    remind = reminders(body.remind_seconds, rules)
    grace = rules.grace_ms if body.grace_seconds is None else int(body.grace_seconds * 1000)
    check_in = ""

    def make(signal: str) -> CheckInPlanned:
        nonlocal check_in
        check_in = signal
        return CheckInPlanned(
            id=signal,
            person=call.person,
            at=call.now,
            received_at=call.now,
            check_in=signal,
            due_at=due_at,
            grace_ms=grace,
            remind_ms=remind,
            extend_at_most_ms=rules.extend_at_most_ms,
            ask_again_ms=rules.ask_again_ms,
            note=body.note,
            destination=body.destination,
        )

    await call.decide(call.person, make)
    return Reply(body=view(await kept_of(call, check_in), call.now), status=201)


def _due_at(body: PlanBody, now: datetime) -> datetime:
    if (body.due_at is None) == (body.due_in_seconds is None):
        raise field_problem("due_at", "give either due_at or due_in_seconds")
    if body.due_at is not None:
        return instant(body.due_at, "due_at", now)
    seconds = min(body.due_in_seconds or 0, 2 * FARTHEST.total_seconds())
    return instant(now + timedelta(seconds=seconds), "due_in_seconds", now)


async def kept_of(call: Call, check_in: str) -> CheckIn:
    """The check-in of this id, under /v1/journeys the journey. Raises the 404 problem."""
    found: CheckIn | None = await call.service.intake.read(lambda tx: tx.check_in(call.person, check_in))
    if found is None or (found.under_way is not None) != call.request.path.startswith("/v1/journeys"):
        raise Problem("not-found")
    return found


async def listed(call: Call) -> Reply:
    """The person's check-ins, the latest due first."""
    found = await call.service.intake.read(lambda tx: tx.check_ins(call.person))
    shown = [view(c, call.now) for c in found if c.under_way is None]
    return Reply(body={"check_ins": shown, "next": None})


async def one(call: Call) -> Reply:
    """One check-in, or one journey."""
    return Reply(body=any_view(await kept_of(call, call.path("id")), call.now))


async def _answer(call: Call, act: Literal["complete", "extend", "cancel"]) -> Reply:
    body: AnswerBody = call.body
    began = call.service.clock.monotonic()
    check_in = call.path("id")
    kept = await kept_of(call, check_in)
    due_at = None
    if act == "extend":
        if body.due_at is None:
            raise field_problem("due_at", "is missing")
        due_at = instant(body.due_at, "due_at", call.now)
    who = await call.get(Person, call.person)
    verdict: Verdict = "none"
    if who.pin_hash is not None:
        verdict = await pin_verdict(call, body.pin, began)
    at = corrected(body.at, body.sent_at, call.now)
    over = {"complete": "completed", "cancel": "cancelled", "extend": ""}[act]
    if kept.state == over:
        # The same answer again: it stays what it was.
        if verdict == "duress":
            await alarm_staff(call, at, act)
        if verdict != "none":
            await settle_time(call, began)
        return Reply(body=any_view(kept, call.now))

    def make(signal: str) -> Answered:
        common: dict[str, Any] = {
            "id": signal,
            "person": call.person,
            "at": at,
            "received_at": call.now,
            "sequence": body.sequence,
            "check_in": check_in,
            "verdict": verdict,
        }
        if due_at is not None:
            return CheckInExtended(**common, due_at=due_at)
        return CheckInCompleted(**common) if act == "complete" else CheckInCancelled(**common)

    try:
        answered = await _decided(call, kept, make)
    except Problem:
        if verdict == "duress":
            await alarm_staff(call, at, act)
        raise
    finally:
        if verdict != "none":
            await settle_time(call, began)
    return Reply(body=any_view(answered, call.now))


async def _decided(call: Call, kept: CheckIn, make: Callable[[str], Answered]) -> CheckIn:
    try:
        await call.decide(call.person, make)
    except Unreachable:
        return await take_into_spool(call, kept, make(call.signal_id()))
    return await kept_of(call, kept.id)


async def alarm_staff(call: Call, at: datetime, act: str) -> None:
    """The twin was entered for something that cannot be done: staff hear of it all the same."""
    signal = DuressEntered(id=new_id(), person=call.person, at=at, received_at=call.now, occasion=act)
    await _tell(call, signal)


async def _tell(call: Call, signal: DuressEntered | PinRefused) -> None:
    try:
        await call.service.engine.decide_now(call.organization, call.person, signal)
    except Unreachable:
        await call.service.intake.write(
            lambda tx: tx.put_mail(call.organization, call.person, LANE_ALARM, signal), LANE_ALARM
        )


async def pin_verdict(call: Call, pin: str | None, began: float) -> Verdict:
    """What the PIN of an answer says. Raises for none and for a wrong one, which is decided upon."""
    if pin is None:
        raise field_problem("pin", "is missing")
    verdict = await verdict_of(call, pin)
    if verdict is not None:
        return verdict
    signal = PinRefused(id=new_id(), person=call.person, at=call.now, received_at=call.now, occasion="check_in")
    await _tell(call, signal)
    await settle_time(call, began)
    raise Problem("pin-refused")


async def complete(call: Call) -> Reply:
    """All is well."""
    return await _answer(call, "complete")


async def complete_by_ping(call: Call, kept: CheckIn) -> CheckIn:
    """All is well, said by what cannot ask for a PIN; whether it may was looked at before. Raises what was refused."""
    if kept.state == "completed":
        return kept

    def make(signal: str) -> CheckInCompleted:
        return CheckInCompleted(
            id=signal, person=call.person, at=call.now, received_at=call.now, check_in=kept.id, verdict="none"
        )

    return await _decided(call, kept, make)


async def extend(call: Call) -> Reply:
    """More time."""
    return await _answer(call, "extend")


async def cancel(call: Call) -> Reply:
    """Called off."""
    return await _answer(call, "cancel")


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    return Route(method=method, path=path, handler=handler, who=("device",), summary=summary, body=body, status=status)


ROUTES = (
    _route("POST", "/v1/check-ins", plan, "Plan a check-in", PlanBody, 201),
    _route("GET", "/v1/check-ins", listed, "List check-ins"),
    _route("GET", "/v1/check-ins/{id}", one, "One check-in"),
    _route("POST", "/v1/check-ins/{id}/complete", complete, "All is well", AnswerBody),
    _route("POST", "/v1/check-ins/{id}/extend", extend, "More time", AnswerBody),
    _route("POST", "/v1/check-ins/{id}/cancel", cancel, "Call a check-in off", AnswerBody),
)
