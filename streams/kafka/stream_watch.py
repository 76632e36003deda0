"""Tells an app that has stopped working from one that has nothing to do."""

from __future__ import annotations

from typing import Any

from streams.kafka.connection import Broker, Unreachable
from streams.kafka.faust_app import StreamApp, Tally
from streams.kafka.places import places

PATIENCE = 10
"""Looks without progress after which the broker is asked whether anything waits."""

DOUBT = 4
"""Looks until it is asked again: what waits then, at the same place, is not being worked on."""

START_PATIENCE = 90
"""Looks without progress that a start may take; reading a table again is progress."""


class StreamWatch:
    """Looks at one app. `look` is called about once a second."""

    def __init__(self, broker: Broker, watched: StreamApp, tally: Tally, patience: int = PATIENCE) -> None:
        self._broker = broker
        self._watched = watched
        self._tally = tally
        self._patience = patience
        self._mark: object = None
        self._still = 0
        self._waited_at: dict[int, int] | None = None

    async def look(self, *, ready: bool) -> str | None:
        """What is wrong, or None."""
        mark = (self._tally.progress, *self._moves())
        if mark != self._mark:
            self._mark = mark
            self._begin_again()
            return None
        self._still += 1
        if not ready:
            return "it does not get ready" if self._still >= START_PATIENCE else None
        if self._still < self._patience + (0 if self._waited_at is None else DOUBT):
            return None
        try:
            waiting = await self._waiting()
        except Unreachable:
            return None
        if self._waited_at is None and waiting:
            self._waited_at = waiting
            return None
        before = self._waited_at or {}
        self._begin_again()
        return "messages wait and it does nothing" if before.items() & waiting.items() else None

    def assigned(self) -> tuple[int, ...]:
        """The partitions that the app has of the topic that it reads."""
        try:
            assigned = self._watched.app.consumer.assignment()
        except Exception:  # noqa: BLE001 - a consumer that has not begun has none
            return ()
        return tuple(sorted(tp.partition for tp in assigned if tp.topic == self._watched.reads.name))

    def _begin_again(self) -> None:
        self._still = 0
        self._waited_at = None

    def _moves(self) -> tuple[int, int, int]:
        """What else shows that it is alive: partitions come and go, and a table is read again."""
        app: Any = self._watched.app
        recovered = sum(offset or 0 for offset in app.tables.recovery.active_offsets.values())
        return app.rebalancing_count, len(self.assigned()), recovered

    async def _waiting(self) -> dict[int, int]:
        """Where messages wait, and up to where the group has come there. Whoever has no partition looks at all."""
        topic = self._watched.reads
        partitions = self.assigned() or range(topic.partitions)
        found = await places(self._broker, self._watched.group, topic, partitions)
        return {partition: place.done for partition, place in found.items() if place.lag}
