"""How this process and what it depends on are doing: for readiness, metrics and the operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from services.metrics import Metrics
from streams.engine import Engine
from streams.spool.spool import Spool
from streams.store import NotKept, Store

PARTS_OF_A_CYCLE = 10.0
"""Seconds within which every loop of a process that nobody calls must have looked once."""


class BrokerClient(Protocol):
    """Whoever publishes."""

    connected: bool
    dropped: int


class Consumer(Protocol):
    """Whoever reads from the broker."""

    @property
    def assigned(self) -> Sequence[int]:
        """The partitions that it has."""
        ...


class Vitals(msgspec.Struct, kw_only=True):
    """What can be asked; a part that this process does not have is None, or empty."""

    store: Store
    engine: Engine
    spool: Spool | None = None
    publisher: BrokerClient | None = None
    consumers: Sequence[Consumer] = ()
    clock_offset: Callable[[], float] | None = None

    def problems(self) -> list[str]:
        """What is not as it should be; none of it keeps a press from being taken."""
        found = [] if self.store.up else ["store"]
        if self.spool is not None and self.spool.intake.spooling:
            found.append("spooling")
        if self.publisher is not None and not self.publisher.connected:
            found.append("broker")
        if not self.engine.turning():
            found.append("engine")
        return found

    def cycled(self) -> bool:
        """Whether the engine has lately gone through a full cycle."""
        return self.engine.cycled_within(PARTS_OF_A_CYCLE)

    async def fill(self, metrics: Metrics) -> None:
        """The gauges as they are now; those of the store stay as they were while it is out of reach."""
        metrics.store_up.set(self.store.up)
        metrics.pump_active.set(self.engine.pumping)
        for channel, count in self.engine.sender.left_alone().items():
            metrics.left_alone.labels(channel).set(count)
        if self.spool is not None:
            count, oldest = await self.spool.figures()
            metrics.spooled.set(count)
            metrics.spool_oldest.set(oldest)
        if self.publisher is not None:
            metrics.set_broker(up=self.publisher.connected)
            metrics.count_dropped(self.publisher.dropped)
        if self.consumers:
            metrics.stream_partitions.set(sum(len(consumer.assigned) for consumer in self.consumers))
        if self.clock_offset is not None:
            metrics.clock_offset.set(self.clock_offset())

    async def waiting(self, metrics: Metrics) -> None:
        """How much waits in the store."""
        try:
            figures = await self.store.read(lambda tx: tx.figures(self.engine.now()))
        except NotKept:
            return
        for what, count in figures.items():
            metrics.waiting.labels(what).set(count)
