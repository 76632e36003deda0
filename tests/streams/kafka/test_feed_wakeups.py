"""Every process that serves consoles hears that the journal grew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from streams.kafka.feed_wakeups import FeedWakeups
from tests.streams.kafka.town import Corner, until


class Ears:
    """Counts pokes."""

    def __init__(self, corner: Corner) -> None:
        self.pokes = 0
        self.wakeups = FeedWakeups(corner.broker, self._poke, corner.topics.feed)

    def _poke(self) -> None:
        self.pokes += 1


@contextlib.asynccontextmanager
async def open_ears(corner: Corner) -> AsyncIterator[Ears]:
    """Ears that listen."""
    ears = Ears(corner)
    task = asyncio.create_task(ears.wakeups.run())
    try:
        await until(lambda: ears.wakeups.listening, "it never listened")
        yield ears
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_all_of_them_hear_it(corner: Corner) -> None:
    """There is no group that would share them out."""
    async with corner.publisher() as publisher, open_ears(corner) as one, open_ears(corner) as two:
        before = (one.pokes, two.pokes)
        publisher.poke()
        await until(lambda: one.pokes > before[0] and two.pokes > before[1], "somebody did not hear it")


async def test_who_begins_to_listen_looks_at_once_and_not_at_what_was(corner: Corner) -> None:
    """What was published before is in the journal; one look takes all of it."""
    async with corner.publisher() as publisher:
        publisher.poke()
        publisher.poke()
        await until(lambda: publisher.published == 2, "it was not published")
        async with open_ears(corner) as ears:
            assert ears.pokes == 1
            publisher.poke()
            await until(lambda: ears.pokes == 2, "it does not hear")
