"""How a text answers: a digit, and before it the letter of one of several alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from streams.records import Person

ANSWER = re.compile(r"([A-Z]{1,2})?\s*([1234])\W*", re.IGNORECASE)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMED_AT_MOST = 5

A = TypeVar("A")


def letter_of(place: int) -> str:
    """A to Z, then AA, AB …, as the columns of a sheet go on."""
    more, last = divmod(place, len(LETTERS))
    return (LETTERS[more - 1] if more else "") + LETTERS[last]


def chosen_of(alerts: Mapping[str, A], written: str) -> tuple[A, str] | None:
    """Which of these, by its letter, is answered, and by which digit; None where it says neither.

    A bare digit answers the only one. A letter means what it meant before, whatever is over meanwhile.
    """
    match = ANSWER.fullmatch(written)
    if match is None:
        return None
    if match[1] is None:
        return (next(iter(alerts.values())), match[2]) if len(alerts) == 1 else None
    chosen = alerts.get(match[1].upper())
    return (chosen, match[2]) if chosen is not None else None


def lettered(people: Mapping[str, Person]) -> str:
    """Whom each letter means."""
    known = list(people.items())[:NAMED_AT_MOST]
    return ", ".join(f"{letter}: {person.known_as or person.name}" for letter, person in known)
