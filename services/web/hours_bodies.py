"""Hours of the week as they are sent and shown: of zones, turns, and of what may be read by others at other times."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

import msgspec

from alerts.hours import Hours, days_twice
from alerts.schedule import DAY_NAMES, DayName
from services.web.problems import field_problem

Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Days = Annotated[list[DayName], msgspec.Meta(min_length=1, max_length=7)]


class HoursBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From `start` to `end` by the wall, on these days; an end that is not later is on the next day."""

    days: Days = msgspec.field(default_factory=lambda: list(DAY_NAMES))
    start: Clock
    end: Clock


AllHours = Annotated[list[HoursBody], msgspec.Meta(max_length=20)]


def hours_of(given: list[HoursBody]) -> tuple[Hours, ...]:
    """As they are kept; days that are named twice are not looked for."""
    return tuple(
        Hours(days=tuple(h.days), start=time.fromisoformat(h.start), end=time.fromisoformat(h.end)) for h in given
    )


def checked_hours(given: list[HoursBody], field: str) -> tuple[Hours, ...]:
    """The same. Raises the problem of a day that is named twice, below `field`."""
    hours = hours_of(given)
    for twice in days_twice(hours):
        raise field_problem(f"{field}[{twice}].days", "names a day twice")
    return hours


def hours_view(hours: tuple[Hours, ...]) -> list[dict[str, Any]]:
    """As they are sent."""
    return [{"days": h.days, "start": f"{h.start:%H:%M}", "end": f"{h.end:%H:%M}"} for h in hours]
