"""Where a position is, in words: the nearest place that somebody has labelled, how far off, and in which direction."""

from __future__ import annotations

import math
from typing import Any

from geopy.distance import great_circle

from alerts.signals import Fix

POINTS = ("north", "north_east", "east", "south_east", "south", "south_west", "west", "north_west")


def nearest(fix: Fix | None, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The nearest labelled place: its distance in metres, and in which direction from it the person is."""
    if fix is None or not places:
        return None
    here = (fix.latitude, fix.longitude)
    distances = [(great_circle(here, (p["latitude"], p["longitude"])).meters, p) for p in places]
    distance, place = min(distances, key=lambda pair: pair[0])
    return {"label": place["label"], "distance_m": round(distance), "bearing": _bearing(place, fix)}


def _bearing(place: dict[str, Any], fix: Fix) -> str:
    """One of eight points of the compass; near enough for words (equirectangular approximation)."""
    north = fix.latitude - place["latitude"]
    east = (fix.longitude - place["longitude"]) * math.cos(math.radians(fix.latitude))
    return POINTS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
