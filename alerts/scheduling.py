"""Recurring schedules become check-ins: planned ahead one by one, re-planned when the schedule changes.

The next occurrence is always planned, and every one whose first reminder is due. A timer of the schedule plans what
comes after. What passed as a whole while nobody was at work is not asked for one by one: where a check-in of the
schedule is still being asked for, that one stands for them all; else the newest of them is asked for, as any check-in
is that is found overdue after an outage. The others are kept as missed.

A change under duress splits a schedule in two, as an answer does a check-in: the *true* one goes on planning check-ins
that the person's side does not show, and a *shadow* plans those that it shows.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

import msgspec

from alerts.check_in import begin, withdraw
from alerts.check_in_timers import arm
from alerts.effects import KeepCheckIn
from alerts.incidents import raise_duress
from alerts.schedule import Occurrence, Terms, occurrence_id, occurrences, over
from alerts.signals import ScheduleRemoved, ScheduleSet
from alerts.situation import CheckIn, RunningSchedule
from alerts.turn import Turn, milliseconds

PREFIX = "schedule:"
MOST_AHEAD = 100
PASSED_KEPT = 50
LOOK_AGAIN = timedelta(days=365)
"""Where nothing is found within the years that are looked through."""


def timer_name(running: RunningSchedule) -> str:
    """The name of its timer; the true schedule behind a coerced change has one of its own."""
    return f"{PREFIX}{running.terms.id}{':true' if running.hidden else ''}"


def set_schedule(turn: Turn, signal: ScheduleSet) -> None:
    """Made or changed: what was planned and is not due yet follows."""
    terms = signal.terms
    _catch_up_with(turn, terms.id)
    if signal.verdict == "duress":
        _show_instead(turn, terms.id, terms)
        raise_duress(turn, signal)
        return
    old = [s for s in _of(turn, terms.id) if not (signal.behind and s.shadow)]
    _replace(turn, old, RunningSchedule(terms=terms, through=turn.now, hidden=signal.behind))


def remove_schedule(turn: Turn, signal: ScheduleRemoved) -> None:
    """Taken away: what was planned and is not due yet is withdrawn."""
    _catch_up_with(turn, signal.schedule)
    if signal.verdict == "duress":
        _show_instead(turn, signal.schedule, None)
        raise_duress(turn, signal)
        return
    for running in _of(turn, signal.schedule):
        _drop(turn, running)
        _withdraw(turn, running)


def look(turn: Turn, name: str) -> None:
    """The timer of a schedule came due."""
    for running in turn.situation.schedules:
        if timer_name(running) == name:
            _plan_ahead(turn, running)


def _catch_up_with(turn: Turn, schedule: str) -> None:
    """What came due under the old terms was promised, also where its timer has not been looked at yet."""
    for running in _of(turn, schedule):
        _plan_ahead(turn, running)


def _of(turn: Turn, schedule: str) -> list[RunningSchedule]:
    return [s for s in turn.situation.schedules if s.terms.id == schedule]


def _drop(turn: Turn, running: RunningSchedule) -> None:
    turn.drop_schedule(running)
    turn.clear_timer(timer_name(running))


def _replace(turn: Turn, old: list[RunningSchedule], new: RunningSchedule) -> None:
    """Puts `new` in the place of others; check-ins that it would plan just the same stay as they are."""
    planned: dict[str, datetime] = {}
    for running in old:
        _drop(turn, running)
        if running.hidden == new.hidden:
            planned |= {check_in: at for check_in, at in running.planned if at > turn.now}
        else:
            _withdraw(turn, running)
    for gone in _withdraw(turn, new, but_not=_wanted(turn, new)):
        planned.pop(gone, None)
    _plan_ahead(turn, msgspec.structs.replace(new, planned=tuple(planned.items())))


def _ahead(turn: Turn, running: RunningSchedule) -> list[CheckIn]:
    """Its check-ins that are not due yet."""
    return [
        c
        for c in turn.situation.check_ins
        if c.schedule == running.terms.id and c.hidden == running.hidden and c.first_due_at > turn.now
    ]


def _wanted(turn: Turn, running: RunningSchedule) -> dict[str, CheckIn]:
    """The check-ins that it would plan, as far as there are any of it."""
    last = max((c.first_due_at for c in _ahead(turn, running)), default=turn.now)
    wanted = {}
    for occurrence in occurrences(running.terms, turn.now):
        if occurrence.at > last:
            break
        check_in = _check_in(turn, running, occurrence)
        wanted[check_in.id] = check_in
    return wanted


def _withdraw(turn: Turn, running: RunningSchedule, *, but_not: dict[str, CheckIn] | None = None) -> list[str]:
    """Withdraws its check-ins that are not due yet; which ones."""
    gone = []
    for check_in in _ahead(turn, running):
        wanted = (but_not or {}).get(check_in.id)
        if wanted is not None and _same(wanted, check_in):
            if running.shadow:
                turn.put_check_in(msgspec.structs.replace(check_in, shadow=True), replaces=check_in)
            continue
        withdraw(turn, check_in)
        gone.append(check_in.id)
    return gone


def _same(one: CheckIn, other: CheckIn) -> bool:
    return (one.first_due_at, one.grace_ms, one.remind_ms, one.note) == (
        *(other.first_due_at, other.grace_ms, other.remind_ms, other.note),
    )


def _show_instead(turn: Turn, schedule: str, terms: Terms | None) -> None:
    """The true schedule goes on behind what the person's side shows from now on: other terms, or nothing."""
    mine = _of(turn, schedule)
    shown = [s for s in mine if not s.hidden]
    if shown and not any(s.hidden for s in mine):
        _hide(turn, shown[0])
    for running in shown:
        _drop(turn, running)
    if terms is not None:
        shadow = RunningSchedule(terms=terms, through=turn.now, shadow=True)
        planned = {check_in: at for s in shown for check_in, at in s.planned if at > turn.now}
        for gone in _withdraw(turn, shadow, but_not=_wanted(turn, shadow)):
            planned.pop(gone, None)
        _plan_ahead(turn, msgspec.structs.replace(shadow, planned=tuple(planned.items())))
    else:
        for running in shown:
            _withdraw(turn, running)


def _hide(turn: Turn, running: RunningSchedule) -> None:
    behind = msgspec.structs.replace(running, hidden=True)
    already = {c.id for c in turn.situation.check_ins if c.hidden}
    for check_in in _ahead(turn, running):
        if check_in.id not in already and not check_in.shadow:
            true = msgspec.structs.replace(check_in, hidden=True)
            turn.put_check_in(true)
            arm(turn, true)
    _plan_ahead(turn, behind)


def _plan_ahead(turn: Turn, running: RunningSchedule) -> None:
    """Plans what is to be planned now, and sets the timer for what comes after."""
    now, through, later = turn.now, running.through, None
    planned = {check_in: at for check_in, at in running.planned if at > now}
    passed: deque[CheckIn] = deque(maxlen=PASSED_KEPT)
    count = 0
    lead = _lead(turn, running)
    for occurrence in occurrences(running.terms, through):
        check_in = _check_in(turn, running, occurrence)
        if check_in.id not in planned:
            if planned and (occurrence.at - lead > now or len(planned) >= MOST_AHEAD):
                later = occurrence
                break
            if occurrence.at + milliseconds(check_in.grace_ms) <= now:
                passed.append(check_in)
                count += 1
            else:
                begin(turn, check_in)
            if occurrence.at > now:
                planned[check_in.id] = occurrence.at
        through = occurrence.at
    _catch_up(turn, running, passed, count)
    kept = msgspec.structs.replace(running, through=through, planned=tuple(planned.items()))
    turn.put_schedule(kept, replaces=running)
    wake = _next_look(turn, kept, later, lead)
    if wake is not None:
        turn.set_timer(timer_name(kept), wake)


def _next_look(turn: Turn, running: RunningSchedule, later: Occurrence | None, lead: timedelta) -> datetime | None:
    """When there is something to plan again: the last one that is planned came due, or a reminder comes before that."""
    ahead = [at for _, at in running.planned]
    if later is not None and later.at - lead <= turn.now:
        return min(ahead)
    if ahead:
        return min(max(ahead), later.at - lead) if later is not None else max(ahead)
    paused = running.terms.paused and running.terms.paused_until is None
    return None if paused or over(running.terms, turn.now) else turn.now + LOOK_AGAIN


def _catch_up(turn: Turn, running: RunningSchedule, passed: deque[CheckIn], count: int) -> None:
    """What passed while nobody was at work: one question for all of it."""
    if not passed:
        return
    asked = any(
        c.schedule == running.terms.id and c.hidden == running.hidden and c.first_due_at <= turn.now
        for c in turn.situation.check_ins
    )
    if not asked:
        begin(turn, passed.pop())
    for check_in in passed:
        if not check_in.hidden:
            missed = msgspec.structs.replace(check_in, state="missed", late=True, ended_at=turn.now)
            turn.effects.append(KeepCheckIn(check_in=missed))
    turn.record("check_ins_passed", count=count)


def _lead(turn: Turn, running: RunningSchedule) -> timedelta:
    remind = running.terms.remind_ms
    return milliseconds(max(turn.plan.policy.check_in.remind_ms if remind is None else remind, default=0))


def _check_in(turn: Turn, running: RunningSchedule, occurrence: Occurrence) -> CheckIn:
    terms, rules = running.terms, turn.plan.policy.check_in
    return CheckIn(
        id=occurrence_id(terms, occurrence),
        state="scheduled",
        first_due_at=occurrence.at,
        due_at=occurrence.at,
        grace_ms=rules.grace_ms if terms.grace_ms is None else terms.grace_ms,
        remind_ms=rules.remind_ms if terms.remind_ms is None else terms.remind_ms,
        extend_at_most_ms=rules.extend_at_most_ms,
        ask_again_ms=rules.ask_again_ms,
        planned_at=turn.now,
        note=terms.name,
        hidden=running.hidden,
        shadow=running.shadow,
        schedule=terms.id,
    )
