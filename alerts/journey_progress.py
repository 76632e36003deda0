"""How a journey goes, told from one position after the other: there, moving on, standing still, turned away.

Lengths are metres, speeds metres a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerts.geography import Circle, distance_m
from alerts.ids import derived_id
from alerts.signal_base import Fix, Worry
from alerts.signals import JourneyArrived, JourneyCalmed, JourneyProgressed, JourneyWorried
from alerts.track import Asks, Track, accuracy_of, follow, place_of

STILL_FOR = timedelta(minutes=10)
"""A train that waits, a talk at the door: less says nothing."""
AWAY_M, AWAY_SHARE = 500.0, 0.2
"""The way round a block, or the way to the bus, leads away too: farther than this it is odd."""
AWAY_FOR = timedelta(minutes=3)
BATTERY_LOW = 0.1
PACE_OVER = timedelta(minutes=5)
"""So long she is watched before her pace says anything."""
PACE_ANEW = timedelta(minutes=10)
TOLD_APART = timedelta(minutes=2)
SLOWEST = 0.3
"""Whoever comes nearer more slowly than this is not expected at any time."""
FIXES_ONLY = Asks()

JourneySighting = JourneyArrived | JourneyProgressed | JourneyWorried | JourneyCalmed


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far she has come.

    `nearest_m` is the least distance so far; `away_since` when she was first too far from that; `pace_from` when, and
    at which distance, her pace is reckoned from; `told_at` when she was last said to be expected.
    """

    track: Track = Track()
    nearest_m: float | None = None
    away_since: datetime | None = None
    pace_from: tuple[datetime, float] | None = None
    told_at: datetime | None = None
    worries: tuple[Worry, ...] = ()


def look(
    person: str, journey: str, destination: Circle, progress: Progress, fixes: Sequence[Fix], now: datetime
) -> tuple[Progress, list[JourneySighting]]:
    """What these fixes tell of a journey."""
    before = progress.track.last
    found = follow(person, (), FIXES_ONLY, progress.track, fixes, now)
    progress = msgspec.structs.replace(progress, track=found.track)
    last = found.track.last
    if last is None or last is before:
        return progress, []
    make = _Makes(person, journey, last, now)
    distance = distance_m(place_of(last), destination.center) - destination.radius_m
    if distance < -min(accuracy_of(last), destination.radius_m / 2):
        # One is enough: whoever has arrived may send no other, and none lies here by mistake.
        return progress, [make(JourneyArrived, "arrived")]
    progress = _nearer(progress, distance, last)
    worries = _worries(progress, last, distance)
    sightings: list[JourneySighting] = [
        make(JourneyWorried, worry, worry=worry) for worry in worries if worry not in progress.worries
    ]
    sightings += [make(JourneyCalmed, worry, worry=worry) for worry in progress.worries if worry not in worries]
    progress = msgspec.structs.replace(progress, worries=worries)
    expected = _expected(progress, last, distance)
    if expected is not None and not worries and (progress.told_at is None or last.at - progress.told_at >= TOLD_APART):
        sightings.append(make(JourneyProgressed, "progressed", expected_at=expected))
        progress = msgspec.structs.replace(progress, told_at=last.at)
    return progress, sightings


class _Makes:
    """Makes signals of one instant: the same for the same fix."""

    def __init__(self, person: str, journey: str, last: Fix, now: datetime) -> None:
        self._person = person
        self._journey = journey
        self._last = last
        self._now = now

    def __call__(self, kind: Any, what: str, **fields: Any) -> Any:
        at = self._last.at
        return kind(
            id=derived_id("journey", self._journey, kind.__name__, what, at.isoformat()),
            person=self._person,
            at=at,
            received_at=self._now,
            journey=self._journey,
            **fields,
        )


def _nearer(progress: Progress, distance: float, last: Fix) -> Progress:
    nearest = distance if progress.nearest_m is None else min(distance, progress.nearest_m)
    too_far = distance - nearest > max(AWAY_M, AWAY_SHARE * nearest)
    pace_from = progress.pace_from
    if pace_from is None or last.at - pace_from[0] > PACE_ANEW:
        pace_from = (last.at, distance)
    return msgspec.structs.replace(
        progress,
        nearest_m=nearest,
        away_since=(progress.away_since or last.at) if too_far else None,
        pace_from=pace_from,
    )


def _worries(progress: Progress, last: Fix, distance: float) -> tuple[Worry, ...]:
    found: list[Worry] = []
    anchor = progress.track.anchor
    if distance > 0 and anchor is not None and last.at - anchor.at >= STILL_FOR:
        found.append("standing_still")
    if progress.away_since is not None and last.at - progress.away_since >= AWAY_FOR:
        found.append("turned_away")
    if last.battery is not None and last.battery <= BATTERY_LOW:
        found.append("battery_low")
    return tuple(found)


def _expected(progress: Progress, last: Fix, distance: float) -> datetime | None:
    """When she is there at her pace: how fast she comes nearer, which allows for the bends of the way."""
    if progress.pace_from is None or last.at - progress.pace_from[0] < PACE_OVER:
        return None
    pace = (progress.pace_from[1] - distance) / (last.at - progress.pace_from[0]).total_seconds()
    return last.at + timedelta(seconds=distance / pace) if pace >= SLOWEST else None
