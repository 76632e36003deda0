"""When a step of a policy counts at all: by what happened, where, when, and to whom.

Facts (trigger, severity, zone, battery, presses, language) are looked at again whenever something new is decided: a
step that did not count may begin to. The clock (local time, days) is looked at when a round is due; a round whose hour
it is not is over.
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import msgspec

from alerts.schedule import DAY_NAMES, DayName
from alerts.wall_time import wall_of


class ClockSpan(msgspec.Struct, frozen=True):
    """From `start` until right before `end` by the wall; an end that is not later is on the next day."""

    start: time
    end: time

    def __str__(self) -> str:
        """As policies write it, `22:00-06:00`."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is named has to hold; of a list, one of it.

    `zone` are names of the person's zones: one that was breached, or that she is in. `battery_below` is in per cent;
    a battery that is not known is not low.
    """

    trigger: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    local_time: ClockSpan | None = None
    days: tuple[DayName, ...] = ()
    battery_below: int | None = None
    presses_at_least: int | None = None
    language: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What conditions are compared with."""

    triggers: frozenset[str]
    severity: str
    zones: frozenset[str]
    """Names, casefolded."""
    battery: float | None
    """From 0 to 1."""
    presses: int
    language: str


def facts_hold(condition: Condition | None, facts: Facts) -> bool:
    """Whether everything but the clock agrees."""
    if condition is None:
        return True
    return (
        (not condition.trigger or not facts.triggers.isdisjoint(condition.trigger))
        and (not condition.severity or facts.severity in condition.severity)
        and (not condition.zone or any(name.casefold() in facts.zones for name in condition.zone))
        and (
            condition.battery_below is None
            or (facts.battery is not None and facts.battery * 100 < condition.battery_below)
        )
        and (condition.presses_at_least is None or facts.presses >= condition.presses_at_least)
        and (not condition.language or any(_reads(facts.language, wanted) for wanted in condition.language))
    )


def _reads(language: str, wanted: str) -> bool:
    """Whether `es-MX` is what is meant by `es`, and so on (RFC 4647, basic filtering)."""
    return f"{language.casefold()}-".startswith(f"{wanted.casefold()}-")


def clock_holds(condition: Condition | None, at: datetime, zone: str) -> bool:
    """Whether it is the hour and the day, by the wall of `zone`.

    After midnight a span that began the evening before still belongs to that day: Friday 22:00-06:00 is also Saturday
    at three.
    """
    if condition is None or (condition.local_time is None and not condition.days):
        return True
    wall = wall_of(at, ZoneInfo(zone))
    weekday = wall.weekday()
    span = condition.local_time
    if span is not None:
        now = wall.time()
        if span.start < span.end:
            if not span.start <= now < span.end:
                return False
        elif now < span.end:
            weekday = (weekday - 1) % 7
        elif now < span.start:
            return False
    return not condition.days or DAY_NAMES[weekday] in condition.days
