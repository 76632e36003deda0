"""Schedules and wall times: ten zones with difficult rules, and rules that cannot be kept."""

# ruff: noqa: DTZ001 - a wall time has no zone
from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from croniter import croniter
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.recurrence import wall_times
from alerts.recurrence_text import read_recurrence
from alerts.rule_mistake import RuleMistake
from alerts.schedule import (
    DAY_NAMES,
    LEAST_APART,
    Absence,
    Rule,
    Terms,
    check,
    occurrence_id,
    occurrences,
    over,
)
from alerts.wall_time import instant_of, wall_of

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
EVERY_DAY = DAY_NAMES


def terms(rule: Rule, zone: str = "UTC", **fields: Any) -> Terms:
    """A schedule of this rule."""
    return Terms(id="evening", name="Evening", rule=rule, zone=zone, **{"made_at": NOW, **fields})


def daily(*at: str, zone: str = "UTC", **fields: Any) -> Terms:
    """Every day at these times."""
    return terms(Rule(days=EVERY_DAY, at=tuple(time.fromisoformat(a) for a in at)), zone, **fields)


def shown(of: Terms, after: str, count: int = 3) -> list[tuple[str, str]]:
    """The next ones, by the wall and in UTC."""
    found = islice(occurrences(of, datetime.fromisoformat(after)), count)
    return [(f"{o.local:%Y-%m-%d %H:%M}", f"{o.at:%Y-%m-%d %H:%M}") for o in found]


@pytest.mark.parametrize(
    ("zone", "wall", "at"),
    [
        # Clocks go forward: the first instant after the gap.
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("Europe/London", "2026-03-29 01:30", "2026-03-29 01:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),  # by half an hour
        ("America/Sao_Paulo", "2018-11-04 00:30", "2018-11-04 03:00"),  # at midnight
        ("Africa/Casablanca", "2026-03-22 02:30", "2026-03-22 02:00"),  # after Ramadan
        ("Asia/Tehran", "2022-03-22 00:15", "2022-03-21 20:30"),  # the last time they did
        ("Pacific/Apia", "2011-12-30 21:00", "2011-12-30 10:00"),  # a date that never was
        ("Pacific/Chatham", "2026-09-27 03:00", "2026-09-26 14:00"),  # at a quarter to three
        ("America/St_Johns", "2026-03-08 02:30", "2026-03-08 05:30"),
        ("Asia/Kathmandu", "1986-01-01 00:05", "1985-12-31 18:30"),  # by a quarter of an hour, once
        # Clocks go back: the first of the two.
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("America/Sao_Paulo", "2019-02-16 23:30", "2019-02-17 01:30"),
        ("Africa/Casablanca", "2026-02-15 02:30", "2026-02-15 01:30"),
        ("Asia/Tehran", "2021-09-21 23:30", "2021-09-21 19:00"),
        ("Pacific/Chatham", "2026-04-05 03:00", "2026-04-04 13:15"),
        ("America/St_Johns", "2026-11-01 01:30", "2026-11-01 04:00"),
        # And an ordinary evening.
        ("Pacific/Apia", "2026-11-24 21:00", "2026-11-24 08:00"),
        ("Asia/Kathmandu", "2026-11-24 21:00", "2026-11-24 15:15"),
    ],
)
def test_a_wall_time_happens_once_and_when(zone: str, wall: str, at: str) -> None:
    """Not at all: at the end of the gap. Twice: the first time."""
    assert f"{instant_of(datetime.fromisoformat(wall), ZoneInfo(zone)):%Y-%m-%d %H:%M}" == at


def test_the_autumn_night_asks_once() -> None:
    """01:30 comes twice in New York."""
    assert shown(daily("01:30", zone="America/New_York"), "2026-10-31T12:00Z", 2) == [
        ("2026-11-01 01:30", "2026-11-01 05:30"),
        ("2026-11-02 01:30", "2026-11-02 06:30"),
    ]
    # Somebody who starts again between the two is not asked twice.
    assert shown(daily("01:30", zone="America/New_York"), "2026-11-01T05:31Z", 1) == [
        ("2026-11-02 01:30", "2026-11-02 06:30")
    ]


def test_the_spring_night_asks_at_the_end_of_the_gap() -> None:
    """Two wall times that do not exist are one occurrence, the first."""
    assert shown(daily("02:00", "02:30", "04:00", zone="America/New_York"), "2026-03-08T06:00Z") == [
        ("2026-03-08 02:00", "2026-03-08 07:00"),
        ("2026-03-08 04:00", "2026-03-08 08:00"),
        ("2026-03-09 02:00", "2026-03-09 06:00"),
    ]


def test_a_date_that_is_left_out_is_asked_for_when_the_next_begins() -> None:
    """Samoa had no 30 December 2011."""
    assert shown(daily("21:00", zone="Pacific/Apia"), "2011-12-29T12:00Z") == [
        ("2011-12-29 21:00", "2011-12-30 07:00"),
        ("2011-12-30 21:00", "2011-12-30 10:00"),
        ("2011-12-31 21:00", "2011-12-31 07:00"),
    ]


def test_weekdays_absences_and_holidays() -> None:
    """In the zone of the schedule, the first and the last day included."""
    rule = Rule(days=("mon", "tue", "wed", "thu", "fri"), at=(time(21),))
    away = terms(
        rule,
        "America/New_York",
        absences=(Absence(first=date(2026, 11, 25), last=date(2026, 11, 27)),),
        holidays=(date(2026, 12, 1),),
    )
    assert [local for local, _ in shown(away, "2026-11-24T18:00Z", 3)] == [
        "2026-11-24 21:00",
        "2026-11-30 21:00",
        "2026-12-02 21:00",
    ]


def test_a_pause_leaves_out_what_is_before_its_end() -> None:
    """Without an end, everything."""
    assert shown(daily("21:00", paused=True), "2026-11-24T18:00Z") == []
    until = datetime(2026, 11, 26, 21, tzinfo=UTC)
    assert shown(daily("21:00", paused=True, paused_until=until), "2026-11-24T18:00Z", 1) == [
        ("2026-11-26 21:00", "2026-11-26 21:00")
    ]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule(), "rule"),
        (Rule(days=("mon",)), "rule.at"),
        (Rule(at=(time(21),)), "rule.days"),
        (Rule(days=("mon",), at=(time(21),), cron="0 21 * * *"), "rule"),
        (Rule(at=(time(21),), cron="0 21 * * *"), "rule"),
        (Rule(days=("mon",), at=(time(21), time(21, 14))), "rule.at"),
        (Rule(days=("mon", "tue"), at=(time(0, 5), time(23, 55))), "rule.at"),
        (Rule(cron="0 21 31 2 *"), "rule.cron"),  # 31 February
        (Rule(cron="0 21 31 4,6,9,11 *"), "rule.cron"),
        (Rule(cron="* * * * *"), "rule.cron"),
        (Rule(cron="*/10 * * * *"), "rule.cron"),
        (Rule(cron="0 21 * *"), "rule.cron"),
        (Rule(cron="0 21 * * * *"), "rule.cron"),
        (Rule(cron="60 21 * * *"), "rule.cron"),
        (Rule(cron="0 21 * * someday"), "rule.cron"),
        (Rule(cron="0 21 20-10 * *"), "rule.cron"),
        (Rule(cron="0 21 */0 * *"), "rule.cron"),
        (Rule(cron="@daily"), "rule.cron"),
        (Rule(cron="0 ²1 * * *"), "rule.cron"),
        (Rule(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;BYHOUR=21"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;BYHOUR=21"), "rule.rrule"),
        (Rule(rrule="FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"), "rule.rrule"),
        (Rule(rrule="FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2;BYHOUR=21"), "rule.rrule"),
        (Rule(rrule="DTSTART:20261124T210000\nFREQ=DAILY;INTERVAL=7;BYDAY=MO"), "rule.rrule"),  # a Tuesday
        (Rule(rrule="DTSTART:20261101T210000\nFREQ=DAILY;COUNT=3"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=20261123T220000Z"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=20261123"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=20261301"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=20261130;COUNT=3"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY"), "rule.rrule"),
        (Rule(rrule="FREQ=SECONDLY"), "rule.rrule"),
        (Rule(rrule="FREQ=MINUTELY;INTERVAL=30"), "rule.rrule"),
        (Rule(rrule="FREQ=HOURLY;BYMINUTE=0,5"), "rule.rrule"),
        (Rule(rrule="FREQ=FORTNIGHTLY;BYHOUR=21"), "rule.rrule"),
        (Rule(rrule="BYHOUR=21"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=24"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=²"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;BYHOUR=22"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;INTERVAL=0"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;BYDAY=1MO"), "rule.rrule"),
        (Rule(rrule="FREQ=WEEKLY;BYHOUR=21;BYDAY=MONDAY"), "rule.rrule"),
        (Rule(rrule="FREQ=WEEKLY;BYHOUR=21;BYMONTHDAY=1"), "rule.rrule"),
        (Rule(rrule="FREQ=YEARLY;BYHOUR=21;BYWEEKNO=3"), "rule.rrule"),
        (Rule(rrule="FREQ=WEEKLY;BYHOUR=21;WKST=XX"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21;BYSETPOS=0"), "rule.rrule"),
        (Rule(rrule="FREQ=YEARLY;BYMONTH=1;BYHOUR=20,21;BYSETPOS=1"), "rule.rrule"),
        (Rule(rrule=f"FREQ=DAILY;BYHOUR=20,21;BYMINUTE={','.join(map(str, range(49)))}"), "rule.rrule"),
        (Rule(rrule="FREQ=MONTHLY;BYHOUR=21;MOOD=BAD"), "rule.rrule"),
        (Rule(rrule="DTSTART;TZID=Asia/Tokyo:20261124T210000\nFREQ=DAILY"), "rule.rrule"),
        (Rule(rrule="DTSTART:20250101T210000\nFREQ=DAILY"), "rule.rrule"),
        (Rule(rrule="DTSTART:tomorrow\nFREQ=DAILY"), "rule.rrule"),
        (Rule(rrule="FREQ=DAILY;BYHOUR=21\nFREQ=DAILY;BYHOUR=22"), "rule.rrule"),
        (Rule(rrule="never"), "rule.rrule"),
    ],
)
def test_a_rule_that_cannot_be_kept_names_its_field(rule: Rule, field: str) -> None:
    """And says so at once, however seldom it would come true."""
    with pytest.raises(RuleMistake) as refused:
        check(terms(rule), NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "America"])
def test_a_zone_that_is_not_known_is_refused(zone: str) -> None:
    """By its field."""
    with pytest.raises(RuleMistake) as refused:
        check(daily("21:00", zone=zone), NOW)
    assert refused.value.field == "time_zone"


@pytest.mark.parametrize(
    "rule",
    [
        Rule(days=("mon",), at=(time(21), time(21, 15))),
        Rule(cron="*/15 * * * *"),
        Rule(cron="0 21 29 2 *"),
        Rule(cron="0 21 * JAN-MAR mon,Wed"),
        Rule(cron="30 8-18/2 ? * 1-5"),
        Rule(cron="0 21 13 * 5"),
        Rule(rrule="RRULE:FREQ=HOURLY;INTERVAL=4"),
        Rule(rrule="freq=daily;byhour=21"),
        Rule(rrule="DTSTART;TZID=UTC:20261124T210000\nRRULE:FREQ=DAILY;COUNT=1"),
        Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=20261124"),
        Rule(rrule="FREQ=DAILY;BYHOUR=21;UNTIL=89991231"),
        Rule(rrule="FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=21;BYMINUTE=30"),
        Rule(rrule="FREQ=YEARLY;BYHOUR=21"),
        Rule(rrule="FREQ=YEARLY;BYYEARDAY=-1;BYHOUR=21"),
        Rule(rrule="DTSTART:20301124T210000\nFREQ=DAILY"),
    ],
    ids=str,
)
def test_a_rule_that_can_be_kept_is_taken(rule: Rule) -> None:
    """Whatever its form."""
    check(terms(rule), NOW)


def test_a_rule_with_an_end_is_over_some_day() -> None:
    """A pause is not the end."""
    three = terms(Rule(rrule="FREQ=DAILY;BYHOUR=21;COUNT=3"))
    assert len(shown(three, "2026-11-24T18:00Z", 10)) == 3
    assert not over(three, NOW)
    assert not over(msgspec.structs.replace(three, paused=True), NOW)
    assert over(three, NOW + timedelta(days=3))
    assert not over(daily("21:00"), NOW)


def test_an_absence_that_ends_before_it_begins_is_refused() -> None:
    """By its place."""
    with pytest.raises(RuleMistake) as refused:
        check(daily("21:00", absences=(Absence(first=date(2026, 12, 2), last=date(2026, 12, 1)),)), NOW)
    assert refused.value.field == "absences[0].last"


ZONES = (
    *("America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca"),
    *("Asia/Tehran", "Pacific/Apia", "Pacific/Chatham", "America/St_Johns", "Asia/Kathmandu"),
)
zones = st.sampled_from(ZONES)
clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
day_rules = st.builds(
    Rule,
    days=st.lists(st.sampled_from(DAY_NAMES), min_size=1, max_size=7).map(tuple),
    at=st.lists(clock_times, min_size=1, max_size=4).map(tuple),
)


@given(day_rules, zones, instants)
def test_occurrences_are_later_and_later_and_none_comes_twice(rule: Rule, zone: str, after: datetime) -> None:
    """Each instant shows its wall time there, or is the end of a gap that holds it."""
    of = terms(rule, zone)
    found = list(islice(occurrences(of, after), 40))
    assert all(one.at > after for one in found)
    assert all(one.at < two.at and one.local < two.local for one, two in pairwise(found))
    assert len({occurrence_id(of, one) for one in found}) == len(found)
    where = ZoneInfo(zone)
    for one in found:
        assert DAY_NAMES[one.local.weekday()] in rule.days
        assert one.local.time() in rule.at
        if wall_of(one.at, where) == one.local:
            # The first time that the clock shows it: an instant before, it never did.
            assert one.local.replace(tzinfo=where).astimezone(UTC) == one.at
        else:
            before = wall_of(one.at - timedelta(microseconds=1), where)
            assert before < one.local < wall_of(one.at, where)


@given(day_rules, zones, instants, st.integers(0, 20))
def test_wherever_one_begins_the_same_occurrences_come(rule: Rule, zone: str, after: datetime, place: int) -> None:
    """A restart between two of them changes nothing."""
    found = list(islice(occurrences(terms(rule, zone), after), 30))
    again = list(islice(occurrences(terms(rule, zone), found[place].at), 29 - place))
    assert again == found[place + 1 :]


@given(zones, instants)
def test_every_day_has_its_one_occurrence(zone: str, after: datetime) -> None:
    """Also the days on which clocks change, and the day that is left out."""
    days = [one.local.date() for one in islice(occurrences(daily("02:30", zone=zone), after), 400)]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


numbers = st.sets(st.integers(0, 59), min_size=1, max_size=3).map(lambda found: ",".join(map(str, sorted(found))))
cron_texts = st.builds(
    lambda minute, hour, day, month, weekday: f"{minute} {hour} {day} {month} {weekday}",
    st.one_of(numbers, st.sampled_from(["*/20", "5-50/15"])),
    st.one_of(st.integers(0, 23).map(str), st.sampled_from(["*", "*/6", "8-18", "22,23"])),
    st.one_of(st.integers(1, 28).map(str), st.sampled_from(["*", "1-7", "10,20"])),
    st.one_of(st.integers(1, 12).map(str), st.sampled_from(["*", "2", "1,7", "dec"])),
    st.one_of(st.integers(0, 7).map(str), st.sampled_from(["*", "1-5", "sun", "fri,sat"])),
)


@given(cron_texts, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_cron_is_read_as_others_read_it(text: str, after: datetime) -> None:
    """Held against croniter, in UTC."""
    after = after.replace(microsecond=0)
    found = [one.local for one in islice(occurrences(terms(Rule(cron=text)), after.replace(tzinfo=UTC)), 8)]
    theirs = croniter(text, after)
    assert found == [theirs.get_next(datetime) for _ in found]
    assume(found)


def _joined(name: str, values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[str]:
    some = st.lists(values, min_size=1, max_size=most, unique=True).map(lambda v: f";{name}={','.join(map(str, v))}")
    return st.one_of(st.just(""), some)


weekday_names = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
nth_weekdays = st.builds(
    lambda which, day: f"{which}{day}", st.sampled_from(["1", "2", "5", "-1", "-2"]), weekday_names
)
# Of all Mondays and the last Tuesday, taken together, dateutil finds none.
of_one_kind = st.one_of(_joined("BYDAY", nth_weekdays), _joined("BYDAY", weekday_names))
recurrences = st.one_of(
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(["FREQ=YEARLY", "FREQ=MONTHLY"]),
        st.integers(1, 3).map(lambda n: f";INTERVAL={n}"),
        _joined("BYMONTH", st.integers(1, 12)),
        _joined("BYMONTHDAY", st.one_of(st.integers(1, 31), st.integers(-31, -1))),
        of_one_kind,
        _joined("BYHOUR", st.integers(0, 23)),
        st.sampled_from(["", ";COUNT=5"]),
    ),
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(["FREQ=WEEKLY", "FREQ=DAILY", "FREQ=HOURLY"]),
        st.integers(1, 9).map(lambda n: f";INTERVAL={n}"),
        _joined("BYMONTH", st.integers(1, 12)),
        _joined("BYDAY", weekday_names),
        _joined("BYHOUR", st.integers(0, 23)),
        _joined("BYMINUTE", st.integers(0, 59)),
        st.sampled_from(["", ";WKST=SU", ";WKST=TH"]),
        st.sampled_from(["", ";UNTIL=20280301T120000", ";COUNT=7"]),
    ),
    st.builds(
        lambda day, place, hour: f"FREQ=MONTHLY;BYDAY={','.join(sorted(day))};BYSETPOS={place};BYHOUR={hour}",
        st.sets(weekday_names, min_size=1),
        st.sampled_from([1, 2, -1, -2]),
        st.integers(0, 23),
    ),
)


def test_all_of_one_weekday_and_the_last_of_another_go_together() -> None:
    """Both come."""
    both = terms(Rule(rrule="FREQ=MONTHLY;BYDAY=MO,-1TU;BYHOUR=21"))
    assert [local for local, _ in shown(both, "2026-11-20T00:00Z")] == [
        "2026-11-24 21:00",
        "2026-11-30 21:00",
        "2026-12-07 21:00",
    ]
    assert [local for local, _ in shown(both, "2026-12-28T22:00Z", 1)] == ["2026-12-29 21:00"]


@given(recurrences, st.integers(0, 900))
def test_a_recurrence_is_read_as_others_read_it(text: str, days: int) -> None:
    """Held against dateutil, in wall time."""
    start = datetime(2026, 3, 5, 9, 40)
    after = start + timedelta(days=days)
    rule = read_recurrence(f"DTSTART:{start:%Y%m%dT%H%M%S}\n{text}", ZoneInfo("UTC"), datetime(2026, 3, 5, tzinfo=UTC))
    end = after + timedelta(days=1500)
    found = list(islice(wall_times(rule, after, end), 12))
    # Without an end it would look for a rule that never comes true until the year 9999: so it is asked for a few only.
    theirs = rrulestr(text, dtstart=start).xafter(after, count=len(found), inc=True) if found else ()
    assert found == list(theirs)


@given(day_rules)
def test_what_is_taken_is_never_closer_than_a_quarter_of_an_hour(rule: Rule) -> None:
    """By the wall."""
    try:
        check(terms(rule), NOW)
    except RuleMistake:
        return
    walls = [one.local for one in islice(occurrences(terms(rule), NOW), 60)]
    assert all(later - earlier >= LEAST_APART for earlier, later in pairwise(walls))
