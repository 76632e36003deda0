"""Where somebody is, told from one position after the other: only what crosses a border, or stands still, is told.

A fix is never certain. Where its circle of accuracy touches a border it may lie on either side, and changes nothing.
What lies clearly on the other side counts once `FIXES_DECIDE` fixes in a row say so, or once they have said so for
`SECONDS_DECIDE`; where only one does, that is told too, for there may be no other. The straight way between two fixes
counts as well: through an exclusion zone and out again was inside.

Fixes that come late, or out of order, never move the last position back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.geography import Outline, Point, Shape, prepare, roughly_m
from alerts.ids import derived_id
from alerts.signal_base import Fix
from alerts.signals import FixReported, ZoneEntered, ZoneLeft, ZoneSeemed
from alerts.zone_rule import ZoneKind

FIXES_DECIDE = 2
SECONDS_DECIDE = timedelta(seconds=30)
UNKNOWN_ACCURACY_M = 30.0
"""What a fix without an accuracy is taken to have: a phone in a street."""
WORST_ACCURACY_M = 2000.0
"""Whatever says that it is worse places nobody."""
SURELY_PASSED = timedelta(minutes=10)
"""Between fixes farther apart in time the straight way says little about the way that was taken."""
STILL_WITHIN_M = 60.0
STILL_AFTER = timedelta(minutes=3)
KEPT_APART = timedelta(seconds=5)
KEPT_APART_M = 15.0
"""Positions of a trail that are closer in both say nothing more."""

Sighting = FixReported | ZoneSeemed | ZoneEntered | ZoneLeft


class WatchedZone(msgspec.Struct, frozen=True, kw_only=True):
    """A zone whose border is watched."""

    id: str
    kind: ZoneKind
    shape: Shape


class Asks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of somebody's positions besides zones.

    With `trail` they are kept and each newest one is told. With `told_every_ms` one is told at least so often.
    """

    trail: bool = False
    told_every_ms: int | None = None
    journeys: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.trail or self.told_every_ms is not None or bool(self.journeys)


class ZoneTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """On which side of a border somebody is, and the fixes in a row that say otherwise."""

    inside: bool | None = None
    otherwise: int = 0
    since: datetime | None = None


class Track(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of where somebody is.

    `anchor` is the fix from which she has not moved away since; `told_at` when one was told last; `kept` the last one
    of the trail.
    """

    last: Fix | None = None
    anchor: Fix | None = None
    kept: Fix | None = None
    told_at: datetime | None = None
    zones: dict[str, ZoneTrack] = {}


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some fixes: what is known now, what is told of it, and what of them belongs on the trail."""

    track: Track
    sightings: tuple[Sighting, ...] = ()
    trail: tuple[Fix, ...] = ()


def follow(
    person: str, zones: Sequence[WatchedZone], asks: Asks, track: Track, fixes: Sequence[Fix], now: datetime
) -> Followed:
    """What these fixes, in whatever order they come, tell of somebody."""
    outlines = [(zone, prepare(zone.shape)) for zone in zones]
    borders = {zone.id: track.zones.get(zone.id) or ZoneTrack() for zone in zones}
    sightings: list[Sighting] = []
    kept, trail = track.kept, []
    last, anchor = track.last, track.anchor
    for fix in sorted(fixes, key=lambda one: one.at):
        if asks.trail and worth_keeping(kept, fix):
            trail.append(fix)
            kept = fix if kept is None or fix.at > kept.at else kept
        if last is not None and fix.at <= last.at:
            continue
        for zone, outline in outlines:
            crossings, borders[zone.id] = _cross(person, zone, outline, borders[zone.id], last, fix, now)
            sightings += crossings
        anchor = _anchored(anchor, fix)
        last = fix
    told_at = track.told_at
    if last is not None and last is not track.last and _worth_telling(asks, told_at, now):
        sightings.append(_report(person, last, anchor, now))
        told_at = now
    after = Track(last=last, anchor=anchor, kept=kept, told_at=told_at, zones=borders)
    return Followed(track=after, sightings=tuple(sightings), trail=tuple(trail))


def accuracy_of(fix: Fix) -> float:
    """How far off it may be, in metres."""
    return UNKNOWN_ACCURACY_M if fix.accuracy is None else fix.accuracy


def place_of(fix: Fix) -> Point:
    """Where it is."""
    return Point(fix.latitude, fix.longitude)


def _cross(
    person: str,
    zone: WatchedZone,
    outline: Outline,
    border: ZoneTrack,
    last: Fix | None,
    fix: Fix,
    now: datetime,
) -> tuple[list[Sighting], ZoneTrack]:
    """What this fix says about one border."""
    accuracy = accuracy_of(fix)
    if accuracy > WORST_ACCURACY_M:
        return [], border
    depth = outline.inside_by(place_of(fix), accuracy)
    inside = depth > 0
    if abs(depth) <= accuracy:
        # It may lie on either side: it says nothing.
        return [], border
    if border.inside is inside:
        # From a fix that lay inside, and did not count, the way out does not count either.
        passed = not inside and border.otherwise == 0 and _passed_through(zone, outline, last, fix)
        steady = ZoneTrack(inside=inside)
        if not passed or last is None:
            # One that said otherwise was alone.
            alone: list[Sighting] = [_seemed(person, zone, fix, now, inside=inside)] if border.otherwise else []
            return alone, steady
        return [_entered(person, zone, last, fix, now), _left(person, zone, fix, now)], steady
    count, since = border.otherwise + 1, border.since or fix.at
    if border.inside is not None and count < FIXES_DECIDE and fix.at - since < SECONDS_DECIDE:
        seemed: list[Sighting] = [_seemed(person, zone, fix, now, inside=inside)] if count == 1 else []
        return seemed, msgspec.structs.replace(border, otherwise=count, since=since)
    decided = ZoneTrack(inside=inside)
    if inside:
        return [_entered(person, zone, fix, fix, now, since=since)], decided
    return [_left(person, zone, fix, now, since=since)], decided


def _passed_through(zone: WatchedZone, outline: Outline, last: Fix | None, fix: Fix) -> bool:
    if zone.kind != "exclusion" or last is None or fix.at - last.at > SURELY_PASSED:
        return False
    if max(accuracy_of(last), accuracy_of(fix)) > WORST_ACCURACY_M / 10:
        return False
    return outline.passes_through(place_of(last), place_of(fix))


def _seemed(person: str, zone: WatchedZone, fix: Fix, now: datetime, *, inside: bool) -> ZoneSeemed:
    return ZoneSeemed(
        id=derived_id("zone", person, zone.id, "seems", inside, fix.at.isoformat()),
        person=person,
        at=fix.at,
        received_at=now,
        zone=zone.id,
        inside=inside,
        fix=fix,
    )


def _entered(
    person: str, zone: WatchedZone, before: Fix, fix: Fix, now: datetime, *, since: datetime | None = None
) -> ZoneEntered:
    at = since or before.at
    return ZoneEntered(
        id=derived_id("zone", person, zone.id, "in", fix.at.isoformat()),
        person=person,
        at=at,
        received_at=now,
        zone=zone.id,
        fix=fix,
    )


def _left(person: str, zone: WatchedZone, fix: Fix, now: datetime, *, since: datetime | None = None) -> ZoneLeft:
    return ZoneLeft(
        id=derived_id("zone", person, zone.id, "out", fix.at.isoformat()),
        person=person,
        at=since or fix.at,
        received_at=now,
        zone=zone.id,
        fix=fix,
    )


def _anchored(anchor: Fix | None, fix: Fix) -> Fix:
    """The fix that she has not moved away from, as far as can be told."""
    if anchor is None:
        return fix
    away = roughly_m(place_of(anchor), place_of(fix))
    return anchor if away <= max(STILL_WITHIN_M, accuracy_of(anchor) + accuracy_of(fix)) else fix


def _worth_telling(asks: Asks, told_at: datetime | None, now: datetime) -> bool:
    if asks.trail:
        return True
    if asks.told_every_ms is None:
        return False
    return told_at is None or now - told_at >= timedelta(milliseconds=asks.told_every_ms)


def _report(person: str, last: Fix, anchor: Fix | None, now: datetime) -> FixReported:
    return FixReported(
        id=derived_id("fix", person, last.at.isoformat(), last.latitude, last.longitude),
        person=person,
        at=last.at,
        received_at=now,
        fix=last,
        still=anchor is not None and last.at - anchor.at >= STILL_AFTER,
    )


def worth_keeping(kept: Fix | None, fix: Fix) -> bool:
    """Whether it says anything that the last one of a trail does not."""
    if kept is None or abs(fix.at - kept.at) >= KEPT_APART:
        return True
    return roughly_m(place_of(kept), place_of(fix)) >= KEPT_APART_M
