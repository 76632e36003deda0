"""Recurring schedules: the person's own, and those that staff make with her.

Every change of one may lower protection: the person gives her PIN where she has one. The twin looks done, here and in
every later answer; what is asked of her truly stays as it was, out of her sight, and staff are told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from alerts.policy import CheckInRules
from alerts.schedule import Absence, Terms
from alerts.signal_base import Verdict
from alerts.signals import DuressEntered, PinRefused, ScheduleRemoved, ScheduleSet
from services.web.call import Call, Reply, Route
from services.web.check_ins import instant
from services.web.directory import audit, visible_person
from services.web.panic import settle_time, verdict_of
from services.web.problems import Problem, field_problem
from services.web.schedule_bodies import (
    AwayBody,
    PassBody,
    PauseBody,
    ScheduleBody,
    ScheduleChanges,
    changed_terms,
    checked,
    new_terms,
    upcoming,
    view,
)
from services.web.service import new_id
from streams.records import LANE_ALARM, LANE_REST, Person, Schedule, ShownSchedule, Staff
from streams.store import Transaction

MOST_SCHEDULES = 20
MOST_ABSENCES = 100
MOST_LISTED = 100
YEARS = (1970, 2200)
Change = Callable[[Terms], Terms | None]


def _hers(call: Call) -> bool:
    return call.token.kind == "device"


async def _whose(call: Call) -> Person:
    """The person whose phone calls, or the one of the path whom staff may see."""
    if not _hers(call):
        return await visible_person(call, call.path("id"))
    return await call.get(Person, call.person)


async def _visible(call: Call) -> tuple[Schedule, Terms]:
    """The schedule of the path, with the terms that the caller may see."""
    found = await call.service.store.read(lambda tx: tx.get(Schedule, call.organization, call.path("id")))
    if found is None:
        raise Problem("not-found")
    if not _hers(call):
        await visible_person(call, found.person or "")
    return found, _terms_for(call, found)


def _terms_for(call: Call, schedule: Schedule | None) -> Terms:
    if schedule is None or (_hers(call) and schedule.person != call.person):
        raise Problem("not-found")
    terms = schedule.for_her if _hers(call) else schedule.terms
    if terms is None:
        raise Problem("not-found")
    return terms


class _Reader(msgspec.Struct, frozen=True):
    """Who reads it, and what the person's policy says where a schedule says nothing."""

    language: str
    rules: CheckInRules

    def shows(self, call: Call, schedule: Schedule, terms: Terms) -> dict[str, Any]:
        """A schedule as the caller may see it. Staff see too what her side shows since a change under duress."""
        shown = view(terms, self.rules, call.now, self.language)
        if not _hers(call) and schedule.shown is not None:
            other = schedule.shown.terms
            shown["person_sees"] = view(other, self.rules, call.now, self.language) if other is not None else "deleted"
        return shown


async def _reader(call: Call, person: str) -> _Reader:
    async def work(tx: Transaction) -> _Reader:
        plan = await tx.care_plan(call.organization, person)
        kind: type[Person | Staff] = Person if _hers(call) else Staff
        who = await tx.get(kind, call.organization, person if _hers(call) else call.token.subject)
        return _Reader(who.language if who is not None else "en", plan.policy.check_in)

    return await call.service.store.read(work)


async def post_schedule(call: Call) -> Reply:
    """A new one: what it asks for is planned from now on."""
    body: ScheduleBody = call.body
    person = await _whose(call)
    reader = await _reader(call, person.id)
    terms = new_terms(body, new_id(), person.time_zone, call.now)
    schedule = Schedule(id=terms.id, organization=call.organization, person=person.id, terms=terms)

    async def work(tx: Transaction) -> Reply:
        there = await tx.listed(Schedule, call.organization, person=person.id)
        seen = [s for _, s in there if not _hers(call) or s.for_her is not None]
        if len(seen) >= MOST_SCHEDULES:
            raise Problem("too-many-schedules", f"At most {MOST_SCHEDULES} for one person.")
        await tx.put(schedule)
        signal = ScheduleSet(id=call.signal_id(), person=person.id, at=call.now, received_at=call.now, terms=terms)
        await tx.put_mail(call.organization, person.id, LANE_REST, signal)
        return Reply(body=reader.shows(call, schedule, terms), status=201)

    reply = await call.commit(work)
    call.service.engine.wake(call.organization, person.id, LANE_REST)
    if not _hers(call):
        await audit(call, person.id, "schedule.changed", schedule.id)
    return reply


async def list_schedules(call: Call) -> Reply:
    """The schedules of a person."""
    person = await _whose(call)
    reader = await _reader(call, person.id)
    found = await call.service.store.read(lambda tx: tx.listed(Schedule, call.organization, person=person.id))
    seen = [(s, s.for_her if _hers(call) else s.terms) for _, s in found]
    shown = [reader.shows(call, s, terms) for s, terms in seen if terms is not None]
    return Reply(body={"schedules": shown, "next": None})


async def get_schedule(call: Call) -> Reply:
    """One schedule."""
    schedule, terms = await _visible(call)
    reader = await _reader(call, schedule.person or "")
    return Reply(body=reader.shows(call, schedule, terms))


async def get_next(call: Call) -> Reply:
    """The next occurrences."""
    _, terms = await _visible(call)
    query = call.request.query
    count = query.get("count", "10")
    if not (count.isascii() and count.isdigit() and len(count) <= 3 and 1 <= int(count) <= MOST_LISTED):
        raise field_problem("count", f"is 1 to {MOST_LISTED}")
    return Reply(body={"next": upcoming(terms, _from(query.get("from"), call.now), int(count))})


def _from(given: str | None, now: datetime) -> datetime:
    if given is None:
        return now
    try:
        # A plus sign that was not escaped comes as a space.
        after = msgspec.convert(given.replace(" ", "+"), datetime)
        if after.tzinfo is not None and YEARS[0] < after.year < YEARS[1]:
            return after.astimezone(UTC)
    except msgspec.ValidationError:
        pass
    raise field_problem("from", "is an instant with a time zone, such as 2026-11-24T21:00:00Z")


async def patch_schedule(call: Call) -> Reply:
    """Changes what is named; what was planned and is not due yet follows."""
    return await _change(call, lambda terms: changed_terms(terms, call.body, call.now))


async def delete_schedule(call: Call) -> Reply:
    """Gone, with what was planned and is not due yet."""
    return await _change(call, lambda _: None)


async def pause(call: Call) -> Reply:
    """Nothing is asked until then, or until it is resumed."""
    until = call.body.until

    def change(terms: Terms) -> Terms:
        ends = instant(until, "until", call.now) if until is not None else None
        return msgspec.structs.replace(terms, paused=True, paused_until=ends)

    return await _change(call, change)


async def resume(call: Call) -> Reply:
    """It goes on with what comes next."""
    return await _change(call, lambda terms: msgspec.structs.replace(terms, paused=False, paused_until=None))


async def post_absence(call: Call) -> Reply:
    """One more range of days on which nothing is asked."""
    body: AwayBody = call.body

    def change(terms: Terms) -> Terms:
        if body.last < body.first:
            raise field_problem("last", "lies before the first day")
        if len(terms.absences) >= MOST_ABSENCES:
            raise field_problem("first", f"there are {MOST_ABSENCES} absences already")
        absences = (*terms.absences, Absence(first=body.first, last=body.last))
        return checked(msgspec.structs.replace(terms, absences=absences), call.now)

    return await _change(call, change)


async def _change(call: Call, change: Change) -> Reply:
    """Carries out a change: for the person behind her PIN, the twin to all appearances like it."""
    began = call.service.clock.monotonic()
    schedule, _ = await _visible(call)
    person = schedule.person or ""
    reader = await _reader(call, person)
    verdict = await _verdict(call, began) if _hers(call) else "none"
    try:
        reply = await call.commit(lambda tx: _apply(call, tx, reader, verdict, change))
    except Problem:
        if verdict == "duress":
            await _tell(call, DuressEntered(**_common(call, new_id()), occasion="schedule"))
        raise
    finally:
        if verdict != "none":
            await settle_time(call, began)
    call.service.engine.wake(call.organization, person, LANE_ALARM if verdict == "duress" else LANE_REST)
    if not _hers(call):
        await audit(call, person, "schedule.changed", schedule.id)
    return reply


async def _apply(call: Call, tx: Transaction, reader: _Reader, verdict: Verdict, change: Change) -> Reply:
    kept = await tx.get(Schedule, call.organization, call.path("id"))
    before = _terms_for(call, kept)
    assert kept is not None  # noqa: S101 - or there would be no terms
    after = change(before)
    put, truth, behind = _kept_after(kept, after, hers=_hers(call), verdict=verdict)
    if put is not None:
        await tx.put(put)
    else:
        await tx.remove(Schedule, call.organization, kept.id, call.now)
    common = _common(call, call.signal_id(), kept.person)
    signal: ScheduleSet | ScheduleRemoved
    if truth is not None:
        signal = ScheduleSet(**common, terms=truth, verdict=verdict, behind=behind)
    else:
        signal = ScheduleRemoved(**common, schedule=kept.id, verdict=verdict)
    lane = LANE_ALARM if verdict == "duress" else LANE_REST
    await tx.put_mail(call.organization, kept.person or "", lane, signal)
    return Reply(status=204) if after is None else Reply(body=reader.shows(call, put or kept, after))


def _kept_after(
    kept: Schedule, after: Terms | None, *, hers: bool, verdict: Verdict
) -> tuple[Schedule | None, Terms | None, bool]:
    """What is kept of it, the terms that are decided upon, and whether these stay out of the person's sight."""
    if verdict == "duress":
        return msgspec.structs.replace(kept, shown=ShownSchedule(terms=after)), after, False
    if hers or kept.shown is None:
        return (msgspec.structs.replace(kept, terms=after, shown=None) if after is not None else None), after, False
    if after is not None:
        return msgspec.structs.replace(kept, terms=after), after, True
    # Staff take the true one away: what she sees is all there is from now on.
    left = kept.shown.terms
    return (msgspec.structs.replace(kept, terms=left, shown=None) if left is not None else None), left, False


def _common(call: Call, signal: str, person: str | None = None) -> dict[str, Any]:
    return {"id": signal, "person": person or call.person, "at": call.now, "received_at": call.now}


async def _verdict(call: Call, began: float) -> Verdict:
    if (await call.get(Person, call.person)).pin_hash is None:
        return "none"
    if call.body.pin is None:
        raise field_problem("pin", "is missing")
    verdict = await verdict_of(call, call.body.pin)
    if verdict is not None:
        return verdict
    await _tell(call, PinRefused(**_common(call, new_id()), occasion="schedule"))
    await settle_time(call, began)
    raise Problem("pin-refused")


async def _tell(call: Call, signal: DuressEntered | PinRefused) -> None:
    """Staff hear of it, whatever became of the change."""
    await call.service.intake.write(
        lambda tx: tx.put_mail(call.organization, call.person, LANE_ALARM, signal), LANE_ALARM
    )
    call.service.engine.wake(call.organization, call.person, LANE_ALARM)


def _route(
    method: str,
    path: str,
    handler: Any,
    summary: str,
    body: Any = None,
    status: int = 200,
    who: tuple[Any, ...] = ("device", "staff"),
    query: tuple[str, ...] = (),
) -> Route:
    roles: tuple[Any, ...] = ("admin", "advocate") if "staff" in who else ()
    return Route(
        method=method,
        path=path,
        handler=handler,
        who=who,
        roles=roles,
        summary=summary,
        body=body,
        status=status,
        query=query,
    )


ROUTES = (
    _route("POST", "/v1/schedules", post_schedule, "Ask again and again", ScheduleBody, 201, who=("device",)),
    _route("GET", "/v1/schedules", list_schedules, "List schedules", who=("device",)),
    _route("POST", "/v1/people/{id}/schedules", post_schedule, "Add a schedule", ScheduleBody, 201, who=("staff",)),
    _route("GET", "/v1/people/{id}/schedules", list_schedules, "List a person's schedules", who=("staff",)),
    _route("GET", "/v1/schedules/{id}", get_schedule, "One schedule"),
    _route("GET", "/v1/schedules/{id}/next", get_next, "The next occurrences", query=("from", "count")),
    _route("PATCH", "/v1/schedules/{id}", patch_schedule, "Change a schedule", ScheduleChanges),
    _route("DELETE", "/v1/schedules/{id}", delete_schedule, "Remove a schedule", PassBody, 204),
    _route("POST", "/v1/schedules/{id}/pause", pause, "Pause a schedule", PauseBody),
    _route("POST", "/v1/schedules/{id}/resume", resume, "Go on with a schedule", PassBody),
    _route("POST", "/v1/schedules/{id}/absences", post_absence, "Add an absence", AwayBody),
)
