"""How a text answers: a digit, and before it the letter of one of several alerts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from streams.records import Person

ANSWER = re.compile(r"([A-Z])?\s*([1234])\W*", re.IGNORECASE)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMED_AT_MOST = 5

A = TypeVar("A")


def chosen_of(alerts: Sequence[A], written: str) -> tuple[A, str] | None:
    """Which alert is answered, and by which digit; None where it says neither.

    A bare digit answers the only one; of several the letter says which.
    """
    match = ANSWER.fullmatch(written)
    if match is None:
        return None
    if match[1] is None:
        return (alerts[0], match[2]) if len(alerts) == 1 else None
    place = LETTERS.index(match[1].upper())
    return (alerts[place], match[2]) if place < len(alerts) else None


def lettered(people: Iterable[Person]) -> str:
    """Whom each letter means."""
    known = list(people)[:NAMED_AT_MOST]
    return ", ".join(f"{LETTERS[place]}: {person.known_as or person.name}" for place, person in enumerate(known))
