"""Who of a team is on call: rotations and shifts, and what overrules them.

A rotation hands over from member to member by the clock on the wall of the team's zone: at eight in the evening also
on the days on which clocks change, when such a turn is an hour shorter or longer. Overrides hold in the order in which
they were made, the later before the earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from alerts.hours import DAY, Hours, Span, spans_of
from alerts.wall_time import instant_of, wall_of

Unit = Literal["hours", "days", "weeks"]
AHEAD = timedelta(days=35)
"""How far is looked for whoever is next."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`members` take turns, the first from `begins` at `hand_over`, each for `every` of `unit`.

    With `hours` only then; outside of them nobody is on by this rotation.
    """

    members: tuple[str, ...]
    begins: date
    hand_over: time
    every: int = 1
    unit: Unit = "weeks"
    hours: tuple[Hours, ...] = ()

    @property
    def turn(self) -> timedelta:
        """How long one turn is on the wall."""
        return timedelta(**{self.unit: self.every})

    @property
    def first(self) -> datetime:
        """When the first turn begins, on the wall."""
        return datetime.combine(self.begins, self.hand_over)


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One member is on from `since` until right before `until`, whatever the rotations say of others."""

    id: str
    staff: str
    since: datetime
    until: datetime


class Override(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From `since` until right before `until` it is `staff` (None: nobody) in the place of `instead_of`.

    Without `instead_of` in the place of everybody: that is *take it now*. A swap is two of them.
    """

    id: str
    since: datetime
    until: datetime
    staff: str | None = None
    instead_of: str | None = None


class Rota(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything by which a team's turns are reckoned; `time_zone` is an IANA name."""

    time_zone: str = "UTC"
    rotations: tuple[Rotation, ...] = ()
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on from `since` until right before `until`; nobody: a gap."""

    since: datetime
    until: datetime
    staff: tuple[str, ...]


def on_call(rota: Rota, at: datetime) -> tuple[str, ...]:
    """Who is on at this instant, each once: by rotations, then by shifts."""
    zone = ZoneInfo(rota.time_zone)
    staff: dict[str, None] = {}
    for rotation in rota.rotations:
        if rotation.members and _in_hours(rotation, at, zone):
            number = _turn_at(rotation, at, zone)
            if number is not None:
                staff.setdefault(rotation.members[number % len(rotation.members)])
    staff.update(dict.fromkeys(shift.staff for shift in rota.shifts if shift.since <= at < shift.until))
    return _overruled(tuple(staff), [o for o in rota.overrides if o.since <= at < o.until])


def turns(rota: Rota, since: datetime, until: datetime) -> list[OnCall]:
    """Who is on when, from `since` until `until`, without a pause between one and the next."""
    edges = sorted({since, *(edge for edge in _edges(rota, since, until) if since < edge < until)})
    found: list[OnCall] = []
    for begins, ends in zip(edges, [*edges[1:], until], strict=True):
        staff = on_call(rota, begins)
        if found and set(found[-1].staff) == set(staff):
            found[-1] = OnCall(since=found[-1].since, until=ends, staff=found[-1].staff)
        else:
            found.append(OnCall(since=begins, until=ends, staff=staff))
    return found


def next_change(rota: Rota, at: datetime) -> datetime | None:
    """When somebody else, or nobody, is on; None where that is more than five weeks off."""
    found = turns(rota, at, at + AHEAD)
    return found[1].since if len(found) > 1 else None


def gaps(rota: Rota, since: datetime, until: datetime) -> list[Span]:
    """When nobody is on."""
    return [Span(turn.since, turn.until) for turn in turns(rota, since, until) if not turn.staff]


def _overruled(staff: tuple[str, ...], overrides: list[Override]) -> tuple[str, ...]:
    for override in overrides:
        if override.instead_of is None:
            staff = (override.staff,) if override.staff is not None else ()
        elif override.instead_of in staff:
            put = [override.staff if one == override.instead_of else one for one in staff]
            staff = tuple(dict.fromkeys(one for one in put if one is not None))
    return staff


def _in_hours(rotation: Rotation, at: datetime, zone: ZoneInfo) -> bool:
    if not rotation.hours:
        return True
    yesterday = wall_of(at, zone).date() - DAY
    return any(span.begins <= at < span.ends for span in spans_of(rotation.hours, yesterday, 2, zone))


def _turn_at(rotation: Rotation, at: datetime, zone: ZoneInfo) -> int | None:
    """Which turn this instant lies in; None before the first."""
    number = (wall_of(at, zone) - rotation.first) // rotation.turn
    # By the wall an hour may come twice, or not at all: what counts is the instant of the hand-over.
    while _hand_over(rotation, number + 1, zone) <= at:
        number += 1
    while number >= 0 and _hand_over(rotation, number, zone) > at:
        number -= 1
    return number if number >= 0 else None


def _hand_over(rotation: Rotation, number: int, zone: ZoneInfo) -> datetime:
    return instant_of(rotation.first + rotation.turn * number, zone)


def _edges(rota: Rota, since: datetime, until: datetime) -> Iterator[datetime]:
    """Every instant at which something may change."""
    zone = ZoneInfo(rota.time_zone)
    for rotation in rota.rotations:
        number = max(0, (wall_of(since, zone) - rotation.first) // rotation.turn)
        while (edge := _hand_over(rotation, number, zone)) < until:
            yield edge
            number += 1
        if rotation.hours:
            first = wall_of(since, zone).date() - DAY
            for span in spans_of(rotation.hours, first, (until - since) // DAY + 3, zone):
                yield from (span.begins, span.ends)
    for shift in rota.shifts:
        yield from (shift.since, shift.until)
    for override in rota.overrides:
        yield from (override.since, override.until)
