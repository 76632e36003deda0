"""Whoever has an address may want nothing more from us: then the method is closed, and the next one is told."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from alerts.audience import STAFF, is_contact
from streams.records import Contact, Delivery, Method, Staff
from streams.store import Transaction

Owner = TypeVar("Owner", bound=Contact | Staff)


async def close_method(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    """The receiver of this message has opted out. The agency's own addresses are the agency's to change."""
    kind, _, known = delivery.recipient.partition(":")
    owner: Contact | Staff | None = None
    if is_contact(delivery.recipient):
        owner = await tx.get(Contact, delivery.organization, known)
    elif f"{kind}:" == STAFF:
        owner = await tx.get(Staff, delivery.organization, known)
    if owner is not None:
        await tx.put(changed(owner, {delivery.method}, now))


def changed(owner: Owner, methods: set[str], closed_at: datetime | None) -> Owner:
    """The contact, or who works here, with these methods closed since then; None: open again."""

    def one(method: Method) -> Method:
        return msgspec.structs.replace(method, closed_at=closed_at) if method.id in methods else method

    return msgspec.structs.replace(owner, methods=tuple(map(one, owner.methods)))
