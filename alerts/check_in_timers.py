"""When a check-in is looked at next: its reminders, its due time, the end of its grace."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from alerts.situation import CheckIn
from alerts.turn import Turn, milliseconds

JOURNEYS = "journey:"
CheckInPhase = Literal["scheduled", "due", "overdue", "completed", "missed", "cancelled"]


def timer_of(check_in: CheckIn) -> str:
    """The name of a check-in's timer; the true deadline behind a coerced answer has one of its own."""
    return f"check-in:{check_in.id}{':true' if check_in.hidden else ''}"


def journey_timer(check_in: CheckIn) -> str:
    """The name of the timer that looks after a journey on its way."""
    return f"{JOURNEYS}{check_in.id}"


def missed_at(check_in: CheckIn) -> datetime:
    """The end of grace: from here on it is missed."""
    return check_in.asked_again_until or check_in.due_at + milliseconds(check_in.grace_ms)


def reminders_of(check_in: CheckIn) -> list[datetime]:
    """When the person is reminded, in order."""
    return sorted(check_in.due_at - milliseconds(before) for before in check_in.remind_ms)


def next_look(check_in: CheckIn) -> datetime:
    """The next instant at which something happens to it."""
    reminders = [] if check_in.hidden else reminders_of(check_in)
    if check_in.reminded < len(reminders):
        return min(reminders[check_in.reminded], missed_at(check_in))
    return missed_at(check_in)


def phase(check_in: CheckIn, now: datetime) -> CheckInPhase:
    """The word for where it stands: *due* from the due time on, *overdue* once half of the grace is gone."""
    if check_in.state != "scheduled":
        return check_in.state
    if now < check_in.due_at:
        return "scheduled"
    half = (missed_at(check_in) - check_in.due_at) / 2
    return "due" if now < check_in.due_at + half else "overdue"


def arm(turn: Turn, check_in: CheckIn) -> None:
    """Sets the timer for the next look."""
    turn.set_timer(timer_of(check_in), next_look(check_in))
