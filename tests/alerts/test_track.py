"""Where somebody is, told from one position after the other."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts.geography import Circle, Point, distance_m
from alerts.signal_base import Fix
from alerts.signals import FixReported, ZoneEntered, ZoneLeft, ZoneSeemed
from alerts.track import Asks, Followed, Track, WatchedZone, follow

NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
MIA = "mia"
HOME = Point(41.88, -87.63)
A_METRE = 1 / 111_000
NOTHING = Asks()
ZONE = WatchedZone(id="maple", kind="exclusion", shape=Circle(center=HOME, radius_m=200))
SAFE = WatchedZone(id="home", kind="safe", shape=Circle(center=HOME, radius_m=300))


def fix(seconds: float, north_m: float, *, accuracy: float | None = 10, east_m: float = 0) -> Fix:
    """A position so many metres north of HOME, so long after noon."""
    at = NOON + timedelta(seconds=seconds)
    return Fix(
        latitude=HOME.latitude + north_m * A_METRE,
        longitude=HOME.longitude + east_m * A_METRE,
        at=at,
        received_at=at,
        accuracy=accuracy,
    )


def took(track: Track, *fixes: Fix, asks: Asks = NOTHING, zones: tuple[WatchedZone, ...] = (ZONE,)) -> Followed:
    """What comes of these, an hour after noon."""
    return follow(MIA, zones, asks, track, fixes, NOON + timedelta(hours=1))


def kinds(found: Followed) -> list[str]:
    """What was seen for sure."""
    return [type(sighting).__name__ for sighting in found.sightings if not isinstance(sighting, ZoneSeemed)]


def seemed(found: Followed) -> list[bool]:
    """What a single one said: inside or not."""
    return [sighting.inside for sighting in found.sightings if isinstance(sighting, ZoneSeemed)]


class TestBorders:
    """On which side she is."""

    def test_the_first_sure_one_decides(self) -> None:
        """Nothing was known before."""
        assert kinds(took(Track(), fix(0, 50))) == ["ZoneEntered"]
        assert kinds(took(Track(), fix(0, 900))) == ["ZoneLeft"]
        assert kinds(took(Track(), fix(0, 195))) == []

    def test_then_two_in_a_row_or_half_a_minute(self) -> None:
        """One alone may be a mistake of the satellites."""
        outside = took(Track(), fix(0, 900)).track
        once = took(outside, fix(10, 50))
        assert (kinds(once), seemed(once)) == ([], [True])
        assert kinds(took(once.track, fix(12, 60))) == ["ZoneEntered"]
        back = took(once.track, fix(12, 900))
        assert (kinds(back), seemed(back), back.track.zones["maple"].otherwise) == ([], [False], 0)

    def test_it_says_since_when(self) -> None:
        """Since the first of those that decided."""
        outside = took(Track(), fix(0, 900)).track
        _, entered = took(outside, fix(10, 50), fix(25, 60)).sightings
        assert isinstance(entered, ZoneEntered)
        assert (entered.at, entered.fix.at) == (NOON + timedelta(seconds=10), NOON + timedelta(seconds=25))

    def test_what_is_too_inaccurate_places_nobody(self) -> None:
        """A position by cell tower, in the middle of the zone."""
        outside = took(Track(), fix(0, 900)).track
        assert kinds(took(outside, *(fix(n * 60, 0, accuracy=5000) for n in range(1, 9)))) == []

    def test_between_positions_that_are_hours_apart_nobody_knows_the_way(self) -> None:
        """Straight through the zone, it seems."""
        outside = took(Track(), fix(0, 900)).track
        assert kinds(took(outside, fix(7200, -900))) == []
        assert kinds(took(outside, fix(120, -900))) == ["ZoneEntered", "ZoneLeft"]

    def test_a_safe_place_may_be_passed_through(self) -> None:
        """Nothing is asked of that."""
        outside = took(Track(), fix(0, 900), zones=(SAFE,)).track
        assert kinds(took(outside, fix(120, -900), zones=(SAFE,))) == []


class TestBeingFollowed:
    """What is told of her besides."""

    def test_while_an_incident_is_live_each_newest_one_is_told(self) -> None:
        """And all that say something new are on the trail."""
        asks = Asks(trail=True)
        first = took(Track(), fix(0, 900), asks=asks, zones=())
        later = took(first.track, fix(7, 901), fix(1, 900), fix(14, 902), asks=asks, zones=())
        assert (kinds(first), kinds(later)) == (["FixReported"], ["FixReported"])
        assert [f.at.second for f in later.trail] == [7, 14]

    def test_where_silence_is_noticed_now_and_then_one_is_told(self) -> None:
        """No more often than it has to be."""
        asks, track, told = Asks(told_every_ms=60_000), Track(), 0
        for minute in range(0, 600, 20):
            now = NOON + timedelta(seconds=minute)
            found = follow(MIA, (), asks, track, [fix(minute, minute)], now)
            track, told = found.track, told + len(found.sightings)
            assert found.trail == ()
        assert told == 10

    def test_keeping_still_is_told(self) -> None:
        """Since three minutes, within sixty metres."""
        asks, track = Asks(told_every_ms=0), Track()
        still = []
        for seconds in range(0, 300, 30):
            found = took(track, fix(seconds, seconds % 40), asks=asks, zones=())
            track = found.track
            still += [s.still for s in found.sightings if isinstance(s, FixReported)]
        assert still == [False] * 6 + [True] * 4
        (moved,) = took(track, fix(400, 300), asks=asks, zones=()).sightings
        assert isinstance(moved, FixReported)
        assert not moved.still


STEPS = st.lists(
    st.tuples(st.floats(-150, 150), st.floats(-150, 150), st.floats(3, 200), st.floats(1, 90)), min_size=1, max_size=60
)


def walk(steps: list[tuple[float, float, float, float]]) -> list[Fix]:
    """A walk from two hundred metres north of HOME."""
    north, east, seconds, found = 200.0, 0.0, 0.0, []
    for ahead, aside, accuracy, pause in steps:
        north, east, seconds = north + ahead, east + aside, seconds + pause
        found.append(fix(seconds, north, east_m=east, accuracy=accuracy))
    return found


class TestWalks:
    """Any walk."""

    @given(STEPS)
    def test_she_goes_in_and_out_by_turns(self, steps: list[tuple[float, float, float, float]]) -> None:
        """Each border is crossed one way, then the other; and what decided lies surely on its side."""
        track, sides = Track(), []
        for one in walk(steps):
            found = took(track, one)
            track = found.track
            sides += [s for s in found.sightings if isinstance(s, ZoneEntered | ZoneLeft)]
        assert all(type(one) is not type(other) for one, other in pairwise(sides))
        for side in sides:
            away = distance_m(HOME, Point(side.fix.latitude, side.fix.longitude))
            if isinstance(side, ZoneLeft):
                assert away > (200 + (side.fix.accuracy or 0)) * 0.99

    @given(STEPS, st.randoms(use_true_random=False))
    def test_the_order_in_which_they_come_together_is_of_no_account(
        self, steps: list[tuple[float, float, float, float]], chance: random.Random
    ) -> None:
        """A phone that was away sends all of them at once, in whatever order."""
        fixes = walk(steps)
        mixed = list(fixes)
        chance.shuffle(mixed)
        assert took(Track(), *mixed) == took(Track(), *fixes)

    @given(STEPS, st.randoms(use_true_random=False))
    def test_what_comes_late_never_moves_her_back(
        self, steps: list[tuple[float, float, float, float]], chance: random.Random
    ) -> None:
        """One by one, in whatever order: the last position is the newest of those that came."""
        fixes = walk(steps)
        chance.shuffle(fixes)
        track, newest = Track(), None
        for one in fixes:
            track = took(track, one).track
            newest = one if newest is None or one.at > newest.at else newest
            assert track.last == newest

    @given(STEPS)
    def test_what_may_lie_on_either_side_changes_nothing(self, steps: list[tuple[float, float, float, float]]) -> None:
        """Left out, it makes no difference to the sides."""
        fixes = walk(steps)
        sure = [f for f in fixes if abs(200 - distance_m(HOME, Point(f.latitude, f.longitude))) > (f.accuracy or 0)]
        if not sure:
            assert took(Track(), *fixes).track.zones["maple"].inside is None
            return
        # The straight way from one to the next is not the same: asked of a safe zone, it is of no account.
        safe = WatchedZone(id="maple", kind="safe", shape=ZONE.shape)
        with_all = took(Track(), *fixes, zones=(safe,))
        without = took(Track(), *sure, zones=(safe,))
        assert kinds(with_all) == kinds(without)
