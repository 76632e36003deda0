"""How a text answers: a digit, and before it the letter of one of several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from streams.records import Person

ANSWER = re.compile(r"([A-Z]{1,3})?\s*([1234])\W*", re.IGNORECASE)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMED_AT_MOST = 5

A = TypeVar("A")


def letter_of(place: int) -> str:
    """A to Z, then AA, AB …, as the columns of a sheet go on."""
    more, last = divmod(place, len(LETTERS))
    return (letter_of(more - 1) if more else "") + LETTERS[last]


def has_letter(written: str) -> bool:
    """Whether an answer says which of several it is for."""
    match = ANSWER.fullmatch(written)
    return match is not None and match[1] is not None


def digit_of(written: str) -> str | None:
    """The digit that an answer says, whatever it is for; None where it says none."""
    match = ANSWER.fullmatch(written)
    return match[2] if match is not None else None


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


def lettered(known: Sequence[tuple[str, Person, str]]) -> str:
    """Whom each letter means; by whose contact it is as well where that is the same person twice."""
    often = Counter(person.id for _, person, _ in known)
    return ", ".join(
        f"{letter}: {person.known_as or person.name}" + (f" ({whose})" if often[person.id] > 1 else "")
        for letter, person, whose in known[:NAMED_AT_MOST]
    )
