"""Positions of a person, wherever they come from: the one way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from alerts.signals import Fix
from services.web.service import Service
from streams.fix_stream import keep_fixes
from streams.records import LANE_REST
from streams.store import Transaction

Source = Literal["phone", "owntracks", "osmand"]


async def take_fixes(
    service: Service, organization: str, person: str, fixes: Sequence[Fix], *, source: Source, now: datetime
) -> None:
    """Hands them to the stream, else to the store; kept only while an incident is live. Raises `NotKept`."""
    stream = service.fixes
    if stream is None or not await stream.put(organization, person, fixes):

        async def work(tx: Transaction) -> None:
            if await tx.with_live_incident([person]):
                await keep_fixes(tx, organization, person, fixes, now)

        await service.store.write(work, LANE_REST)
        service.engine.wake(organization, person, LANE_REST)
    service.metrics.fixes.labels(source).inc(len(fixes))
