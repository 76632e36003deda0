"""What somebody's situation asks of her positions, besides the borders of her zones."""

from __future__ import annotations

from alerts.contact_loss import told_every_ms
from alerts.situation import Situation
from alerts.stay_near import TOLD_EVERY_MS
from alerts.track import Asks

NOTHING, TRAIL = Asks(), Asks(trail=True)


def asks_of(situation: Situation) -> Asks:
    """What is asked now."""
    tracking, live = situation.tracking, situation.live_incident is not None
    journeys = {c.id: c.under_way for c in situation.check_ins if c.under_way is not None}
    if tracking is None and situation.stay_near is None and not journeys:
        # Of almost everybody, at every decision.
        return TRAIL if live else NOTHING
    spans = [told_every_ms(journey.lost_after_ms) for journey in journeys.values()]
    if tracking is not None:
        spans.append(told_every_ms(tracking.lost_after_ms))
    if situation.stay_near is not None:
        spans.append(TOLD_EVERY_MS)
    return Asks(trail=live, told_every_ms=min(spans), journeys=tuple(journeys))
