"""Positions become what is known of where somebody is; only what crosses, or is asked for, becomes mail.

All of it in one transaction: what is known, the trail, and the mail that says what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.signals import Fix, FixReported
from alerts.track import follow
from streams.records import LANE_ALARM, LANE_REST
from streams.store import Transaction


async def take_fixes(tx: Transaction, fixes: Mapping[str, Sequence[Fix]], now: datetime) -> dict[str, int]:
    """Takes the positions of people who are followed; who has mail now, and in which lane. Others leave no trace."""
    lanes: dict[str, int] = {}
    for person, where in (await tx.whereabouts(sorted(fixes))).items():
        found = follow(person, where.zones, where.asks, where.track, fixes[person], now)
        await tx.save_track(person, found.track)
        if found.trail:
            await tx.put_fixes(where.organization, person, found.trail)
        for sighting in found.sightings:
            # A border that was crossed may be the alarm itself.
            lane = LANE_REST if isinstance(sighting, FixReported) else LANE_ALARM
            await tx.put_mail(where.organization, person, lane, sighting)
            lanes[person] = min(lane, lanes.get(person, lane))
    return lanes
