"""What a zone asks for, and when: its hours on the clock of the place where they hold."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from alerts.rule_mistake import RuleMistake
from alerts.schedule import DAY_NAMES, DayName
from alerts.wall_time import instant_of, wall_of

ZoneKind = Literal["safe", "exclusion"]
DAY = timedelta(days=1)


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """On these days of the week from `start` to `end` by the wall; an end that is not later is on the next day."""

    days: tuple[DayName, ...]
    start: time
    end: time


class ZoneRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of one zone.

    An *exclusion* zone asks her not to be in it. A *safe* zone asks nothing, unless she is *expected* there. Without
    hours it asks at all times. `wait_ms` is how long the opposite may last before anybody is told; from `until` on it
    asks nothing any more.
    """

    id: str
    kind: ZoneKind
    zone: str
    hours: tuple[Hours, ...] = ()
    expected: bool = False
    wait_ms: int = 0
    until: datetime | None = None
    name: str = ""

    def asks(self, at: datetime) -> bool:
        """Whether there is anything, at this instant, that she could do against it."""
        return (self.kind == "exclusion" or self.expected) and (self.until is None or at < self.until)


class Span(msgspec.Struct, frozen=True):
    """From one instant on until right before another."""

    begins: datetime
    ends: datetime


def span_at(rule: ZoneRule, at: datetime) -> Span | None:
    """The hours that this instant lies in, joined with those that follow without a pause; None outside of them."""
    found: Span | None = None
    for span in _spans(rule, at):
        if span.begins <= at < span.ends:
            found = span if found is None else Span(min(found.begins, span.begins), max(found.ends, span.ends))
        elif found is not None and found.begins <= span.begins <= found.ends:
            found = Span(found.begins, max(found.ends, span.ends))
    return found


def begins_after(rule: ZoneRule, at: datetime) -> datetime | None:
    """When its next hours begin; None where there is no such time within a week."""
    return min((span.begins for span in _spans(rule, at) if span.begins > at), default=None)


def _spans(rule: ZoneRule, at: datetime) -> Iterator[Span]:
    """The hours that begin from the day before until a week later, in the order in which they begin."""
    zone = ZoneInfo(rule.zone)
    today = wall_of(at, zone).date()
    found = []
    for day in (today + DAY * number for number in range(-1, 9)):
        found += [_span(hours, day, zone) for hours in rule.hours if DAY_NAMES[day.weekday()] in hours.days]
    yield from sorted(found, key=lambda span: span.begins)


def _span(hours: Hours, day: date, zone: ZoneInfo) -> Span:
    last = day if hours.end > hours.start else day + DAY
    return Span(
        instant_of(datetime.combine(day, hours.start), zone), instant_of(datetime.combine(last, hours.end), zone)
    )


def check_hours(rule: ZoneRule) -> None:
    """Refuses hours that cannot be kept. Raises `RuleMistake`, naming the field."""
    try:
        ZoneInfo(rule.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleMistake("time_zone", "is not a known IANA time zone, such as America/Chicago") from error
    for number, hours in enumerate(rule.hours):
        if len(set(hours.days)) != len(hours.days):
            raise RuleMistake(f"hours[{number}].days", "names a day twice")
