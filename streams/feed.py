"""The feed of the consoles: tails the journal once for all of them, renders each change once, hands it to everybody.

A reader that stalls costs nobody anything: its queue is bounded, and when that is full it is let go; it comes back with
the number of the last event that it has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog

from streams.ending import in_time
from streams.records import FeedEvent
from streams.store import NotKept, Store, Transaction

log = structlog.get_logger()

SLICE = 500
QUEUE = 64
RESUMES = 10 * SLICE
"""So many events at most are told again to a reader who comes back."""

RESET = b"event: reset\ndata: {}\n\n"
LOOK_AT_LEAST_EVERY = 1.0
CALM = 0.05
"""Seconds between slices while many events come, so that changes of one incident are told together."""


class Rendered(msgspec.Struct, frozen=True):
    """One event as it goes out, and the staff who may not see it."""

    payload: bytes
    hidden_from: tuple[str, ...]


Render = Callable[[Transaction, FeedEvent], Coroutine[Any, Any, Rendered | None]]


class Subscription:
    """One console's place in the feed. `lost` is set when it could not keep up."""

    def __init__(self, organization: str, staff: str) -> None:
        self.organization = organization
        self.staff = staff
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self.lost = False

    def offer(self, rendered: Rendered) -> None:
        """Hands over an event, unless this reader may not see it or does not read."""
        if self.lost or self.staff in rendered.hidden_from:
            return
        try:
            self.queue.put_nowait(rendered.payload)
        except asyncio.QueueFull:
            self.lost = True


class Feed:
    """Tails the journal."""

    def __init__(self, store: Store, render: Render, *, look_every: float = LOOK_AT_LEAST_EVERY) -> None:
        self._store = store
        self._look_every = look_every
        self._render = render
        self._subscriptions: set[Subscription] = set()
        self._poked = asyncio.Event()
        self._last = 0

    def poke(self) -> None:
        """Something was published."""
        self._poked.set()

    @property
    def readers(self) -> int:
        """How many consoles are connected."""
        return len(self._subscriptions)

    async def run(self) -> None:
        """Until it is cancelled."""
        known = False
        while True:
            try:
                if not known:
                    self._last = (await self._store.read(_span))[1]
                    known = True
                with contextlib.suppress(TimeoutError):
                    await in_time(self._poked.wait(), self._look_every)
                self._poked.clear()
                while await self._step() == SLICE:  # noqa: ASYNC110 - a pause between slices, no waiting for anything
                    await asyncio.sleep(CALM)
            except NotKept:
                log.debug("the store is out of reach", action="feed_failed")
                await asyncio.sleep(LOOK_AT_LEAST_EVERY)
            except Exception:
                log.exception("feed failed", action="feed_failed")
                await asyncio.sleep(LOOK_AT_LEAST_EVERY)

    async def subscribe(self, organization: str, staff: str, after: int | None) -> tuple[Subscription, list[bytes]]:
        """A place in the feed from now on, and what happened since `after`; `reset` when that is too long ago."""
        subscription = Subscription(organization, staff)
        self._subscriptions.add(subscription)
        if after is None:
            return subscription, []
        first, last = await self._store.read(_span)
        if after > last or after + 1 < first:
            return subscription, [RESET]

        async def missed(tx: Transaction) -> list[FeedEvent]:
            return await tx.feed(after, RESUMES + 1)

        found = await self._store.read(missed)
        if len(found) > RESUMES:
            return subscription, [RESET]
        events = _coalesced([event for event in found if event.organization == organization])
        rendered = [await self._one(event) for event in events]
        return subscription, [r.payload for r in rendered if r is not None and staff not in r.hidden_from]

    def leave(self, subscription: Subscription) -> None:
        """The reader is gone."""
        self._subscriptions.discard(subscription)

    async def _step(self) -> int:
        async def work(tx: Transaction) -> list[FeedEvent]:
            return await tx.feed(self._last, SLICE)

        events = await self._store.read(work)
        if not events:
            return 0
        self._last = events[-1].number
        listening = {subscription.organization for subscription in self._subscriptions}
        for event in _coalesced([e for e in events if e.organization in listening]):
            rendered = await self._one(event)
            if rendered is not None:
                for subscription in self._subscriptions:
                    if subscription.organization == event.organization:
                        subscription.offer(rendered)
            # Rendering is work of the loop's own: whatever waits goes first.
            await asyncio.sleep(0)
        return len(events)

    async def _one(self, event: FeedEvent) -> Rendered | None:
        async def work(tx: Transaction) -> Rendered | None:
            return await self._render(tx, event)

        return await self._store.read(work)


async def _span(tx: Transaction) -> tuple[int, int]:
    return await tx.feed_span()


def _coalesced(events: list[FeedEvent]) -> list[FeedEvent]:
    """One event per incident, the last; one that opened or closed and changed since still says so."""
    last: dict[str, FeedEvent] = {}
    for event in events:
        before = last.pop(event.incident, None)
        changed_since = before is not None and event.event == "incident.updated"
        last[event.incident] = msgspec.structs.replace(event, event=before.event) if before and changed_since else event
    return list(last.values())
