"""Who is on call, and who is next, also where clocks change and where people swap."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hours import Hours
from alerts.on_call import OnCall, Override, Rota, Rotation, Shift, Unit, gaps, next_change, on_call, turns

CHICAGO = "America/Chicago"
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def wall(day: str, clock: str = "00:00") -> datetime:
    """An instant by the clock on Chicago's wall."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(CHICAGO)).astimezone(UTC)


def rota(**fields: Any) -> Rota:
    """Ana, Ben and Cem by the week, from Monday at eight; and whatever else is said."""
    weekly = Rotation(members=("ana", "ben", "cem"), begins=date(2026, 11, 2), hand_over=time(8))
    return Rota(**{"time_zone": CHICAGO, "rotations": (weekly,), **fields})


@pytest.mark.parametrize(
    ("at", "who"),
    [
        (wall("2026-11-02", "07:59"), ()),
        (wall("2026-11-02", "08:00"), ("ana",)),
        (wall("2026-11-09", "07:59"), ("ana",)),
        (wall("2026-11-09", "08:00"), ("ben",)),
        (wall("2026-11-23", "08:00"), ("ana",)),
        (wall("2027-11-01", "08:00"), ("ben",)),
    ],
)
def test_a_week_each_from_the_hand_over_on(at: datetime, who: tuple[str, ...]) -> None:
    """By the wall, whatever the offset is by then."""
    assert on_call(rota(), at) == who


def test_the_clocks_change_and_the_hand_over_stays_at_eight() -> None:
    """The night of 1 November has 25 hours in Chicago, the one of 8 March 23."""
    by_turns = Rotation(members=("day", "night"), begins=date(2026, 1, 1), hand_over=time(8), every=12, unit="hours")
    nights = rota(rotations=(by_turns,))
    for day, hours in (("2026-10-31", 13), ("2027-03-13", 11), ("2026-12-01", 12)):
        begins = wall(day, "20:00")
        turn = next(t for t in turns(nights, begins, begins + timedelta(days=2)))
        assert turn == OnCall(since=begins, until=begins + timedelta(hours=hours), staff=("night",))


def test_hours_leave_gaps_that_are_shown() -> None:
    """On by day on working days; nights and the weekend are nobody's."""
    days = rota(
        rotations=(
            Rotation(
                members=("ana",),
                begins=date(2026, 11, 2),
                hand_over=time(8),
                hours=(Hours(days=WORKDAYS, start=time(8), end=time(18)),),  # type: ignore[arg-type]
            ),
        )
    )
    found = gaps(days, wall("2026-11-27", "12:00"), wall("2026-12-01", "12:00"))
    assert [(gap.begins, gap.ends) for gap in found] == [
        (wall("2026-11-27", "18:00"), wall("2026-11-30", "08:00")),
        (wall("2026-11-30", "18:00"), wall("2026-12-01", "08:00")),
    ]


def test_a_shift_is_on_beside_the_rotation() -> None:
    """For as long as it lasts."""
    shift = Shift(id="s", staff="dee", since=wall("2026-11-03", "20:00"), until=wall("2026-11-04", "06:00"))
    team = rota(shifts=(shift,))
    assert on_call(team, wall("2026-11-03", "19:59")) == ("ana",)
    assert on_call(team, wall("2026-11-03", "20:00")) == ("ana", "dee")
    assert on_call(team, wall("2026-11-04", "06:00")) == ("ana",)


def test_taking_it_now_is_in_the_place_of_everybody_until_the_next_change() -> None:
    """And the next one comes at the usual time."""
    at = wall("2026-11-05", "12:00")
    until = next_change(rota(), at)
    assert until == wall("2026-11-09", "08:00")
    taken = rota(overrides=(Override(id="o", since=at, until=until, staff="eve"),))
    assert on_call(taken, at) == ("eve",)
    assert on_call(taken, until) == ("ben",)
    assert next_change(taken, at) == until


def test_a_swap_is_two_overrides_and_the_later_one_holds() -> None:
    """Ana and Ben swap their weeks; then Cem takes one day of Ana's."""
    first, second, third = (wall(f"2026-11-{day:02}", "08:00") for day in (2, 9, 16))
    swap = (
        Override(id="1", since=first, until=second, staff="ben", instead_of="ana"),
        Override(id="2", since=second, until=third, staff="ana", instead_of="ben"),
    )
    day = Override(id="3", since=wall("2026-11-10"), until=wall("2026-11-11"), staff="cem", instead_of="ana")
    found = turns(rota(overrides=(*swap, day)), first, third)
    assert [t.staff for t in found] == [("ben",), ("ana",), ("cem",), ("ana",)]
    assert found[1].until == wall("2026-11-10")


def test_somebody_who_drops_out_leaves_a_gap() -> None:
    """Nobody in the place of Ana: that is shown, not papered over."""
    away = Override(id="o", since=wall("2026-11-03"), until=wall("2026-11-04"), instead_of="ana")
    (gap,) = gaps(rota(overrides=(away,)), wall("2026-11-02", "08:00"), wall("2026-11-09", "08:00"))
    assert (gap.begins, gap.ends) == (away.since, away.until)


ZONES = st.sampled_from([CHICAGO, "Europe/Madrid", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])
members = st.lists(st.sampled_from(["ana", "ben", "cem"]), min_size=1, max_size=4).map(tuple)
seconds = st.integers(0, 2 * 365 * 24 * 3600)
instants = seconds.map(lambda count: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=count))
hours = st.builds(
    Hours,
    days=st.lists(st.sampled_from(("mon", "wed", "sun")), min_size=1, unique=True).map(tuple),
    start=st.times().map(lambda at: at.replace(microsecond=0)),
    end=st.times().map(lambda at: at.replace(microsecond=0)),
)
rotations = st.builds(
    Rotation,
    members=members,
    begins=st.dates(date(2025, 12, 1), date(2026, 6, 1)),
    hand_over=st.times().map(lambda at: at.replace(microsecond=0)),
    every=st.integers(1, 30),
    unit=st.sampled_from(get_args(Unit)),
    hours=st.lists(hours, max_size=2).map(tuple),
)
overrides = st.builds(
    lambda since, length, **fields: Override(id="o", since=since, until=since + timedelta(hours=length), **fields),
    since=instants,
    length=st.integers(1, 500),
    staff=st.none() | st.sampled_from(["dee", "ana"]),
    instead_of=st.none() | st.sampled_from(["ana", "ben"]),
)
rotas = st.builds(
    Rota,
    time_zone=ZONES,
    rotations=st.lists(rotations, max_size=2).map(tuple),
    overrides=st.lists(overrides, max_size=3).map(tuple),
)


@given(rotas, instants, st.integers(1, 20 * 24), st.data())
def test_turns_say_at_every_instant_what_is_so_then(
    team: Rota, since: datetime, length: int, data: st.DataObject
) -> None:
    """Without a pause, without an overlap, and each different from the one before."""
    until = since + timedelta(hours=length)
    found = turns(team, since, until)
    assert (found[0].since, found[-1].until) == (since, until)
    for one, following in pairwise(found):
        assert one.until == following.since
        assert set(one.staff) != set(following.staff)
    moment = since + timedelta(seconds=data.draw(st.integers(0, length * 3600 - 1)))
    assert set(on_call(team, moment)) == next(set(t.staff) for t in found if t.since <= moment < t.until)


@given(rotas)
def test_a_rota_is_kept_as_it_is(team: Rota) -> None:
    """Written and read back."""
    assert msgspec.json.decode(msgspec.json.encode(team), type=Rota) == team
