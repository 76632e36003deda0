"""Asks providers about messages of which nothing more was heard: a callback may be lost, an alarm may not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from streams.channel import Channel, TellsProgress
from streams.clock import Clock
from streams.ending import in_time
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Delivery, HandedOver
from streams.sealing import Unreadable
from streams.store import NotKept, Store, Transaction

log = structlog.get_logger()

FIRST_AFTER = timedelta(seconds=60)
AGAIN_AFTER = timedelta(seconds=60)
MOST_ASKED = 10
AT_ONCE = 32
LOOK_EVERY = 5.0
WITHIN = 10.0


class ReceiptAsker:
    """Looks for what was taken over a minute ago and has neither arrived nor failed since."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        wake: Callable[[str, str, int], None],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._channels = channels
        self._wake = wake
        self._changed = changed

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                while await self.look() == AT_ONCE:
                    pass
            except NotKept:
                log.debug("the store is out of reach", action="asking_failed")
            except Exception:
                log.exception("asking for receipts failed", action="asking_failed")

    async def look(self) -> int:
        """Asks about what is due; about how many."""
        now = self._clock.now()

        async def work(tx: Transaction) -> list[HandedOver]:
            return await tx.to_ask_about(now, now + AGAIN_AFTER, MOST_ASKED, AT_ONCE)

        # Most of the time there is nothing, which a reader sees without waking the writer.
        if not await self._store.read(lambda tx: tx.anything_to_ask_about(now)):
            return 0
        due = await self._store.write(work, LANE_ALARM)
        await asyncio.gather(*(self._ask(one) for one in due))
        return len(due)

    async def _ask(self, one: HandedOver) -> None:
        channel = self._channels.get(one.channel)
        if not isinstance(channel, TellsProgress):
            return
        try:
            progress = await in_time(channel.progress(one.reference), WITHIN)
        except TimeoutError:
            return
        if progress is None:
            return
        now = self._clock.now()

        async def work(tx: Transaction) -> Delivery | None:
            return await take_receipt(tx, one.delivery, progress.state, progress.why, now)

        changed = None
        with contextlib.suppress(Unreadable):
            # Whoever was erased meanwhile: nothing follows from it any more.
            changed = await self._store.write(work, LANE_ALARM)
        if changed is not None:
            self._changed()
            if progress.state == "failed":
                self._wake(changed.organization, changed.person, LANE_ALARM)
