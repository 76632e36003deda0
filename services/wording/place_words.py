"""Words for a place, without asking anybody: `200 m north of HOME`."""

from __future__ import annotations

from typing import Any

from alerts.signal_base import Fix
from services.nearest_place import is_at, nearest
from services.wording.catalogue import say


def place_words(language: str, fix: Fix, places: list[dict[str, Any]]) -> str | None:
    """Where it is, seen from the nearest labelled place; None where there is no such place."""
    near = nearest(fix, places)
    if near is None:
        return None
    if is_at(fix, near["distance_m"]):
        return say(language, "messages", "place.near", label=near["label"])
    bearing = say(language, "messages", f"bearing.{near['bearing']}")
    distance = distance_words(near["distance_m"])
    return say(language, "messages", "place.from", label=near["label"], distance=distance, bearing=bearing)


def distance_words(metres: float) -> str:
    """As people say it: no more exact than it is of use."""
    if metres < 1000:
        step = 10 if metres < 100 else 50
        rounded = max(step, round(metres / step) * step)
        if rounded < 1000:
            return f"{rounded} m"
    return f"{metres / 1000:.1f} km" if metres < 9_950 else f"{metres / 1000:.0f} km"
