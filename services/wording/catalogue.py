"""The catalogue: every string that a person may read, by language and part, as JSON files that a translator can edit.

A value is a text with `{placeholders}`, or a text for each plural category of the Unicode CLDR (`one`, `other`, …)
chosen by the placeholder `count`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from babel.dates import format_time

FALLBACK = "en"
PARTS = ("phone", "desk", "contact", "messages", "ping", "schedule", "script")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
Entry = str | dict[str, str]


class Missing(Exception):
    """A string that the catalogue does not have."""


@cache
def languages() -> tuple[str, ...]:
    """The languages that are complete, English first."""
    found = sorted(f.name for f in resources.files("services.wording").joinpath("catalogue").iterdir() if f.is_dir())
    return (FALLBACK, *(name for name in found if name != FALLBACK))


@cache
def raw_part(language: str, part: str) -> bytes | None:
    """One file of the catalogue as it stands, or None when there is none."""
    if language not in languages() or part not in PARTS:
        return None
    return resources.files("services.wording").joinpath("catalogue", language, f"{part}.json").read_bytes()


@cache
def _entries(language: str, part: str) -> dict[str, Entry]:
    raw = raw_part(language, part)
    if raw is None:
        raise Missing(f"{language}/{part}")
    return msgspec.json.decode(raw, type=dict[str, Entry])


def known_language(wish: str) -> str:
    """The wished language where the catalogue has it, else English."""
    short = wish.replace("_", "-").split("-", maxsplit=1)[0].lower()
    return short if short in languages() else FALLBACK


def say(language: str, part: str, key: str, /, **values: Any) -> str:
    """The words for a key. Raises `Missing`."""
    language = known_language(language)
    entry = _entries(language, part).get(key)
    if entry is None:
        raise Missing(f"{language}/{part}: {key}")
    if isinstance(entry, dict):
        category = Locale.parse(language).plural_form(values.get("count", 0))
        entry = entry.get(category, entry["other"])
    return PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), entry)


def read_formats() -> None:
    """Reads how each language writes a time: it takes as long as fifty messages, and the first alarm is not to wait."""
    for language in languages():
        time_of_day(datetime(2000, 1, 1, tzinfo=UTC), "UTC", language)


def time_of_day(at: datetime, zone: str, language: str) -> str:
    """The wall time where the person lives, in the reader's way: `9:05 PM`, `21:05`."""
    written = format_time(at, "short", tzinfo=ZoneInfo(zone), locale=Locale.parse(known_language(language)))
    # CLDR puts narrow no-break spaces there, which would make a text message cost more than twice the room.
    return written.replace("\u202f", " ").replace("\xa0", " ")
