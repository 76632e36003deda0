"""Reads an iCalendar recurrence (RFC 5545 §3.3.10): `FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=21`, with or without `DTSTART`.

What is not supported says so by its name: seconds and minutes as a frequency, BYWEEKNO.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

import msgspec

from alerts.rule_mistake import RuleMistake
from alerts.wall_time import wall_of

FIELD = "rule.rrule"
Frequency = Literal["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NUMBERS: dict[str, tuple[int, int, bool]] = {
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
"""The smallest and largest value, and whether they may be negative too, which counts from the end."""
NOT_WITH: dict[str, tuple[str, ...]] = {"BYYEARDAY": ("DAILY", "WEEKLY", "MONTHLY"), "BYMONTHDAY": ("WEEKLY",)}
OTHERS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"})
WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
STAMP = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
MOST_TIMES = 10_000
LONGEST_INTERVAL = 1000
MOST_TIMES_A_DAY = 96
OLDEST_START = timedelta(days=366)


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """A recurrence as it was understood; everything in wall time. `weekdays` are (which one, or 0 for all; weekday)."""

    frequency: Frequency
    start: datetime
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


def read_recurrence(text: str, zone: ZoneInfo, made_at: datetime) -> Recurrence:
    """The recurrence, in `zone`. Without DTSTART it begins when the schedule was made. Raises `RuleMistake`."""
    given, parts = _lines(text, zone)
    frequency = _frequency(parts)
    numbers = {name: _numbers(name, parts[name], frequency) for name in NUMBERS if name in parts}
    start = _begins(given, wall_of(made_at, zone), numbers, frequency)
    weekdays = _weekdays(parts.get("BYDAY", ""), frequency)
    _check_together(parts, numbers)
    months, month_days = numbers.get("BYMONTH", ()), numbers.get("BYMONTHDAY", ())
    if not (weekdays or month_days or "BYYEARDAY" in numbers):
        # What is not said follows from the day on which it begins.
        if frequency == "YEARLY":
            months, month_days = months or (start.month,), (start.day,)
        elif frequency == "MONTHLY":
            month_days = (start.day,)
        elif frequency == "WEEKLY":
            weekdays = ((0, start.weekday()),)
    return Recurrence(
        frequency=frequency,
        start=start,
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), LONGEST_INTERVAL),
        count=_number("COUNT", parts["COUNT"], MOST_TIMES) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        week_start=_week_start(parts.get("WKST", "MO")),
        minutes=numbers.get("BYMINUTE", (start.minute,)),
        hours=numbers.get("BYHOUR", () if frequency == "HOURLY" else (start.hour,)),
        weekdays=weekdays,
        month_days=month_days,
        year_days=numbers.get("BYYEARDAY", ()),
        months=months,
        positions=numbers.get("BYSETPOS", ()),
    )


def _begins(
    given: datetime | None, made: datetime, numbers: dict[str, tuple[int, ...]], frequency: Frequency
) -> datetime:
    if given is not None:
        if given < made - OLDEST_START:
            raise RuleMistake(FIELD, "DTSTART lies more than a year back")
        return given
    if "BYHOUR" not in numbers and frequency != "HOURLY":
        raise RuleMistake(FIELD, "names no time of day: give BYHOUR and BYMINUTE, or DTSTART")
    return made.replace(minute=made.minute if "BYMINUTE" in numbers else 0, second=0, microsecond=0)


def _check_together(parts: dict[str, str], numbers: dict[str, tuple[int, ...]]) -> None:
    """Parts that exclude or need one another."""
    for name in parts:
        if name not in NUMBERS and name not in OTHERS:
            raise RuleMistake(FIELD, f"{name} is not supported")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleMistake(FIELD, "COUNT and UNTIL exclude one another")
    if "BYSETPOS" in parts and not ("BYDAY" in parts or set(numbers) - {"BYSETPOS"}):
        raise RuleMistake(FIELD, "BYSETPOS needs another BY… to choose from")
    times = len(numbers.get("BYHOUR", (0,))) * len(numbers.get("BYMINUTE", (0,)))
    if times > MOST_TIMES_A_DAY or ("BYSETPOS" in parts and times > 1):
        # Sets so large take long to go through, and are of no use to anybody.
        raise RuleMistake(FIELD, "BYHOUR and BYMINUTE name too many times of day (with BYSETPOS: more than one)")


def _lines(text: str, zone: ZoneInfo) -> tuple[datetime | None, dict[str, str]]:
    start, rule = None, None
    for raw in text.strip().splitlines():
        line = raw.strip().upper()
        if line.startswith("DTSTART"):
            start = _start(raw.strip(), zone)
        elif rule is not None:
            raise RuleMistake(FIELD, "has one rule, with DTSTART on a line before it or without")
        else:
            rule = line.removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for piece in (rule or "").split(";"):
        name, equals, value = piece.partition("=")
        if not equals or not value or name in parts:
            raise RuleMistake(FIELD, "is made of NAME=VALUE, each once, such as FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=21")
        parts[name] = value
    return start, parts


def _start(line: str, zone: ZoneInfo) -> datetime:
    head, _, value = line.partition(":")
    named = head[len("DTSTART") :].removeprefix(";")
    if named and named != f"TZID={zone.key}":
        raise RuleMistake(FIELD, "DTSTART is in another zone than the schedule's time_zone")
    return _stamp("DTSTART", value.upper(), zone)[0].replace(second=0)


def _stamp(name: str, value: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The wall time, and whether it was a day without a time."""
    match = STAMP.fullmatch(value)
    if match is not None:
        day, clock, utc = match.groups()
        try:
            moment = datetime.strptime(day + (clock or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall time
        except ValueError as error:
            raise RuleMistake(FIELD, f"{name}: there is no such day or time") from error
        if 1970 <= moment.year <= 9000:
            return (wall_of(moment.replace(tzinfo=UTC), zone) if utc else moment), clock is None
    raise RuleMistake(FIELD, f"{name} is written like 20261123T210000")


def _until(value: str, zone: ZoneInfo) -> datetime:
    until, whole_day = _stamp("UNTIL", value, zone)
    return until + timedelta(days=1, microseconds=-1) if whole_day else until


def _frequency(parts: dict[str, str]) -> Frequency:
    frequency = parts.get("FREQ")
    if frequency in {"SECONDLY", "MINUTELY"}:
        raise RuleMistake(FIELD, f"{frequency} is too often: use HOURLY or DAILY with BYMINUTE")
    if frequency not in FREQUENCIES:
        raise RuleMistake(FIELD, "FREQ is one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY")
    return cast("Frequency", frequency)


def _number(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= most):
        raise RuleMistake(FIELD, f"{name} is from 1 to {most}")
    return int(text)


def _numbers(name: str, text: str, frequency: Frequency) -> tuple[int, ...]:
    if frequency in NOT_WITH.get(name, ()):
        raise RuleMistake(FIELD, f"{name} does not go with FREQ={frequency}")
    low, high, negative = NUMBERS[name]
    found = set()
    for piece in text.split(","):
        digits = piece.removeprefix("+")
        digits = digits.removeprefix("-") if negative else digits
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 3 and low <= int(digits) <= high):
            raise RuleMistake(FIELD, f"{name}: {piece} is not from {low} to {high}")
        found.add(-int(digits) if piece.startswith("-") else int(digits))
    return tuple(sorted(found))


def _weekdays(text: str, frequency: Frequency) -> tuple[tuple[int, int], ...]:
    found = []
    for piece in text.split(",") if text else ():
        match = WEEKDAY.fullmatch(piece)
        which = int(match[1] or 0) if match else 0
        if match is None or (match[1] is not None and which == 0) or abs(which) > (53 if frequency == "YEARLY" else 5):
            raise RuleMistake(FIELD, f"BYDAY: {piece} is not a weekday such as MO or -1SU")
        if which and frequency not in {"MONTHLY", "YEARLY"}:
            raise RuleMistake(FIELD, f"BYDAY: {piece} goes with FREQ=MONTHLY or YEARLY only")
        found.append((which, WEEKDAYS.index(match[2])))
    return tuple(found)


def _week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise RuleMistake(FIELD, "WKST is a weekday such as MO")
    return WEEKDAYS.index(text)
