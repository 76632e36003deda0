"""What is sent and shown of recurring schedules."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from alerts.policy import CheckInRules
from alerts.rule_mistake import RuleMistake
from alerts.schedule import Absence, Rule, Terms, check, occurrences
from services.web.check_ins import Seconds
from services.web.directory import Body, Text
from services.web.hours_bodies import Clock, Days
from services.web.problems import field_problem
from services.wording.schedule_words import schedule_words

Clocks = Annotated[list[Clock], msgspec.Meta(min_length=1, max_length=96)]
Expression = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
SHOWN_AHEAD = 3


class RuleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`days` and `at`, or `cron` (five fields), or `rrule` (iCalendar; a DTSTART line may stand before it)."""

    days: Days | None = None
    at: Clock | Clocks | None = None
    cron: Expression | None = None
    rrule: Expression | None = None

    def rule(self) -> Rule:
        """As the core takes it."""
        at = [self.at] if isinstance(self.at, str) else self.at or []
        clocks = tuple(time.fromisoformat(clock) for clock in at)
        return Rule(days=tuple(self.days or ()), at=clocks, cron=self.cron, rrule=self.rrule)


class AbsenceBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Days on which nothing is asked, in the schedule's zone, the first and the last included."""

    first: date
    last: date


Absences = Annotated[list[AbsenceBody], msgspec.Meta(max_length=100)]
Holidays = Annotated[list[date], msgspec.Meta(max_length=400)]


class ScheduleBody(Body, kw_only=True):
    """`POST /v1/schedules`."""

    name: Text
    rule: RuleBody
    time_zone: Text | None = None
    grace_seconds: Seconds | None = None
    remind_seconds: Seconds | None = None
    absences: Absences = []
    holidays: Holidays = []


class ScheduleChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/schedules/{id}`; what is not named stays. The person gives her PIN where she has one."""

    name: Text | UnsetType = UNSET
    rule: RuleBody | UnsetType = UNSET
    time_zone: Text | UnsetType = UNSET
    grace_seconds: Seconds | UnsetType | None = UNSET
    remind_seconds: Seconds | UnsetType | None = UNSET
    absences: Absences | UnsetType = UNSET
    holidays: Holidays | UnsetType = UNSET
    pin: str | None = None
    id: str | None = None


class PassBody(Body, kw_only=True):
    """Taking away and resuming: the PIN, where the person has one."""

    pin: str | None = None


class PauseBody(Body, kw_only=True):
    """`POST /v1/schedules/{id}/pause`: until an instant, or until it is resumed."""

    until: datetime | None = None
    pin: str | None = None


class AwayBody(Body, kw_only=True):
    """`POST /v1/schedules/{id}/absences`: one more."""

    first: date
    last: date
    pin: str | None = None


def new_terms(body: ScheduleBody, schedule: str, zone: str, now: datetime) -> Terms:
    """The schedule of this body. Raises the problem that names the field."""
    terms = Terms(
        id=schedule,
        name=body.name,
        rule=body.rule.rule(),
        zone=body.time_zone or zone,
        made_at=now,
        grace_ms=milliseconds_of(body.grace_seconds),
        remind_ms=reminders_of(body.remind_seconds),
        absences=absences_of(body.absences),
        holidays=tuple(sorted(set(body.holidays))),
    )
    return checked(terms, now)


def changed_terms(terms: Terms, body: ScheduleChanges, now: datetime) -> Terms:
    """The schedule with what the body names. Raises the problem that names the field."""
    changes: dict[str, Any] = {}
    if body.name is not UNSET:
        changes["name"] = body.name
    if body.rule is not UNSET or body.time_zone is not UNSET:
        # What a recurrence does not say follows from when it was made: a new one is made now.
        changes["made_at"] = now
    if body.rule is not UNSET:
        changes["rule"] = body.rule.rule()
    if body.time_zone is not UNSET:
        changes["zone"] = body.time_zone
    if body.grace_seconds is not UNSET:
        changes["grace_ms"] = milliseconds_of(body.grace_seconds)
    if body.remind_seconds is not UNSET:
        changes["remind_ms"] = reminders_of(body.remind_seconds)
    if body.absences is not UNSET:
        changes["absences"] = absences_of(body.absences)
    if body.holidays is not UNSET:
        changes["holidays"] = tuple(sorted(set(body.holidays)))
    after = msgspec.structs.replace(terms, **changes)
    # Another name may be given also to one that is over.
    return after if set(changes) <= {"name"} else checked(after, now)


def checked(terms: Terms, now: datetime) -> Terms:
    """The same, when it can be kept."""
    try:
        check(terms, now)
    except RuleMistake as mistake:
        raise field_problem(mistake.field, mistake.message) from mistake
    return terms


def milliseconds_of(seconds: float | None) -> int | None:
    """None stays: then the policy says."""
    return None if seconds is None else int(seconds * 1000)


def reminders_of(seconds: float | None) -> tuple[int, ...] | None:
    """So long before and at the due time; none at all for zero."""
    if seconds is None:
        return None
    return (int(seconds * 1000), 0) if seconds > 0 else ()


def absences_of(bodies: list[AbsenceBody]) -> tuple[Absence, ...]:
    """In order."""
    return tuple(Absence(first=body.first, last=body.last) for body in bodies)


def upcoming(terms: Terms, after: datetime, count: int) -> list[dict[str, datetime]]:
    """The next occurrences: by the wall of the schedule's zone, and the instant."""
    return [{"local": o.local, "at": o.at} for o in islice(occurrences(terms, after), count)]


def view(terms: Terms, rules: CheckInRules, now: datetime, language: str) -> dict[str, Any]:
    """A schedule, in full and in words."""
    rule, remind = terms.rule, terms.remind_ms
    grace = rules.grace_ms if terms.grace_ms is None else terms.grace_ms
    at = [f"{clock:%H:%M}" for clock in rule.at]
    shown = {"days": rule.days, "at": at[0] if len(at) == 1 else at} if rule.days else {"cron": rule.cron}
    return {
        "id": terms.id,
        "name": terms.name,
        "rule": {"rrule": rule.rrule} if rule.rrule is not None else shown,
        "time_zone": terms.zone,
        "grace_seconds": grace / 1000,
        "remind_seconds": max(rules.remind_ms if remind is None else remind, default=0) / 1000,
        "absences": terms.absences,
        "holidays": terms.holidays,
        "paused": terms.paused and (terms.paused_until is None or terms.paused_until > now),
        "paused_until": terms.paused_until,
        "words": schedule_words(terms, grace, now, language),
        "next": upcoming(terms, now, SHOWN_AHEAD),
    }
