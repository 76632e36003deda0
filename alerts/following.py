"""What somebody's situation asks of her positions, besides the borders of her zones."""

from __future__ import annotations

from alerts.contact_loss import told_every_ms
from alerts.situation import Situation
from alerts.track import Asks


def asks_of(situation: Situation) -> Asks:
    """What is asked now."""
    tracking = situation.tracking
    return Asks(
        trail=situation.live_incident is not None,
        told_every_ms=told_every_ms(tracking) if tracking is not None else None,
    )
