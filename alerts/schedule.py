"""Recurring schedules: when the next check-ins are, and which schedules cannot be kept.

A schedule keeps wall times and an IANA zone. Each wall time is resolved to an instant before anything is reckoned with
it, by the rule of `alerts.wall_time`, so that there is one occurrence for each local date and time, also where clocks
change. Two wall times of one gap happen at the same instant and are one occurrence: the first.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from alerts.cron_rule import read_cron
from alerts.ids import derived_id
from alerts.recurrence import wall_times as recurring
from alerts.recurrence_text import Recurrence, read_recurrence
from alerts.rule_mistake import RuleMistake
from alerts.wall_time import instant_of, wall_of

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_NAMES: tuple[DayName, ...] = get_args(DayName)
DAY = timedelta(days=1)
LOOKS_AHEAD = timedelta(days=5 * 366)
"""What does not happen within five years is taken to happen never."""
LEAST_APART = timedelta(minutes=15)
LOOKED_THROUGH = 600
"""So many wall times are looked at for two that are too close: more than six days of the most that is allowed."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Days and times, or cron, or an iCalendar recurrence."""

    days: tuple[DayName, ...] = ()
    at: tuple[time, ...] = ()
    cron: str | None = None
    rrule: str | None = None


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which nothing is asked, the first and the last included."""

    first: date
    last: date


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was agreed. Without a grace or a reminder of its own the policy's hold."""

    id: str
    name: str
    rule: Rule
    zone: str
    made_at: datetime
    grace_ms: int | None = None
    remind_ms: tuple[int, ...] | None = None
    absences: tuple[Absence, ...] = ()
    holidays: tuple[date, ...] = ()
    paused: bool = False
    paused_until: datetime | None = None


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One time at which somebody is asked: by the wall, and in UTC."""

    local: datetime
    at: datetime


def occurrences(terms: Terms, after: datetime) -> Iterator[Occurrence]:
    """What comes after this instant within the next years: strictly later and later. Nothing while it is paused."""
    if terms.paused and terms.paused_until is None:
        return
    zone = ZoneInfo(terms.zone)
    # A wall time of a gap happens as much later as the gap is long: a day, where a date was left out.
    begin = wall_of(after, zone) - DAY
    last = after
    for wall in _wall_times(terms, zone)(begin, begin + LOOKS_AHEAD):
        at = instant_of(wall, zone)
        if at <= last:
            continue
        last = at
        if not _left_out(terms, wall.date()) and not _paused_at(terms, at):
            yield Occurrence(local=wall, at=at)


def occurrence_id(terms: Terms, occurrence: Occurrence) -> str:
    """The check-in that this occurrence is: planning twice makes one."""
    return derived_id("occurrence", terms.id, terms.zone, occurrence.local.isoformat())


def over(terms: Terms, now: datetime) -> bool:
    """Whether its rule has an end, and nothing is left before it."""
    if terms.rule.rrule is None:
        return False
    rule = _recurrence(terms.rule.rrule, terms.zone, terms.made_at)
    if rule.count is None and rule.until is None:
        return False
    unpaused = msgspec.structs.replace(terms, paused=False, paused_until=None, absences=(), holidays=())
    return next(occurrences(unpaused, now), None) is None


def check(terms: Terms, now: datetime) -> None:
    """Refuses a schedule that cannot be kept. Raises `RuleMistake`, naming the field."""
    try:
        zone = ZoneInfo(terms.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleMistake("time_zone", "is not a known IANA time zone, such as America/Chicago") from error
    field = _field(terms.rule)
    begin = wall_of(now, zone)
    walls = list(islice(_wall_times(terms, zone)(begin, begin + LOOKS_AHEAD), LOOKED_THROUGH))
    bare = msgspec.structs.replace(terms, paused=False, paused_until=None, absences=(), holidays=())
    if next(occurrences(bare, now), None) is None:
        raise RuleMistake(field, "has no time to come within the next five years")
    if any(later - earlier < LEAST_APART for earlier, later in pairwise(walls)):
        raise RuleMistake(field, "asks more often than every 15 minutes")
    for place, absence in enumerate(terms.absences):
        if absence.last < absence.first:
            raise RuleMistake(f"absences[{place}].last", "lies before the first day")


def _field(rule: Rule) -> str:
    """The one form that is given. Raises `RuleMistake` where it is none, or more than one, or half of one."""
    given = [name for name in ("days", "cron", "rrule") if getattr(rule, name)]
    if len(given) > 1 or (rule.at and given not in ([], ["days"])):
        raise RuleMistake("rule", "is one of: days and at, or cron, or rrule")
    if given == ["days"]:
        if not rule.at:
            raise RuleMistake("rule.at", "is missing")
        return "rule.at"
    if not given:
        raise RuleMistake("rule.days" if rule.at else "rule", "give days and at, or cron, or rrule")
    return f"rule.{given[0]}"


def _left_out(terms: Terms, day: date) -> bool:
    return day in terms.holidays or any(a.first <= day <= a.last for a in terms.absences)


def _paused_at(terms: Terms, at: datetime) -> bool:
    return terms.paused and terms.paused_until is not None and at < terms.paused_until


def _wall_times(terms: Terms, zone: ZoneInfo) -> Callable[[datetime, datetime], Iterator[datetime]]:
    """What gives the wall times of the rule between two others. Raises `RuleMistake`."""
    rule = terms.rule
    if rule.rrule is not None:
        recurrence = _recurrence(rule.rrule, zone.key, terms.made_at)
        return lambda begin, end: recurring(recurrence, begin, end)
    if rule.cron is not None:
        cron = read_cron(rule.cron)
        return lambda begin, end: _daily(cron.matches, cron.times, begin, end)
    weekdays = frozenset(DAY_NAMES.index(day) for day in rule.days)
    times = tuple(sorted(set(rule.at)))
    return lambda begin, end: _daily(lambda day: day.weekday() in weekdays, times, begin, end)


def _daily(
    matches: Callable[[date], bool], times: tuple[time, ...], begin: datetime, end: datetime
) -> Iterator[datetime]:
    day = begin.date()
    while day <= end.date():
        if matches(day):
            for clock in times:
                wall = datetime.combine(day, clock)
                if begin <= wall <= end:
                    yield wall
        day += DAY


@lru_cache(maxsize=4096)
def _recurrence(text: str, zone: str, made_at: datetime) -> Recurrence:
    return read_recurrence(text, ZoneInfo(zone), made_at)


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is simple enough to be said: weekdays (from Monday, 0) or days of the month, and times."""

    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    month_days: tuple[int, ...] = ()


def pattern(terms: Terms) -> Pattern | None:
    """The rule as a pattern, whatever its form; None where it is none."""
    rule = terms.rule
    if rule.rrule is not None:
        return _pattern_of_recurrence(_recurrence(rule.rrule, terms.zone, terms.made_at))
    if rule.cron is None:
        weekdays = frozenset(DAY_NAMES.index(day) for day in rule.days)
        return Pattern(times=tuple(sorted(set(rule.at))), weekdays=weekdays)
    cron = read_cron(rule.cron)
    if len(cron.months) < 12 or cron.either:
        return None
    if len(cron.days) == 31:
        return Pattern(times=cron.times, weekdays=cron.weekdays)
    return Pattern(times=cron.times, month_days=tuple(sorted(cron.days))) if len(cron.weekdays) == 7 else None


def _pattern_of_recurrence(rule: Recurrence) -> Pattern | None:
    limits = (rule.positions, rule.months, rule.year_days, rule.count, rule.until)
    if any(limits) or rule.interval > 1 or any(which for which, _ in rule.weekdays):
        return None
    times = tuple(time(hour, minute) for hour in rule.hours for minute in rule.minutes)
    weekdays = frozenset(day for _, day in rule.weekdays)
    if rule.frequency in {"DAILY", "WEEKLY"} and not rule.month_days:
        return Pattern(times=times, weekdays=weekdays or frozenset(range(7)))
    positive = all(day > 0 for day in rule.month_days)
    if rule.frequency == "MONTHLY" and rule.month_days and positive and not weekdays:
        return Pattern(times=times, month_days=rule.month_days)
    return None
