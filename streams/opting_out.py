"""Whoever has an address may want nothing more from us: then the method is closed, and the next one is told."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alerts.audience import is_contact
from streams.records import Contact, Delivery, Method
from streams.store import Transaction


async def close_method(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    """The receiver of this message has opted out. The agency's own addresses are the agency's to change."""
    if not is_contact(delivery.recipient):
        return
    contact = await tx.get(Contact, delivery.organization, delivery.recipient.removeprefix("contact:"))
    if contact is not None:
        await tx.put(changed(contact, {delivery.method}, now))


def changed(contact: Contact, methods: set[str], closed_at: datetime | None) -> Contact:
    """The contact with these methods closed since then; None: open again."""

    def one(method: Method) -> Method:
        return msgspec.structs.replace(method, closed_at=closed_at) if method.id in methods else method

    return msgspec.structs.replace(contact, methods=tuple(map(one, contact.methods)))
