"""The wall times of an iCalendar recurrence, period by period, each within bounds.

Worked out here rather than by a library: the one there is looks for the next time until the year 9999, which takes
seconds for a rule that never comes true, while somebody waits for an alarm. The tests hold it against that library.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from alerts.recurrence_text import Recurrence

DAY = timedelta(days=1)


def wall_times(rule: Recurrence, after: datetime, end: datetime) -> Iterator[datetime]:
    """The wall times from `after` to `end`, both included, in order."""
    if rule.until is not None:
        end = min(end, rule.until)
    left = rule.count
    # Whoever counts has to count from the first on.
    for moment in _from(rule, rule.start if left is not None else max(after, rule.start), end):
        if left is not None:
            if left == 0:
                return
            left -= 1
        if moment >= after:
            yield moment


def _from(rule: Recurrence, begin: datetime, end: datetime) -> Iterator[datetime]:
    for period in _periods(rule, begin, end):
        for moment in _in_period(rule, *period):
            if moment > end:
                return
            if moment >= max(begin, rule.start):
                yield moment


def _periods(rule: Recurrence, begin: datetime, end: datetime) -> Iterator[tuple[list[date], tuple[int, ...]]]:
    """The days that match, and the hours, of each period."""
    if rule.frequency == "HOURLY":
        yield from _hours(rule, begin, end)
        return
    for index in range(_period_of(rule, begin), _period_of(rule, end) + 1):
        yield [day for day in _days_of(rule, index) if _matches(rule, day)], rule.hours


def _hours(rule: Recurrence, begin: datetime, end: datetime) -> Iterator[tuple[list[date], tuple[int, ...]]]:
    """Day by day: a year without a day that matches is a step for each day, not for each hour."""
    first, day = rule.start.replace(minute=0), begin.date()
    while day <= end.date():
        if _matches(rule, day):
            passed = (datetime.combine(day, time()) - first) // timedelta(hours=1)
            for hour in rule.hours or range(24):
                if (passed + hour) % rule.interval == 0:
                    yield [day], (hour,)
        day += DAY


def _period_of(rule: Recurrence, moment: datetime) -> int:
    """The number of the period that holds this moment, or of the one before it."""
    start = rule.start
    if rule.frequency == "DAILY":
        passed = (moment.date() - start.date()).days
    elif rule.frequency == "WEEKLY":
        passed = (moment.date() - _week_of(rule)).days // 7
    elif rule.frequency == "MONTHLY":
        passed = (moment.year - start.year) * 12 + moment.month - start.month
    else:
        passed = moment.year - start.year
    return passed // rule.interval


def _week_of(rule: Recurrence) -> date:
    """The first day of the week in which it begins."""
    return rule.start.date() - (rule.start.weekday() - rule.week_start) % 7 * DAY


def _days_of(rule: Recurrence, index: int) -> list[date]:
    """All days of the period of this number."""
    start, passed = rule.start, index * rule.interval
    if rule.frequency == "DAILY":
        return [start.date() + passed * DAY]
    if rule.frequency == "WEEKLY":
        return [_week_of(rule) + (passed * 7 + n) * DAY for n in range(7)]
    if rule.frequency == "MONTHLY":
        years, month = divmod(start.month - 1 + passed, 12)
        return _days_of_month(start.year + years, month + 1)
    return [day for month in range(1, 13) for day in _days_of_month(start.year + passed, month)]


def _in_period(rule: Recurrence, days: list[date], hours: tuple[int, ...]) -> Iterable[datetime]:
    found = (datetime.combine(day, time(hour, minute)) for day in days for hour in hours for minute in rule.minutes)
    if not rule.positions:
        return found
    listed = list(found)
    chosen = {p - 1 if p > 0 else len(listed) + p for p in rule.positions}
    return [moment for place, moment in enumerate(listed) if place in chosen]


def _days_of_month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def _matches(rule: Recurrence, day: date) -> bool:
    in_month = monthrange(day.year, day.month)[1]
    in_year = 366 if isleap(day.year) else 365
    of_year = day.timetuple().tm_yday
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or not {day.day, day.day - in_month - 1}.isdisjoint(rule.month_days))
        and (not rule.year_days or not {of_year, of_year - in_year - 1}.isdisjoint(rule.year_days))
        and (not rule.weekdays or _weekday_matches(rule, day, in_month, in_year))
    )


def _weekday_matches(rule: Recurrence, day: date, in_month: int, in_year: int) -> bool:
    whole_year = rule.frequency == "YEARLY" and not rule.months
    place, length = (day.timetuple().tm_yday, in_year) if whole_year else (day.day, in_month)
    which = {0, (place - 1) // 7 + 1, -((length - place) // 7 + 1)}
    return any(weekday == day.weekday() and number in which for number, weekday in rule.weekdays)
