"""What a provider says later of a message that it took over; what came to nothing after all goes on at once."""

from __future__ import annotations

from datetime import datetime

from alerts.ids import derived_id
from alerts.signals import DeliveryFailed
from streams.records import LANE_ALARM, Delivery
from streams.store import Transaction


async def take_receipt(tx: Transaction, delivery: str, state: str, why: str | None, now: datetime) -> Delivery | None:
    """Takes a receipt (`sent`, `delivered`, `read`, `failed`); the delivery where it has changed anything."""
    changed = await tx.receive(delivery, state, why, now)
    if changed is None:
        return None
    await tx.publish_progress([changed], now)
    if state == "failed" and changed.incident is not None:
        nobody_left = await tx.go_on_after(changed, now)
        signal = DeliveryFailed(
            id=derived_id("failed", changed.id),
            person=changed.person,
            at=now,
            received_at=now,
            incident=changed.incident,
            delivery=changed.id,
            recipient=changed.recipient,
            others_alive=not nobody_left,
        )
        await tx.put_mail(changed.organization, changed.person, LANE_ALARM, signal)
    return changed
