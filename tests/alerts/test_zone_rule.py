"""When a zone asks for something: hours by the wall, also over midnight and on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hours import Hours
from alerts.rule_mistake import RuleMistake
from alerts.schedule import DAY_NAMES
from alerts.zone_rule import ZoneRule, begins_after, check_hours, span_at

CHICAGO = ZoneInfo("America/Chicago")
NIGHTS = Hours(days=("mon", "tue", "wed", "thu", "fri"), start=time(21), end=time(7))
RULE = ZoneRule(id="home", kind="safe", zone="America/Chicago", hours=(NIGHTS,), expected=True)


def wall(*parts: int) -> datetime:
    """An instant by the clock on the wall in Chicago."""
    return datetime(*parts, tzinfo=CHICAGO).astimezone(UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        (wall(2026, 11, 24, 20, 59), None),
        (wall(2026, 11, 24, 21, 0), wall(2026, 11, 24, 21, 0)),
        (wall(2026, 11, 25, 6, 59), wall(2026, 11, 24, 21, 0)),
        (wall(2026, 11, 25, 7, 0), None),
        (wall(2026, 11, 28, 6, 59), wall(2026, 11, 27, 21, 0)),
        (wall(2026, 11, 28, 21, 0), None),
    ],
)
def test_over_midnight(at: datetime, begins: datetime | None) -> None:
    """Friday's night ends on Saturday; Saturday has none."""
    span = span_at(RULE, at)
    assert (span.begins if span is not None else None) == begins


def test_the_next_one_is_known() -> None:
    """On Saturday morning it is Monday's."""
    assert begins_after(RULE, wall(2026, 11, 28, 8)) == wall(2026, 11, 30, 21)
    assert begins_after(ZoneRule(id="x", kind="exclusion", zone="UTC"), wall(2026, 11, 28, 8)) is None


def test_hours_that_follow_one_another_are_one() -> None:
    """All day, every day: it began days ago."""
    always = Hours(days=DAY_NAMES, start=time(0), end=time(0))
    rule = ZoneRule(id="x", kind="exclusion", zone="America/Chicago", hours=(always,))
    span = span_at(rule, wall(2026, 11, 24, 12))
    assert span is not None
    assert (span.begins <= wall(2026, 11, 24), span.ends >= wall(2026, 11, 25)) == (True, True)


def test_the_night_when_clocks_are_put_back_is_an_hour_longer() -> None:
    """1 November 2026 in Chicago: from Saturday nine to Sunday seven are eleven hours."""
    rule = ZoneRule(
        id="x", kind="safe", zone="America/Chicago", hours=(Hours(days=("sat",), start=time(21), end=time(7)),)
    )
    span = span_at(rule, wall(2026, 10, 31, 23))
    assert span is not None
    assert span.ends - span.begins == timedelta(hours=11)


def test_hours_that_begin_in_a_gap_begin_after_it() -> None:
    """Half past two does not exist on 8 March 2026: they begin at three."""
    rule = ZoneRule(
        id="x", kind="safe", zone="America/Chicago", hours=(Hours(days=("sun",), start=time(2, 30), end=time(5)),)
    )
    assert begins_after(rule, wall(2026, 3, 8, 0)) == wall(2026, 3, 8, 3)


@given(
    st.integers(0, 365 * 24 * 60),
    st.times(),
    st.times(),
    st.sets(st.sampled_from(DAY_NAMES), min_size=1),
    st.sampled_from(["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_what_begins_next_is_what_one_is_in_then(
    minutes: int, start: time, end: time, days: set[str], zone: str
) -> None:
    """In whatever zone, whatever the hours."""
    hours = Hours(days=tuple(days), start=start, end=end)  # type: ignore[arg-type]
    rule = ZoneRule(id="x", kind="safe", zone=zone, hours=(hours,))
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    coming = begins_after(rule, moment)
    assert coming is not None
    assert moment < coming <= moment + timedelta(days=8)
    span = span_at(rule, coming)
    # Hours of no length, in a gap, are none.
    assert span is None or span.begins <= coming < span.ends
    if span is None:
        assert start != end


def test_what_cannot_be_kept_names_the_field() -> None:
    """A zone that is no zone; a day twice."""
    with pytest.raises(RuleMistake) as found:
        check_hours(ZoneRule(id="x", kind="safe", zone="Mars/Olympus"))
    assert found.value.field == "time_zone"
    twice = Hours(days=("mon", "mon"), start=time(1), end=time(2))
    with pytest.raises(RuleMistake) as found:
        check_hours(ZoneRule(id="x", kind="safe", zone="UTC", hours=(NIGHTS, twice)))
    assert found.value.field == "hours[1].days"
