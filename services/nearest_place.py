"""Where a position is, seen from the nearest place that somebody has labelled: how far off, in which direction."""

from __future__ import annotations

import math
from typing import Any

from alerts.geography import Point, around, distance_m, roughly_m
from alerts.signal_base import Fix
from alerts.track import accuracy_of, place_of

POINTS = ("north", "north_east", "east", "south_east", "south", "south_west", "west", "north_west")
AT_LEAST_M = 30
"""Nobody can tell whether somebody who is so near is there or not."""
MOST_UNSURE_M = 200


def nearest(fix: Fix | None, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The nearest labelled place: its distance in metres, and in which direction from it the person is."""
    place = nearest_place(fix, places)
    if fix is None or place is None:
        return None
    metres = distance_m(_point(place), place_of(fix))
    return {"label": place["label"], "distance_m": round(metres), "bearing": _bearing(place, fix)}


def nearest_place(fix: Fix | None, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The nearest labelled place as it is kept; None without a position or a place."""
    if fix is None or not places:
        return None
    here = place_of(fix)
    return min(places, key=lambda place: roughly_m(_point(place), here))


def is_at(fix: Fix, metres: float) -> bool:
    """Whether, as far as can be told, somebody so far from a place is there."""
    return metres <= min(max(AT_LEAST_M, accuracy_of(fix)), MOST_UNSURE_M)


def _point(place: dict[str, Any]) -> Point:
    return Point(place["latitude"], place["longitude"])


def _bearing(place: dict[str, Any], fix: Fix) -> str:
    """One of eight points of the compass; near enough for words (equirectangular approximation)."""
    north = fix.latitude - place["latitude"]
    east = around(fix.longitude - place["longitude"]) * math.cos(math.radians(fix.latitude))
    return POINTS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
