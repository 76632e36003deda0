"""Loss of contact: a phone that should be heard of again and again, and is not.

A phone that keeps still may save its battery by saying nothing: it has longer. Whoever is not heard of is asked first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts.asking import ask, open_question, settle
from alerts.incidents import pull
from alerts.signals import FixReported, TimerDue, TrackingSet
from alerts.situation import Tracking
from alerts.turn import Turn, milliseconds

TIMER = "tracking"
ABOUT = "tracking"
WHILE_STILL = timedelta(hours=12)
"""So long a phone that has kept still may say nothing: a night."""
AFTER_OUTAGE = timedelta(seconds=60)
"""What is noticed later than this was noticed late because of us."""
TOLD_PER_SPAN = 4
"""So often within the span that she may be silent for we are told that her phone was heard of."""


def set_tracking(turn: Turn, signal: TrackingSet) -> None:
    """From now on her phone is listened for, or not any more."""
    settle(turn, ABOUT)
    before = turn.situation.tracking
    if signal.lost_after_ms is None:
        turn.situation = msgspec.structs.replace(turn.situation, tracking=None)
        turn.clear_timer(TIMER)
        return
    tracking = Tracking(
        lost_after_ms=signal.lost_after_ms,
        ask_ms=signal.ask_ms,
        heard_at=turn.now,
        still=before.still if before is not None else False,
        fix=before.fix if before is not None else None,
    )
    _put(turn, tracking)
    turn.set_timer(TIMER, silent_until(tracking))


def told_every_ms(lost_after_ms: int) -> int:
    """How often it is enough to be told that a phone was heard of which may be silent for so long."""
    return lost_after_ms // TOLD_PER_SPAN


def span_of(lost_after_ms: int) -> timedelta:
    """How long nothing need be told of it. What was heard since we were told last is allowed for."""
    return milliseconds(lost_after_ms + told_every_ms(lost_after_ms))


def silent_until(tracking: Tracking) -> datetime:
    """Until then it need not be heard of."""
    span = span_of(tracking.lost_after_ms)
    return tracking.heard_at + (max(span, WHILE_STILL) if tracking.still else span)


def heard(turn: Turn, signal: FixReported) -> None:
    """Her phone was heard of."""
    tracking = turn.situation.tracking
    if tracking is None or signal.received_at < tracking.heard_at:
        return
    _heard(turn, msgspec.structs.replace(tracking, fix=signal.fix), signal.received_at, still=signal.still)


def answered(turn: Turn) -> None:
    """She says that all is well: as good as being heard of."""
    tracking = turn.situation.tracking
    if tracking is not None:
        _heard(turn, tracking, turn.now, still=tracking.still)


def look(turn: Turn, signal: TimerDue) -> None:
    """Her phone has been silent for longer than was agreed."""
    tracking = turn.situation.tracking
    if tracking is None or tracking.lost:
        return
    asked = open_question(turn, ABOUT)
    if turn.now < silent_until(tracking):
        turn.set_timer(TIMER, silent_until(tracking))
    elif asked is None and turn.now - silent_until(tracking) > AFTER_OUTAGE:
        # Nobody was there to hear her: she has the whole span again.
        _heard(turn, tracking, turn.now, still=tracking.still)
    elif asked is None and tracking.ask_ms:
        answer_by = turn.now + milliseconds(tracking.ask_ms)
        ask(turn, ABOUT, "contact_lost", since=tracking.heard_at, answer_by=answer_by)
        turn.set_timer(TIMER, answer_by)
    elif asked is not None and turn.now < asked.answer_by:
        turn.set_timer(TIMER, asked.answer_by)
    else:
        settle(turn, ABOUT)
        _put(turn, msgspec.structs.replace(tracking, lost=True))
        pull(turn, signal, "contact_lost", ABOUT)
        turn.record("contact_lost", seconds=int((turn.now - tracking.heard_at).total_seconds()))


def _heard(turn: Turn, tracking: Tracking, at: datetime, *, still: bool) -> None:
    settle(turn, ABOUT)
    if tracking.lost and turn.situation.live_incident is not None:
        turn.record("contact_again")
        turn.publish("incident.updated")
    tracking = msgspec.structs.replace(tracking, heard_at=at, still=still, lost=False)
    _put(turn, tracking)
    turn.set_timer(TIMER, silent_until(tracking))


def _put(turn: Turn, tracking: Tracking) -> None:
    turn.situation = msgspec.structs.replace(turn.situation, tracking=tracking)
