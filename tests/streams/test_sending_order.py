"""Who is sent to next, and what can keep whom waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from streams.breaker import FAILURES
from streams.processor import Claimed
from streams.records import LANE_ALARM, LANE_REST, LANE_TIMER
from streams.sending_order import (
    AT_ONCE,
    AT_ONCE_EACH,
    FOR_ALARMS,
    FOR_ALARMS_EACH,
    REMEMBERED,
    REST,
    TIMED,
    TOLD_AGAIN,
    WHILE_BEHIND,
    SendingOrder,
)
from tests.services.jump_clock import NOON, JumpClock
from tests.streams.test_store_contract import delivery

SMS, MAIL = ("sms", ""), ("email", "")


@pytest.fixture
def order() -> SendingOrder:
    """Nothing waits."""
    return SendingOrder(JumpClock().monotonic)


def put(order: SendingOrder, name: str, side: tuple[str, str] = SMS, *, after: float = 0, **fields: Any) -> None:
    """A message that was decided `after` seconds."""
    order.put(side, Claimed(delivery(name, created_at=NOON + timedelta(seconds=after), **fields)))


def given(order: SendingOrder, *, behind: bool = False) -> list[str]:
    """What may be sent now, in order."""
    order.look_again()
    names = []
    while (taken := order.take(behind=behind)) is not None:
        names.append(taken[2].delivery.id)
    return names


def test_the_most_urgent_first_whatever_came_first(order: SendingOrder) -> None:
    """First alarms, then alarms told again, then what is timed, then the rest."""
    put(order, "news", lane=LANE_REST)
    put(order, "reminder", lane=LANE_TIMER)
    put(order, "again", lane=LANE_ALARM, round=1)
    put(order, "missed", lane=LANE_ALARM, facts={"severity": "severe"})
    put(order, "alarm", MAIL, lane=LANE_ALARM, facts={"severity": "extreme"})
    put(order, "later alarm", lane=LANE_ALARM, after=1)
    assert given(order) == ["alarm", "later alarm", "missed", "again", "reminder", "news"]


@pytest.mark.parametrize(
    ("lane", "round_", "seconds"),
    [(LANE_ALARM, 1, TOLD_AGAIN), (LANE_TIMER, 0, TIMED), (LANE_REST, 0, REST)],
)
def test_what_has_waited_long_enough_goes_first(order: SendingOrder, lane: int, round_: int, seconds: float) -> None:
    """However many alarms keep coming: its turn comes."""
    put(order, "waited", lane=lane, round=round_)
    put(order, "just before", lane=LANE_ALARM, after=seconds - 1)
    put(order, "just after", lane=LANE_ALARM, after=seconds + 1)
    assert given(order) == ["just before", "waited", "just after"]


def test_a_side_that_hangs_holds_up_nobody_else(order: SendingOrder) -> None:
    """Its own places are full; those of others are free."""
    for n in range(AT_ONCE):
        put(order, f"sms-{n}", lane=LANE_ALARM)
    assert len(given(order)) == AT_ONCE_EACH
    assert order.parked == AT_ONCE - AT_ONCE_EACH
    put(order, "mail", MAIL, lane=LANE_ALARM, after=60)
    assert given(order) == ["mail"]


def test_what_is_parked_is_counted_however_often_somebody_looks(order: SendingOrder) -> None:
    """Also where alarms have filled a side beyond what the rest may use of it."""
    for n in range(AT_ONCE_EACH):
        put(order, f"alarm-{n}", lane=LANE_ALARM)
    put(order, "rest", lane=LANE_REST)
    for _ in range(5):
        given(order)
    assert order.parked == 1


def test_nothing_else_fills_the_places_of_alarms(order: SendingOrder) -> None:
    """Neither here nor altogether."""
    for side in range(9):
        for n in range(AT_ONCE):
            put(order, f"{side}-{n}", ("webhook", str(side)), lane=LANE_REST)
    waiting = given(order)
    assert len(waiting) == AT_ONCE - FOR_ALARMS
    per_side = [sum(1 for name in waiting if name.startswith(f"{side}-")) for side in range(9)]
    assert max(per_side) <= AT_ONCE_EACH - FOR_ALARMS_EACH
    put(order, "alarm", ("webhook", "0"), lane=LANE_ALARM, after=3600)
    assert given(order) == ["alarm"]


def test_while_people_wait_to_be_decided_little_is_sent_however_many_others_there_are(order: SendingOrder) -> None:
    """Deciding comes first. What waits for its other side costs no time, and does not count."""
    for n in range(50):
        put(order, f"{n}", ("webhook", str(n)), lane=LANE_ALARM)
    assert len(given(order, behind=True)) == WHILE_BEHIND
    order.slowed()
    order.slowed()
    assert len(given(order, behind=True)) == 2
    order.ended(("webhook", "0"), slow=True)
    order.ended(("webhook", "1"), slow=True)
    assert given(order, behind=True) == []
    order.ended(("webhook", "2"))
    assert len(given(order, behind=True)) == 1


def test_places_come_free_when_tries_end(order: SendingOrder) -> None:
    """And a side at which nothing is known any more is forgotten."""
    for n in range(AT_ONCE_EACH + 1):
        put(order, f"{n}", lane=LANE_ALARM)
    assert len(given(order)) == AT_ONCE_EACH
    assert len(order) == 1
    order.ended(SMS)
    assert given(order) == [str(AT_ONCE_EACH)]
    assert len(order) == 0


def test_nobody_waits_behind_those_that_hang_once_that_is_known(order: SendingOrder) -> None:
    """They are given out to be answered at once, so that their next methods begin."""
    for n in range(AT_ONCE_EACH):
        put(order, f"hangs-{n}", lane=LANE_ALARM)
    taken = [order.take(behind=False) for _ in range(AT_ONCE_EACH)]
    put(order, "waits", lane=LANE_ALARM)
    assert given(order) == []
    assert taken[0] is not None
    for _ in range(FAILURES):
        taken[0][1].suspected()
    assert given(order) == ["waits"]
    assert order.parked == 0


def test_what_has_failed_and_is_never_used_again_is_forgotten_in_the_end(order: SendingOrder) -> None:
    """There may be any number of webhooks in the world; one that something is under way to is still known."""
    put(order, "waits", ("webhook", "busy"))
    (side, busy, _) = order.take(behind=False) or pytest.fail("nothing was given out")
    for _ in range(FAILURES):
        busy.silent()
    for n in range(3 * REMEMBERED):
        put(order, f"m{n}", ("webhook", str(n)))
        taken = order.take(behind=False)
        assert taken is not None
        for _ in range(FAILURES):
            taken[1].silent()
        order.ended(taken[0])
    # And the busy one.
    assert 0 < order.left_alone()["webhook"] <= REMEMBERED + 1
    put(order, "again", side)
    taken = order.take(behind=False)
    assert taken is not None
    assert taken[1] is busy
