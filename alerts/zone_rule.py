"""What a zone asks for, and when: its hours on the clock of the place where they hold."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from alerts.hours import DAY, Hours, Span, days_twice, spans_of
from alerts.rule_mistake import RuleMistake
from alerts.wall_time import wall_of

ZoneKind = Literal["safe", "exclusion"]


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


def _spans(rule: ZoneRule, at: datetime) -> list[Span]:
    """The hours that begin from the day before until a week later, in the order in which they begin."""
    zone = ZoneInfo(rule.zone)
    return spans_of(rule.hours, wall_of(at, zone).date() - DAY, 10, zone)


def check_hours(rule: ZoneRule) -> None:
    """Refuses hours that cannot be kept. Raises `RuleMistake`, naming the field."""
    try:
        ZoneInfo(rule.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleMistake("time_zone", "is not a known IANA time zone, such as America/Chicago") from error
    for number in days_twice(rule.hours):
        raise RuleMistake(f"hours[{number}].days", "names a day twice")
