"""Who is sent to next: the order is fair, and nothing that is not an alarm can keep an alarm waiting.

Each message goes by the time at which it was decided, later by a handicap: first alarms by none, alarms told again by
half a minute, reminders and what else is timed by a minute, news and the rest by five. So what is urgent goes first and
what has waited long enough goes before it; nothing is refused, nothing waits for ever. Each other side has a queue of
its own: one that hangs fills its own places and no more. A share of the places is for alarms alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec

from streams.breaker import Breaker
from streams.processor import Claimed
from streams.records import LANE_ALARM, LANE_TIMER, Delivery

AT_ONCE = 256
FOR_ALARMS = 64
"""Of these places so many are for alarms alone."""
AT_ONCE_EACH = 128
FOR_ALARMS_EACH = 32
WHILE_BEHIND, ALARMS_WHILE_BEHIND = 8, 16
"""At most so many at one other side while people wait to be decided: deciding shares this process's time with it."""
TOLD_AGAIN, TIMED, REST = 30.0, 60.0, 300.0
"""Handicaps, in seconds."""


def handicap(delivery: Delivery) -> float:
    """By how many seconds it goes later than a first alarm of the same moment."""
    if delivery.lane == LANE_ALARM:
        return TOLD_AGAIN if delivery.round > 0 else 0.0
    return TIMED if delivery.lane == LANE_TIMER else REST


class _Waiting(msgspec.Struct):
    """What waits for one other side, alarms apart."""

    alarms: list[tuple[float, int, Claimed]]
    others: list[tuple[float, int, Claimed]]
    breaker: Breaker
    under_way: int = 0

    def queue(self, lane: int) -> list[tuple[float, int, Claimed]]:
        """Where this lane waits."""
        return self.alarms if lane == LANE_ALARM else self.others


class SendingOrder:
    """Takes what is to be sent and gives out, one by one, what may be sent now."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sides: dict[tuple[str, str], _Waiting] = {}
        self._count = 0
        self._waiting = 0
        self._under_way = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def put(self, side: tuple[str, str], claimed: Claimed) -> None:
        """`side` is the channel, and who stands behind the address there."""
        waiting = self._sides.get(side)
        if waiting is None:
            waiting = self._sides[side] = _Waiting([], [], Breaker(self._monotonic, AT_ONCE_EACH))
        self._count += 1
        self._waiting += 1
        delivery = claimed.delivery
        turn = delivery.created_at.timestamp() + handicap(delivery)
        heapq.heappush(waiting.queue(delivery.lane), (turn, self._count, claimed))

    def take(self, *, behind: bool) -> tuple[tuple[str, str], Breaker, Claimed] | None:
        """The next that may be sent, counted as under way from now on, or None."""
        best: tuple[float, int, tuple[str, str], list[tuple[float, int, Claimed]]] | None = None
        room = AT_ONCE - self._under_way
        for side, waiting in self._sides.items():
            most = waiting.breaker.most
            for queue, places, places_here in (
                (waiting.alarms, room, min(most, ALARMS_WHILE_BEHIND) if behind else most),
                (
                    waiting.others,
                    room - FOR_ALARMS,
                    min(most, WHILE_BEHIND) if behind else max(1, most - FOR_ALARMS_EACH),
                ),
            ):
                if queue and places > 0 and waiting.under_way < places_here:
                    turn, count, _ = queue[0]
                    if best is None or (turn, count) < best[:2]:
                        best = (turn, count, side, queue)
        if best is None:
            return None
        _, _, side, queue = best
        claimed = heapq.heappop(queue)[2]
        self._waiting -= 1
        self._under_way += 1
        self._sides[side].under_way += 1
        return side, self._sides[side].breaker, claimed

    def ended(self, side: tuple[str, str]) -> None:
        """A try that was given out has ended."""
        waiting = self._sides[side]
        self._under_way -= 1
        waiting.under_way -= 1
        if not waiting.under_way and not waiting.alarms and not waiting.others and waiting.breaker.untroubled:
            # There may be as many webhooks as agencies; nothing is remembered of one that works.
            del self._sides[side]
