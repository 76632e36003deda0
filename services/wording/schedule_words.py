"""A schedule in plain words: `weekdays at 21:00, grace 15 minutes; next: Monday 23 November, 21:00`."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list

from alerts.schedule import Terms, occurrences, pattern
from alerts.wall_time import wall_of
from services.wording.catalogue import known_language, say

MOST_TIMES = 6
WORKDAYS = frozenset(range(5))


def schedule_words(terms: Terms, grace_ms: int, now: datetime, language: str) -> str:
    """What was agreed, and when it is next; times as the clock on the wall of the schedule's zone shows them."""
    zone = ZoneInfo(terms.zone)
    values = {"when": _when(terms, language), "grace": _grace(grace_ms, language)}
    if terms.paused and terms.paused_until is None:
        return say(language, "schedule", "words.paused", **values)
    following = next(occurrences(terms, now), None)
    if following is None:
        return say(language, "schedule", "words.nothing", **values)
    values["next"] = _moment(wall_of(following.at, zone), now, language)
    if terms.paused and terms.paused_until is not None and terms.paused_until > now:
        until = _moment(wall_of(terms.paused_until, zone), now, language)
        return say(language, "schedule", "words.paused_until", until=until, **values)
    return say(language, "schedule", "words", **values)


def _when(terms: Terms, language: str) -> str:
    found = pattern(terms)
    if found is None or len(found.times) > MOST_TIMES:
        rule = terms.rule.cron or " ".join((terms.rule.rrule or "").split())
        return say(language, "schedule", "own_rule", rule=rule)
    times = _listed([_clock(t) for t in found.times], language)
    if found.month_days:
        days = _listed([str(day) for day in found.month_days], language)
        return say(language, "schedule", "month_days", days=days, times=times)
    if len(found.weekdays) == 7:
        return say(language, "schedule", "every_day", times=times)
    if found.weekdays == WORKDAYS:
        return say(language, "schedule", "weekdays", times=times)
    days = _listed([say(language, "schedule", f"day.{day}") for day in sorted(found.weekdays)], language)
    return say(language, "schedule", "some_days", days=days, times=times)


def _grace(grace_ms: int, language: str) -> str:
    seconds = grace_ms // 1000
    if seconds == 0:
        return say(language, "schedule", "grace.none")
    if seconds % 60:
        return say(language, "schedule", "grace.seconds", count=seconds)
    return say(language, "schedule", "grace.minutes", count=seconds // 60)


def _moment(wall: datetime, now: datetime, language: str) -> str:
    """The day and the time; the year only where it is more than a few months off."""
    near = abs((wall - now.replace(tzinfo=None)).days) < 180
    form = say(language, "schedule", "moment.day" if near else "moment.day_and_year")
    day = format_date(wall.date(), form, locale=Locale.parse(known_language(language)))
    return say(language, "schedule", "moment", day=day, time=_clock(wall.time()))


def _clock(of_day: time) -> str:
    return f"{of_day:%H:%M}"


def _listed(parts: list[str], language: str) -> str:
    return format_list(parts, locale=Locale.parse(known_language(language)))
