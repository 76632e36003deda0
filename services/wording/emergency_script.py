"""What to read aloud to the emergency centre, and the number that reaches the centre of the place where it happens.

Whoever dials their own emergency number reaches the centre for where they sit, which may be another city's. A labelled
place can keep the number of its own centre: where she is near enough to it, that is the one to ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.geography import Point, distance_m
from alerts.signal_base import Fix
from alerts.situation import Incident
from alerts.track import place_of
from services.nearest_place import nearest_place
from services.wording.catalogue import say
from services.wording.place_words import place_words
from streams.records import EmergencyNumber, Organization, Person

SAME_CENTRE_M = 25_000
"""A centre answers for a county or a city: farther off than this it may be another one's."""
NOW_S = 120
DANGERS = ("weapons", "other_person", "children", "animals", "care")


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers to ring, the likeliest first, and the sentences."""

    numbers: list[EmergencyNumber]
    lines: list[str]


def emergency_script(language: str, agency: Organization, person: Person, incident: Incident, now: datetime) -> Script:
    """In the language of whoever reads it aloud."""
    places = list(person.details.get("places") or [])
    return Script(
        numbers=[*_numbers_there(language, incident.fix, places), *agency.emergency],
        lines=list(_lines(language, agency, person, incident, now)),
    )


def _numbers_there(language: str, fix: Fix | None, places: list[dict[str, Any]]) -> Iterator[EmergencyNumber]:
    with_number = [place for place in places if place.get("emergency")]
    place = nearest_place(fix, with_number) if fix is not None else next(iter(with_number[:1]), None)
    if place is None:
        return
    if fix is not None and distance_m(Point(place["latitude"], place["longitude"]), place_of(fix)) > SAME_CENTRE_M:
        return
    numbers = place["emergency"]
    label = say(language, "script", "number", label=place["label"])
    yield EmergencyNumber(label=label, call=numbers.get("voice"), text=numbers.get("text"))


def _lines(language: str, agency: Organization, person: Person, incident: Incident, now: datetime) -> Iterator[str]:
    def words(key: str, **values: Any) -> str:
        return say(language, "script", key, **values)

    brief: Mapping[str, Any] = person.details.get("brief") or {}
    yield words("who", agency=agency.name)
    yield words(f"what.{incident.gravest}")
    yield from _where(language, incident.fix, list(person.details.get("places") or []), now)
    yield words("name", name=person.name)
    for danger in DANGERS:
        if brief.get(danger):
            yield words(f"danger.{danger}", text=brief[danger])
    if brief.get("contact"):
        yield words(f"call.{brief['contact']}")
    if agency.call_back:
        yield words("back", number=agency.call_back)


def _where(language: str, fix: Fix | None, places: list[dict[str, Any]], now: datetime) -> Iterator[str]:
    def words(key: str, **values: Any) -> str:
        return say(language, "script", key, **values)

    if fix is None:
        home = next((p.get("address") or p["label"] for p in places), None)
        yield words("where.home", address=home) if home else words("where.unknown")
        return
    near, there = nearest_place(fix, places), place_words(language, fix, places)
    if near is not None and there is not None:
        yield words("where", place=there)
        if near.get("address"):
            yield words("where.address", address=near["address"])
        if near.get("entry"):
            yield words("where.entry", entry=near["entry"])
    degrees = {"latitude": f"{fix.latitude:.5f}", "longitude": f"{fix.longitude:.5f}"}
    if fix.accuracy is None:
        yield words("where.degrees_unsure", **degrees)
    else:
        yield words("where.degrees", **degrees, metres=max(1, round(fix.accuracy)))
    age = (now - fix.at).total_seconds()
    yield words("where.now") if age < NOW_S else words("where.age", count=round(age / 60))
