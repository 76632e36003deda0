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
        await say_failed(tx, changed, changed.incident, others_alive=not nobody_left, now=now)
    return changed


async def say_failed(tx: Transaction, delivery: Delivery, incident: str, *, others_alive: bool, now: datetime) -> None:
    """Whoever decides for the person has to hear that a message of an incident came to nothing for good."""
    signal = DeliveryFailed(
        id=derived_id("failed", delivery.id),
        person=delivery.person,
        at=now,
        received_at=now,
        incident=incident,
        delivery=delivery.id,
        recipient=delivery.recipient,
        others_alive=others_alive,
    )
    await tx.put_mail(delivery.organization, delivery.person, LANE_ALARM, signal)
