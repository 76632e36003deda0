"""A message to one recipient that belongs to no alarm: an invitation, practice, what is open in plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.care_plan import MethodRef
from alerts.effects import Notify, Purpose
from streams.processor import deliveries_of
from streams.records import Delivery


def message_apart(
    organization: str,
    person: str,
    *,
    subject: str,
    recipient: str,
    purpose: Purpose,
    number: int,
    methods: tuple[MethodRef, ...],
    at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> list[Delivery]:
    """One delivery for each method, due at `at` and after all alarms; with the same `number` it is the same message."""
    notify = Notify(
        subject=subject,
        incident=None,
        recipient=recipient,
        purpose=purpose,
        epoch=0,
        step=0,
        round=number,
        methods=methods,
        urgency="rest",
        facts=dict(facts or {}),
    )
    return deliveries_of(organization, person, notify, at)
