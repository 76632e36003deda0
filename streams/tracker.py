"""Positions become what is known of where somebody is; only what crosses, or is asked for, becomes mail.

All of it in one transaction: what is known, the trail, and the mail that says what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.journey_progress import JourneySighting, look
from alerts.signal_base import Fix
from alerts.signals import FixReported
from alerts.track import Sighting, follow, worth_keeping
from streams.records import LANE_ALARM, LANE_REST
from streams.store import Transaction


async def take_fixes(tx: Transaction, fixes: Mapping[str, Sequence[Fix]], now: datetime) -> dict[str, int]:
    """Takes the positions of people who are followed; who has mail now, and in which lane. Others leave no trace."""
    lanes: dict[str, int] = {}
    for person, where in (await tx.whereabouts(sorted(fixes))).items():
        found = follow(person, where.zones, where.asks, where.track, fixes[person], now)
        await tx.save_track(person, found.track)
        sightings: list[Sighting | JourneySighting] = list(found.sightings)
        if where.asks.journeys:
            sightings += await _take_journeys(tx, person, fixes[person], now)
        if found.trail:
            await tx.put_fixes(where.organization, person, found.trail)
        for sighting in sightings:
            # A border that was crossed may be the alarm itself.
            lane = LANE_REST if isinstance(sighting, FixReported) else LANE_ALARM
            await tx.put_mail(where.organization, person, lane, sighting)
            lanes[person] = min(lane, lanes.get(person, lane))
    return lanes


async def _take_journeys(tx: Transaction, person: str, fixes: Sequence[Fix], now: datetime) -> list[JourneySighting]:
    """How her journeys go, and their trails."""
    found: list[JourneySighting] = []
    for journey, before in await tx.journeys_of(person):
        progress, sightings = look(person, journey.id, journey.destination, before, fixes, now)
        if progress.track.last is not before.track.last:
            kept = _worth_keeping(before.track.last, fixes)
            await tx.put_journey_fixes(journey.organization, journey.id, kept)
            await tx.save_progress(journey.id, progress)
        found += sightings
    return found


def _worth_keeping(last: Fix | None, fixes: Sequence[Fix]) -> list[Fix]:
    kept = []
    for fix in sorted(fixes, key=lambda one: one.at):
        if (last is None or fix.at > last.at) and worth_keeping(last, fix):
            kept.append(fix)
            last = fix
    return kept
