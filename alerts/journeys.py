"""Journeys: a check-in that ends by arriving, and that others may hear of before it is due.

What is odd about one (she stands still, turns away, is not heard of, or her phone is about to die) she is asked about
first. Not answered in time, it opens an incident; so does a deadline that passes, as for any check-in. Progress moves
the deadline as far as the policy lets her move it herself. Behind an answer under duress the true deadline runs on, and
what her phone does meanwhile says nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts import check_in
from alerts.asking import ask, open_question, settle
from alerts.check_in_timers import JOURNEYS, arm, journey_timer
from alerts.contact_loss import span_of
from alerts.incidents import pull
from alerts.signal_base import TriggerKind, Worry
from alerts.signals import (
    FixReported,
    JourneyArrived,
    JourneyBegun,
    JourneyCalmed,
    JourneyProgressed,
    JourneyWorried,
    TimerDue,
)
from alerts.situation import CheckIn, UnderWay
from alerts.turn import Turn, milliseconds

AFTER_OUTAGE = timedelta(seconds=60)
"""What is noticed later than this was noticed late because of us."""
TRIGGERS: dict[Worry, TriggerKind] = {
    "standing_still": "missed_check_in",
    "turned_away": "missed_check_in",
    "no_contact": "contact_lost",
    "battery_low": "contact_lost",
}


def take(
    turn: Turn, signal: JourneyBegun | JourneyArrived | JourneyProgressed | JourneyWorried | JourneyCalmed
) -> None:
    """What is heard of a journey."""
    match signal:
        case JourneyBegun():
            begin(turn, signal)
        case JourneyArrived():
            arrive(turn, signal)
        case JourneyProgressed():
            progress(turn, signal)
        case JourneyWorried():
            worry(turn, signal)
        case JourneyCalmed():
            calm(turn, signal)


def begin(turn: Turn, signal: JourneyBegun) -> None:
    """She is under way; on one journey at a time."""
    if any(c.under_way is not None and not c.hidden for c in turn.situation.check_ins):
        turn.refuse("under_way_already")
        return
    begun = CheckIn(
        id=signal.journey,
        state="scheduled",
        first_due_at=signal.arrive_by,
        due_at=signal.arrive_by,
        grace_ms=signal.grace_ms,
        remind_ms=signal.remind_ms,
        extend_at_most_ms=signal.extend_at_most_ms,
        ask_again_ms=signal.ask_again_ms,
        planned_at=turn.now,
        under_way=UnderWay(ask_ms=signal.ask_ms, lost_after_ms=signal.lost_after_ms, heard_at=turn.now),
    )
    check_in.begin(turn, begun)
    _arm(turn, begun)


def arrive(turn: Turn, signal: JourneyArrived) -> None:
    """She is there. What her phone shows ends; a true deadline behind it does not."""
    journey = _shown(turn, signal.journey)
    if journey is None:
        turn.refuse("check_in_over")
        return
    check_in.arrive(turn, journey)
    if not journey.shadow:
        turn.record("journey_arrived")


def progress(turn: Turn, signal: JourneyProgressed) -> None:
    """She moves on, but needs longer: as much as she could have asked for herself."""
    journey = _shown(turn, signal.journey)
    if journey is None or journey.asked_again_until is not None:
        return
    furthest = journey.first_due_at + milliseconds(journey.extend_at_most_ms)
    due_at = min(signal.expected_at, furthest)
    if due_at <= journey.due_at:
        return
    later = msgspec.structs.replace(journey, due_at=due_at)
    check_in.put(turn, journey, later)
    arm(turn, later)


def worry(turn: Turn, signal: JourneyWorried) -> None:
    """Something is odd: she is asked."""
    journey = _true(turn, signal.journey)
    if journey is not None and journey.under_way is not None and signal.worry not in journey.under_way.worries:
        _worried(turn, journey, signal.worry, since=signal.at)


def calm(turn: Turn, signal: JourneyCalmed) -> None:
    """It is not odd any more: she need not answer."""
    journey = _true(turn, signal.journey)
    if journey is not None:
        _calmed(turn, journey, signal.worry)


def heard(turn: Turn, signal: FixReported) -> None:
    """Her phone was heard of."""
    for journey in [c for c in turn.situation.check_ins if _is_true(c)]:
        under_way = journey.under_way
        if under_way is None or signal.received_at < under_way.heard_at:
            continue
        changed = _with(turn, journey, heard_at=signal.received_at)
        _calmed(turn, changed, "no_contact")
        _arm(turn, _true(turn, journey.id) or changed)


def answered(turn: Turn, about: str) -> None:
    """She says that all is well: each of these is asked again only when it has been different meanwhile."""
    journey = _true(turn, about)
    if journey is not None and journey.under_way is not None:
        _arm(turn, _with(turn, journey, settled=journey.under_way.worries, heard_at=turn.now))


def look(turn: Turn, signal: TimerDue) -> None:
    """She has not answered, or her phone has been silent for longer than was agreed."""
    journey = _true(turn, signal.name.removeprefix(JOURNEYS))
    if journey is None or journey.under_way is None:
        return
    asked = open_question(turn, journey.id)
    if asked is not None and turn.now >= asked.answer_by:
        _tell(turn, journey, signal)
        return
    silent_until = _silent_until(journey.under_way)
    if turn.now >= silent_until and "no_contact" not in journey.under_way.worries:
        if turn.now - silent_until > AFTER_OUTAGE:
            # Nobody was there to hear her.
            journey = _with(turn, journey, heard_at=turn.now)
        else:
            _worried(turn, journey, "no_contact", since=silent_until)
            return
    _arm(turn, journey)


def _tell(turn: Turn, journey: CheckIn, signal: TimerDue) -> None:
    under_way = journey.under_way
    settle(turn, journey.id)
    if under_way is None:
        return
    untold = [worry for worry in under_way.worries if worry not in under_way.settled]
    _arm(turn, _with(turn, journey, settled=under_way.worries))
    for kind in dict.fromkeys(TRIGGERS[worry] for worry in untold):
        pull(turn, signal, kind, journey.id)
    for odd in untold:
        turn.record(f"journey_{odd}")


def _worried(turn: Turn, journey: CheckIn, odd: Worry, *, since: datetime) -> None:
    under_way = journey.under_way
    if under_way is None:
        return
    changed = _with(turn, journey, worries=(*under_way.worries, odd))
    ask(turn, journey.id, "journey_odd", since=since, answer_by=turn.now + milliseconds(under_way.ask_ms))
    _arm(turn, changed)


def _calmed(turn: Turn, journey: CheckIn, odd: Worry) -> None:
    under_way = journey.under_way
    if under_way is None or odd not in under_way.worries:
        return
    worries = tuple(worry for worry in under_way.worries if worry != odd)
    settled = tuple(worry for worry in under_way.settled if worry != odd)
    changed = _with(turn, journey, worries=worries, settled=settled)
    if set(worries) <= set(settled):
        settle(turn, journey.id)
    if odd in under_way.settled and turn.situation.live_incident is not None:
        turn.record(f"journey_not_{odd}")
        turn.publish("incident.updated")
    _arm(turn, changed)


def _with(turn: Turn, journey: CheckIn, **fields: object) -> CheckIn:
    """The journey as it has become."""
    assert journey.under_way is not None  # noqa: S101 - or it would be no journey
    changed = msgspec.structs.replace(journey, under_way=msgspec.structs.replace(journey.under_way, **fields))
    check_in.put(turn, journey, changed)
    return changed


def _arm(turn: Turn, journey: CheckIn) -> None:
    """Sets the timer for what comes first: her answer, or her phone's silence."""
    under_way = journey.under_way
    if under_way is None:
        return
    asked = open_question(turn, journey.id)
    ends = [asked.answer_by] if asked is not None else []
    if "no_contact" not in under_way.worries:
        ends.append(_silent_until(under_way))
    if ends:
        turn.set_timer(journey_timer(journey), min(ends))
    else:
        turn.clear_timer(journey_timer(journey))


def _silent_until(under_way: UnderWay) -> datetime:
    return under_way.heard_at + span_of(under_way.lost_after_ms)


def _shown(turn: Turn, journey: str) -> CheckIn | None:
    """As her phone shows it."""
    return next((c for c in turn.situation.check_ins if c.id == journey and not c.hidden), None)


def _true(turn: Turn, journey: str) -> CheckIn | None:
    """The one that is what it looks like; None where she answered under duress: staff know of that already."""
    return next((c for c in turn.situation.check_ins if c.id == journey and _is_true(c)), None)


def _is_true(journey: CheckIn) -> bool:
    return journey.under_way is not None and not journey.hidden and not journey.shadow
