"""Hours on the wall: days of the week and a span of the day, and the instants that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.schedule import DAY_NAMES, DayName
from alerts.wall_time import instant_of, wall_of

DAY = timedelta(days=1)


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """On these days of the week from `start` to `end` by the wall; an end that is not later is on the next day."""

    days: tuple[DayName, ...]
    start: time
    end: time


class Span(msgspec.Struct, frozen=True):
    """From one instant on until right before another."""

    begins: datetime
    ends: datetime


def spans_of(hours: Iterable[Hours], first: date, days: int, zone: ZoneInfo) -> list[Span]:
    """The hours that begin on `first` or one of the days after it, in the order in which they begin."""
    found: list[Span] = []
    for day in (first + DAY * number for number in range(days)):
        found += [_span(one, day, zone) for one in hours if DAY_NAMES[day.weekday()] in one.days]
    return sorted(found, key=lambda span: span.begins)


def covers(hours: tuple[Hours, ...], at: datetime, zone: ZoneInfo) -> bool:
    """Whether this instant is in one of them; where none are given, all are meant."""
    if not hours:
        return True
    yesterday = wall_of(at, zone).date() - DAY
    return any(span.begins <= at < span.ends for span in spans_of(hours, yesterday, 2, zone))


def days_twice(hours: Iterable[Hours]) -> Iterator[int]:
    """Which of these name a day twice."""
    for number, one in enumerate(hours):
        if len(set(one.days)) != len(one.days):
            yield number


def _span(hours: Hours, day: date, zone: ZoneInfo) -> Span:
    last = day if hours.end > hours.start else day + DAY
    return Span(
        instant_of(datetime.combine(day, hours.start), zone), instant_of(datetime.combine(last, hours.end), zone)
    )
