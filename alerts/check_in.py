"""Check-ins: planned, reminded, completed, extended, cancelled, missed.

An answer with the duress twin splits a check-in in two: the *true* one keeps its deadline, hidden from the person's
side, and a *shadow* looks exactly as if the answer had been honest.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from alerts.asking import remind, settle
from alerts.check_in_timers import arm, journey_timer, missed_at, reminders_of, timer_of
from alerts.effects import KeepCheckIn, NoticeLate
from alerts.incidents import pull, raise_duress
from alerts.signal_base import SignalBase, Verdict
from alerts.signals import CheckInCancelled, CheckInCompleted, CheckInExtended, CheckInPlanned, TimerDue
from alerts.situation import CheckIn, CheckInState, Trigger
from alerts.standing_down import stand_down
from alerts.turn import Turn, milliseconds

HIDDEN = "#hidden"
SEEMS_ANSWERED = "#answered"
AFTER_OUTAGE = timedelta(seconds=60)
"""A miss noticed later than this was noticed late because of us."""


def plan(turn: Turn, signal: CheckInPlanned) -> None:
    """A new promise to be heard of."""
    if any(c.id == signal.check_in for c in turn.situation.check_ins):
        turn.refuse("check_in_exists")
        return
    check_in = CheckIn(
        id=signal.check_in,
        state="scheduled",
        first_due_at=signal.due_at,
        due_at=signal.due_at,
        grace_ms=signal.grace_ms,
        remind_ms=signal.remind_ms,
        extend_at_most_ms=signal.extend_at_most_ms,
        ask_again_ms=signal.ask_again_ms,
        planned_at=turn.now,
        note=signal.note,
        destination=signal.destination,
    )
    begin(turn, check_in)


def begin(turn: Turn, check_in: CheckIn) -> None:
    """From now on it is looked after; what runs already under its id stays as it is."""
    if any(c.id == check_in.id and c.hidden == check_in.hidden for c in turn.situation.check_ins):
        return
    check_in = _without_past_reminders(turn, check_in)
    turn.put_check_in(check_in)
    if not check_in.hidden:
        turn.effects.append(KeepCheckIn(check_in=check_in))
    arm(turn, check_in)


def withdraw(turn: Turn, check_in: CheckIn) -> None:
    """It is not asked for any more: what it came from has changed."""
    if check_in.hidden:
        turn.drop_check_in(check_in)
        turn.clear_timer(timer_of(check_in))
    else:
        _keep_ended(turn, check_in, "cancelled")


def complete(turn: Turn, signal: CheckInCompleted) -> None:
    """The person says that all is well."""
    _end(turn, signal, signal.check_in, signal.verdict, "completed")


def cancel(turn: Turn, signal: CheckInCancelled) -> None:
    """The person calls the check-in off."""
    _end(turn, signal, signal.check_in, signal.verdict, "cancelled")


def put(turn: Turn, check_in: CheckIn, changed: CheckIn) -> None:
    """Keeps a check-in as it has become."""
    turn.put_check_in(changed, replaces=check_in)
    if not changed.hidden:
        turn.effects.append(KeepCheckIn(check_in=changed))


def arrive(turn: Turn, check_in: CheckIn) -> None:
    """A journey has ended where it was to end."""
    _keep_ended(turn, check_in, "completed")


def extend(turn: Turn, signal: CheckInExtended) -> None:
    """The person wants more time: never further than the policy allows from the first due time."""
    check_in = _shown(turn, signal.check_in)
    if check_in is None:
        turn.refuse("check_in_over")
        return
    if signal.due_at > check_in.first_due_at + milliseconds(check_in.extend_at_most_ms):
        turn.refuse("extends_too_far")
        return
    if signal.due_at < check_in.due_at:
        turn.refuse("extends_backwards")
        return
    check_in = _honest_or_shadow(turn, signal, check_in, signal.verdict)
    extended = _without_past_reminders(
        turn,
        msgspec.structs.replace(check_in, due_at=signal.due_at, reminded=0, asked_again_until=None),
    )
    turn.put_check_in(extended, replaces=check_in)
    turn.effects.append(KeepCheckIn(check_in=extended))
    arm(turn, extended)


def look(turn: Turn, check_in: CheckIn, signal: TimerDue) -> None:
    """The check-in's timer came due: remind, or find it missed."""
    if turn.now < missed_at(check_in):
        _remind(turn, check_in)
    elif _worth_asking_again(turn, check_in):
        until = turn.now + milliseconds(check_in.ask_again_ms)
        asked = msgspec.structs.replace(check_in, asked_again_until=until, reminded=len(check_in.remind_ms))
        turn.put_check_in(asked, replaces=check_in)
        turn.effects.append(KeepCheckIn(check_in=asked))
        turn.effects.append(NoticeLate(missed_at=missed_at(check_in), asked=True))
        _ask(turn, asked, number=len(asked.remind_ms) + 1)
        arm(turn, asked)
    else:
        _miss(turn, check_in, signal)


def _shown(turn: Turn, name: str) -> CheckIn | None:
    for check_in in turn.situation.check_ins:
        if check_in.id == name and not check_in.hidden:
            return check_in
    return None


def _end(turn: Turn, signal: SignalBase, name: str, verdict: Verdict, state: CheckInState) -> None:
    check_in = _shown(turn, name)
    if check_in is None:
        _answer_late(turn, signal, name, verdict)
        return
    check_in = _honest_or_shadow(turn, signal, check_in, verdict)
    _keep_ended(turn, check_in, state)
    if verdict == "duress":
        return
    turn.record(f"check_in_{state}")
    incident = turn.situation.live_incident
    odd = [t for t in incident.standing if t.source == name] if incident is not None else []
    if odd:
        # Something about a journey was odd, and others know of it: a claim that all is well after all.
        stand_down(turn, odd)


def _answer_late(turn: Turn, signal: SignalBase, name: str, verdict: Verdict) -> None:
    """It was missed before this answer came in: a claim that all is well, which staff have to confirm."""
    incident = turn.situation.live_incident
    missed = [t for t in incident.standing if t.kind == "missed_check_in" and t.source == name] if incident else []
    if not missed:
        turn.refuse("check_in_over")
        return
    if verdict == "duress":
        _seem_answered(turn, missed)
        raise_duress(turn, signal)
        return
    in_time = signal.at <= missed[0].at
    turn.record("answered_in_time_received_late" if in_time else "answered_late")
    stand_down(turn, missed)


def _seem_answered(turn: Turn, missed: list[Trigger]) -> None:
    """The next answer gets what it would get after an honest one; the trigger itself stands."""
    triggers = [
        msgspec.structs.replace(t, source=f"{t.source}{SEEMS_ANSWERED}") if t in missed else t
        for t in turn.incident.triggers
    ]
    turn.change(triggers=tuple(triggers))


def _honest_or_shadow(turn: Turn, signal: SignalBase, check_in: CheckIn, verdict: Verdict) -> CheckIn:
    """For an honest answer the check-in itself; for the twin a shadow, with the true one hidden behind it."""
    if verdict != "duress":
        return check_in
    if not check_in.shadow:
        true = msgspec.structs.replace(check_in, hidden=True)
        turn.put_check_in(true)
        arm(turn, true)
    shadow = msgspec.structs.replace(check_in, shadow=True)
    turn.put_check_in(shadow, replaces=check_in)
    raise_duress(turn, signal)
    return shadow


def _keep_ended(turn: Turn, check_in: CheckIn, state: CheckInState) -> None:
    turn.drop_check_in(check_in)
    turn.clear_timer(timer_of(check_in))
    if check_in.under_way is not None:
        settle(turn, check_in.id)
        turn.clear_timer(journey_timer(check_in))
    turn.effects.append(KeepCheckIn(check_in=msgspec.structs.replace(check_in, state=state, ended_at=turn.now)))


def _miss(turn: Turn, check_in: CheckIn, signal: TimerDue) -> None:
    late_by = turn.now - missed_at(check_in)
    if not check_in.hidden:
        _keep_ended(turn, check_in, "missed")
    else:
        turn.drop_check_in(check_in)
        turn.clear_timer(timer_of(check_in))
    at = msgspec.structs.replace(signal, at=missed_at(check_in))
    # A deadline that the phone no longer shows cannot be answered there, not even late.
    pull(turn, at, "missed_check_in", f"{check_in.id}{HIDDEN}" if check_in.hidden else check_in.id)
    if late_by > AFTER_OUTAGE:
        turn.record("noticed_late", seconds=int(late_by.total_seconds()))
        turn.effects.append(NoticeLate(missed_at=missed_at(check_in), asked=False))


def _worth_asking_again(turn: Turn, check_in: CheckIn) -> bool:
    if check_in.asked_again_until is not None or not check_in.ask_again_ms or check_in.hidden:
        return False
    return turn.now - missed_at(check_in) > AFTER_OUTAGE and turn.situation.live_incident is None


def _without_past_reminders(turn: Turn, check_in: CheckIn) -> CheckIn:
    past = sum(1 for at in reminders_of(check_in) if at < turn.now)
    return msgspec.structs.replace(check_in, reminded=past)


def _remind(turn: Turn, check_in: CheckIn) -> None:
    passed = sum(1 for at in reminders_of(check_in) if at <= turn.now)
    reminded = msgspec.structs.replace(check_in, reminded=max(passed, check_in.reminded))
    turn.put_check_in(reminded, replaces=check_in)
    if passed > check_in.reminded and not check_in.hidden:
        _ask(turn, reminded, number=passed)
    arm(turn, reminded)


def _ask(turn: Turn, check_in: CheckIn, *, number: int) -> None:
    """Reminds the person."""
    remind(turn, check_in.id, number=number, epoch_at=check_in.due_at, due_at=check_in.due_at, note=check_in.note)
