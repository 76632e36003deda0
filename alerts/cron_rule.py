"""The five fields of cron: minute, hour, day of the month, month, day of the week.

Read here rather than by a library: those look for the next match until they find one, which for "31 February" is never,
and resolve wall times by rules of their own. Here a rule says of a day whether it matches, and of a day's times.
"""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache

import msgspec

from alerts.rule_mistake import RuleMistake

FIELD = "rule.cron"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, WEEKDAYS),
)


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """An expression as it was understood; weekdays count from Monday, 0."""

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Where both kinds of day are limited, one of the two is enough: that is how cron reads it."""

    def matches(self, day: date) -> bool:
        """Whether it fires on this day."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.weekday() in self.weekdays
        return by_date or by_weekday if self.either else by_date and by_weekday


@lru_cache(maxsize=4096)
def read_cron(text: str) -> Cron:
    """The expression. Raises `RuleMistake`."""
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise RuleMistake(FIELD, f"has five fields (minute hour day month weekday), not {len(parts)}")
    minutes, hours, days, months, weekdays = (_values(part, *of) for part, of in zip(parts, FIELDS, strict=True))
    return Cron(
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset((day + 6) % 7 for day in weekdays),
        either=not parts[2].startswith(("*", "?")) and not parts[4].startswith(("*", "?")),
    )


def _values(part: str, name: str, low: int, high: int, words: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.lower().split(","):
        span, slash, step_text = piece.partition("/")
        step = _number(step_text, name, 1, high, ()) if slash else 1
        if span in {"*", "?"}:
            first, last = low, high if name != "day of the week" else 6
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, name, low, high, words)
            last = _number(end, name, low, high, words) if dash else high if slash else first
        if first > last:
            raise RuleMistake(FIELD, f"{name}: {piece} runs backwards")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text) + (1 if words is MONTHS else 0)
    if text.isascii() and text.isdigit() and len(text) <= 2 and low <= int(text) <= high:
        return int(text)
    raise RuleMistake(FIELD, f"{name}: {text or 'nothing'} is not from {low} to {high}")
