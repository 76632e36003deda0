"""What somebody's situation asks of her positions, besides the borders of her zones."""

from __future__ import annotations

from alerts.contact_loss import told_every_ms
from alerts.situation import Situation
from alerts.stay_near import TOLD_EVERY_MS
from alerts.track import Asks


def asks_of(situation: Situation) -> Asks:
    """What is asked now."""
    tracking = situation.tracking
    journeys = [c for c in situation.check_ins if c.under_way is not None]
    spans = [told_every_ms(c.under_way.lost_after_ms) for c in journeys if c.under_way is not None]
    if tracking is not None:
        spans.append(told_every_ms(tracking.lost_after_ms))
    if situation.stay_near is not None:
        spans.append(TOLD_EVERY_MS)
    return Asks(
        trail=situation.live_incident is not None,
        told_every_ms=min(spans, default=None),
        journeys=tuple(dict.fromkeys(c.id for c in journeys)),
    )
