"""Who is sent to next: the order is fair, and nothing that is not an alarm can keep an alarm waiting.

Each message goes by the time at which it was decided, later by a handicap: first alarms of a press by none, those of
anything less than extreme by five seconds, alarms told again by half a minute, reminders and what else is timed by a
minute, news and the rest by five. So what is urgent goes first and
what has waited long enough goes before it; nothing is refused, nothing waits for ever. Each other side has a queue of
its own: one that hangs fills its own places and no more. A share of the places is for alarms alone.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable

import msgspec

from streams.breaker import Breaker
from streams.processor import Claimed
from streams.records import LANE_ALARM, LANE_REST, LANE_TIMER, Delivery

AT_ONCE = 256
FOR_ALARMS = 64
"""Of these places so many are for alarms alone."""
AT_ONCE_EACH = 128
FOR_ALARMS_EACH = 32
REMEMBERED = 1024
"""Of so many other sides at most it is known that they failed lately though nothing is sent there now."""
WHILE_BEHIND = 8
"""At most so many while people wait to be decided: deciding shares this process's time with it. What has become slow
costs no time, and does not count."""
LESS_THAN_EXTREME, TOLD_AGAIN, TIMED, REST = 5.0, 30.0, 60.0, 300.0
"""Handicaps, in seconds."""


def handicap(delivery: Delivery) -> float:
    """By how many seconds it goes later than a first alarm of the same moment."""
    if delivery.lane == LANE_ALARM:
        if delivery.round > 0:
            return TOLD_AGAIN
        return 0.0 if delivery.facts.get("severity", "extreme") == "extreme" else LESS_THAN_EXTREME
    return TIMED if delivery.lane == LANE_TIMER else REST


Side = tuple[str, str]
"""A channel, and who stands behind the address there."""
Entry = tuple[float, int, Side, Claimed]


class _AtSide(msgspec.Struct):
    """What is under way at one other side, how many wait for it, and who of them is parked for want of a place."""

    breaker: Breaker
    under_way: int = 0
    waiting: int = 0
    alarms: list[Entry] = []
    others: list[Entry] = []

    def places(self, lane: int) -> int:
        """How many more may be sent there now."""
        if self.breaker.refuses:
            # Who is refused at once takes nobody's place: nobody waits behind those that hang.
            return AT_ONCE
        most = self.breaker.most
        return (most if lane == LANE_ALARM else max(1, most - FOR_ALARMS_EACH)) - self.under_way

    def parked(self, lane: int) -> list[Entry]:
        """What of this lane waits for a place."""
        return self.alarms if lane == LANE_ALARM else self.others


class SendingOrder:
    """Takes what is to be sent and gives out, one by one, what may be sent now.

    What comes next stands in two heaps, alarms apart. Whoever's turn it is at a side that is full is parked there, and
    comes back when a place is free: it costs the same however many sides there are.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sides: dict[Side, _AtSide] = {}
        self._full: set[Side] = set()
        self._at_rest: dict[Side, None] = {}
        self._alarms: list[Entry] = []
        self._others: list[Entry] = []
        self._count = 0
        self.parked = 0
        """How many wait for a place at a side that is full."""
        self._waiting = 0
        self._under_way = 0
        self._slow = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def put(self, side: Side, claimed: Claimed) -> None:
        """This one is to be sent."""
        if side not in self._sides:
            self._sides[side] = _AtSide(Breaker(self._monotonic, AT_ONCE_EACH))
        self._at_rest.pop(side, None)
        self._count += 1
        self._waiting += 1
        self._sides[side].waiting += 1
        delivery = claimed.delivery
        turn = delivery.created_at.timestamp() + handicap(delivery)
        heapq.heappush(self._heap(delivery.lane), (turn, self._count, side, claimed))

    def left_alone(self) -> Counter[str]:
        """By channel, how many other sides are left alone at present because they are silent or broken."""
        return Counter(channel for (channel, _), at in self._sides.items() if at.breaker.open)

    def look_again(self) -> None:
        """At a full side there may be a place by now, or whoever waits there is to be refused."""
        for side in list(self._full):
            at = self._sides[side]
            for lane in (LANE_ALARM, LANE_REST):
                self._unpark(at, lane, at.places(lane))
            if not at.alarms and not at.others:
                self._full.discard(side)

    def take(self, *, behind: bool) -> tuple[Side, Breaker, Claimed] | None:
        """The next that may be sent, counted as under way from now on, or None."""
        while (heap := self._next_heap()) is not None:
            if behind and self._under_way - self._slow >= WHILE_BEHIND:
                return None
            entry = heapq.heappop(heap)
            _, _, side, claimed = entry
            at, lane = self._sides[side], claimed.delivery.lane
            if at.places(lane) <= 0:
                heapq.heappush(at.parked(lane), entry)
                self.parked += 1
                self._full.add(side)
                continue
            self._waiting -= 1
            self._under_way += 1
            at.waiting -= 1
            at.under_way += 1
            return side, at.breaker, claimed
        return None

    def slowed(self) -> None:
        """A try that was given out waits for its other side; whoever says so says it when it ends as well."""
        self._slow += 1

    def ended(self, side: Side, *, slow: bool = False) -> None:
        """A try that was given out has ended: whoever waits longest for its place comes back."""
        at = self._sides[side]
        self._under_way -= 1
        self._slow -= slow
        at.under_way -= 1
        if at.waiting:
            for lane in (LANE_ALARM, LANE_REST):
                self._unpark(at, lane, 1)
        elif not at.under_way:
            # There may be as many webhooks as agencies; nothing is remembered of one that works.
            if at.breaker.untroubled:
                self._forget(side)
            else:
                self._at_rest[side] = None
                if len(self._at_rest) > REMEMBERED:
                    self._forget(next(iter(self._at_rest)))

    def _forget(self, side: Side) -> None:
        del self._sides[side]
        self._at_rest.pop(side, None)
        self._full.discard(side)

    def _unpark(self, at: _AtSide, lane: int, count: int) -> None:
        parked = at.parked(lane)
        count = max(0, min(count, len(parked)))
        self.parked -= count
        for _ in range(count):
            heapq.heappush(self._heap(lane), heapq.heappop(parked))

    def _heap(self, lane: int) -> list[Entry]:
        return self._alarms if lane == LANE_ALARM else self._others

    def _next_heap(self) -> list[Entry] | None:
        """Where the next one stands for whom there is a place altogether."""
        room = AT_ONCE - self._under_way
        heaps = [self._alarms] if room > 0 else []
        if room > FOR_ALARMS:
            heaps.append(self._others)
        return min((heap for heap in heaps if heap), key=lambda heap: heap[0][:2], default=None)
