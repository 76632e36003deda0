"""What the core asks for: requests in the imperative, frozen, a closed union. Whoever commits them carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from alerts.care_plan import MethodRef
from alerts.situation import CheckIn

Purpose = Literal[
    "alert",
    "repeat",
    "news",
    "all_clear",
    "invitation",
    "practice",
    "reminder",
    "question",
    "stay_near",
    "warning",
    "plan_open",
]
Urgency = Literal["alarm", "timer", "rest"]


class Notify(msgspec.Struct, frozen=True, kw_only=True):
    """Tell one recipient, by one of the methods or by all of them at once.

    `subject` is the incident or check-in it is about; with epoch, step, round, recipient and method it makes the
    delivery's id, so that the same decision can never tell twice.
    """

    subject: str
    incident: str | None
    recipient: str
    purpose: Purpose
    epoch: int
    step: int
    round: int
    methods: tuple[MethodRef, ...]
    all_at_once: bool = False
    drill: bool = False
    urgency: Urgency = "alarm"
    facts: Mapping[str, str | int | None] = {}


class SetTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Wake this person's situation at `due_at`; replaces the timer of the same name."""

    name: str
    generation: int
    due_at: datetime


class ClearTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Forget the timer of this name."""

    name: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Write to the timeline (and, without an incident, to the person's journal)."""

    what: str
    incident: str | None
    at: datetime
    by: str | None = None
    values: Mapping[str, str | int | None] = {}


class Publish(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the consoles that an incident opened, changed or closed."""

    event: Literal["incident.opened", "incident.updated", "incident.closed"]
    incident: str


class VoidDeliveries(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever of this incident has not left must not leave any more."""

    incident: str


class AlarmOperator(msgspec.Struct, frozen=True, kw_only=True):
    """Tell whoever runs the service that it cannot do its work. `what` names no person."""

    what: str


class CloseAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """The responders closed it: the person's own screen shows it closed, unless she has called it off."""

    incident: str
    at: datetime


class KeepCheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """Keep this check-in as the person may see it."""

    check_in: CheckIn


class NoticeLate(msgspec.Struct, frozen=True, kw_only=True):
    """Something came due while nobody was at work: she is asked once more (`asked`), or others have been told."""

    missed_at: datetime
    asked: bool


class ShowMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Put a message into the thread between the person and the responders."""

    message: str
    incident: str | None
    at: datetime
    writer: Literal["person", "responder"]
    name: str | None
    text: str


Effect = (
    Notify
    | SetTimer
    | ClearTimer
    | Record
    | Publish
    | VoidDeliveries
    | AlarmOperator
    | CloseAlarm
    | KeepCheckIn
    | NoticeLate
    | ShowMessage
)
