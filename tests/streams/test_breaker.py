"""When an other side is left alone, and when it is asked again."""

from __future__ import annotations

import pytest

from streams.breaker import FAILURES, PAUSES, Breaker
from tests.services.jump_clock import JumpClock

MOST = 8


@pytest.fixture
def clock() -> JumpClock:
    """Time."""
    return JumpClock()


@pytest.fixture
def breaker(clock: JumpClock) -> Breaker:
    """Of a side of which nothing is known."""
    return Breaker(clock.monotonic, MOST)


def fails(breaker: Breaker, times: int = FAILURES) -> list[bool]:
    """Tries that find nobody."""
    return [breaker.lets_through() and breaker.silent() for _ in range(times)]


def test_only_failures_in_a_row_open_it_and_only_once(breaker: Breaker) -> None:
    """An answer in between, be it a refusal, shows that somebody is there."""
    fails(breaker, FAILURES - 1)
    breaker.answered()
    assert fails(breaker) == [False] * (FAILURES - 1) + [True]
    assert not breaker.lets_through()
    assert not breaker.silent(), "a try that was under way already says nothing new"


def test_after_each_pause_one_try_finds_out(breaker: Breaker, clock: JumpClock) -> None:
    """The pauses grow, but never beyond the delay that may be added."""
    fails(breaker)
    for pause in (*PAUSES, PAUSES[-1], PAUSES[-1]):
        clock.jump(seconds=pause - 0.1)
        assert not breaker.lets_through()
        assert breaker.again_in == pytest.approx(0.1)
        clock.jump(seconds=0.1)
        assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
        breaker.silent()
    clock.jump(seconds=PAUSES[-1])
    assert breaker.lets_through()
    breaker.answered()
    assert breaker.lets_through()
    assert breaker.lets_through()
    assert breaker.untroubled


def test_a_try_that_was_not_made_does_not_keep_others_from_finding_out(breaker: Breaker, clock: JumpClock) -> None:
    """It was given up for a reason of ours."""
    fails(breaker)
    clock.jump(seconds=PAUSES[0])
    assert breaker.lets_through()
    breaker.nothing_learnt()
    assert breaker.lets_through()


def test_who_asks_for_less_gets_less(breaker: Breaker, clock: JumpClock) -> None:
    """Half at each refusal, never nothing, one more after each success; not before the time that it names."""
    breaker.overloaded(3.0)
    assert breaker.most == MOST // 2
    clock.jump(seconds=2.9)
    assert not breaker.lets_through()
    clock.jump(seconds=0.1)
    assert breaker.lets_through()
    breaker.answered()
    assert breaker.most == MOST // 2 + 1
    for _ in range(10):
        breaker.overloaded(3600.0)
    assert breaker.most == 1
    clock.jump(seconds=PAUSES[-1])
    assert breaker.lets_through(), "an hour is too long where lives hang on it"


def test_whoever_hangs_is_left_alone_before_the_first_try_has_ended(breaker: Breaker) -> None:
    """Five that wait for three seconds are enough; the answer of any of them closes it again."""
    for _ in range(FAILURES - 1):
        breaker.suspected()
    assert breaker.lets_through()
    breaker.suspected()
    assert not breaker.lets_through()
    breaker.answered()
    assert breaker.untroubled


def test_being_slow_alone_alarms_nobody(breaker: Breaker) -> None:
    """What was suspected becomes news for the operator once the tries have really failed."""
    for _ in range(FAILURES):
        breaker.suspected()
    assert [breaker.silent() for _ in range(FAILURES + 1)] == [False] * (FAILURES - 1) + [True, False]
