"""Ids that follow from what they stand for, so that deciding twice makes the same thing and not a second one."""

from __future__ import annotations

import hashlib

VARIANT = "89ab"


def derived_id(*parts: object) -> str:
    """A UUID (version 8, RFC 9562 §5.8) made from `parts`: the same parts always give the same id."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    variant = VARIANT[int(digest[16], 16) & 0x3]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:]}"


def delivery_id(
    *,
    subject: str,
    purpose: str,
    epoch: int,
    step: int,
    round_number: int,
    recipient: str,
    method: str,
) -> str:
    """The id of one message to one method of one recipient in one round of one epoch."""
    return derived_id("delivery", subject, purpose, epoch, step, round_number, recipient, method)


def incident_id_for_press(person: str, press: str) -> str:
    """The incident that a press would open: known to the phone before anything has been decided."""
    return derived_id("incident", person, press)
