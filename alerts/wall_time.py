"""Between the clock on the wall and instants.

The rule, once for everything that keeps a wall time: one that does not exist (clocks were put forward over it) happens
at the first instant after the gap; one that happens twice (clocks were put back over it) happens the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def wall_of(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at this instant (naive)."""
    return at.astimezone(zone).replace(tzinfo=None)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which this wall time happens."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_of(first, zone) == wall.replace(fold=0):
        return first
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that this wall time lies in.

    Read with the offset after the change it lies before the change, read with the offset before it lies after: between
    the two the offset changes once, and that is the instant looked for.
    """
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
