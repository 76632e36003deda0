"""Hours on the wall: which instants they cover."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.hours import Hours, covers
from alerts.schedule import DAY_NAMES
from alerts.wall_time import wall_of

CHICAGO = ZoneInfo("America/Chicago")
TUESDAY = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""Noon in Chicago."""
DAY = timedelta(days=1)


def on_tuesdays(start: time, end: time) -> tuple[Hours, ...]:
    """From one to the other."""
    return (Hours(days=("tue",), start=start, end=end),)


AT_WORK = on_tuesdays(time(9), time(17))


def test_noon_is_in_and_the_evening_is_not() -> None:
    assert covers(AT_WORK, TUESDAY, CHICAGO)
    assert not covers(AT_WORK, TUESDAY + timedelta(hours=5), CHICAGO)
    assert covers(AT_WORK, TUESDAY - timedelta(hours=3), CHICAGO)
    assert not covers(AT_WORK, TUESDAY - timedelta(hours=3, seconds=1), CHICAGO)
    assert not covers(AT_WORK, TUESDAY + DAY, CHICAGO)


def test_where_none_are_given_all_are_meant() -> None:
    assert covers((), TUESDAY, CHICAGO)


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    night = on_tuesdays(time(22), time(6))
    assert covers(night, TUESDAY + timedelta(hours=13), CHICAGO)
    assert not covers(night, TUESDAY - timedelta(hours=11), CHICAGO)


@given(st.integers(0, 800 * 24 * 60), st.times(), st.times())
def test_some_hours_of_every_day_and_the_others_are_the_whole_day(minutes: int, start: time, end: time) -> None:
    at = TUESDAY + timedelta(minutes=minutes)
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    assume(start != end)
    around = {wall_of(at + DAY * days, CHICAGO).replace(tzinfo=UTC) - at - DAY * days for days in (-1, 0, 1)}
    assume(len(around) == 1)  # on a day when the clocks change, an hour is there twice or not at all
    inside = covers((Hours(days=DAY_NAMES, start=start, end=end),), at, CHICAGO)
    outside = covers((Hours(days=DAY_NAMES, start=end, end=start),), at, CHICAGO)
    assert inside != outside
