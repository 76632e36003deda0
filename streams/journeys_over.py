"""When a journey is over its key is destroyed: what it was about cannot be read any more, here nor in any backup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from streams.store import Store, Transaction

FAILED_KEPT = timedelta(hours=72)
"""After the close of the incident that it failed with: as long as any trail."""
SLICE = 500


async def forget_journeys(store: Store, journeys: Sequence[str], at: datetime) -> None:
    """Destroys the keys of these, then what they sealed. Raises `NotKept`; `sweep_journeys` finds what is left."""
    for journey in journeys:
        await store.destroy_key(journey, at)

    async def work(tx: Transaction) -> None:
        await tx.drop_journeys(journeys)

    await store.write(work)


async def sweep_journeys(store: Store, now: datetime) -> int:
    """The same for those that a crash left behind, and for failed ones whose time has come; how many."""
    found = await store.read(lambda tx: tx.journeys_over(now - FAILED_KEPT, SLICE))
    if found:
        await forget_journeys(store, found, now)
    return len(found)
