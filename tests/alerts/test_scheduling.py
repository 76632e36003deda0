"""Schedules in any order with everything else: what must hold of what is planned, and of what her own side shows."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import takewhile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.effects import KeepCheckIn
from alerts.schedule import DAY_NAMES, Rule, Terms, occurrence_id, occurrences
from alerts.signals import CheckInCancelled, CheckInCompleted, CheckInExtended, ScheduleRemoved, ScheduleSet, TimerDue
from tests.alerts.test_any_order import Seen
from tests.alerts.town import Mia, contact, plan_with

RULES = (
    Rule(days=DAY_NAMES, at=(time(14), time(21))),
    Rule(days=DAY_NAMES, at=(time(21), time(22))),
    Rule(cron="*/30 * * * *"),
    Rule(rrule="DTSTART:20261124T000000\nFREQ=HOURLY;INTERVAL=5"),
)


def terms(mia: Mia, rule: int, **fields: Any) -> Terms:
    """One of the schedules, made when the story begins."""
    made_at = datetime.fromisoformat("2026-11-24T00:00:00+00:00")
    return Terms(
        id="home", name="Home", rule=RULES[rule], zone="America/New_York", made_at=made_at, grace_ms=900_000, **fields
    )


acts = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 3), st.integers(0, 2)),
        st.tuples(st.just("remove"), st.just(0), st.just(0)),
        st.tuples(st.just("complete"), st.integers(0, 6), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 6), st.just(0)),
        st.tuples(st.just("extend"), st.integers(0, 6), st.integers(1, 90)),
        st.tuples(st.just("wait"), st.integers(1, 700), st.just(0)),
    ),
    max_size=10,
)


def run(seen: Seen, sequence: list[tuple[str, int, int]]) -> list[Any]:
    """Carries out what she does, always with the same of her PINs; what her side showed after each."""
    mia = seen.mia
    record: list[Any] = [seen.take(ScheduleSet(**{**mia.common(), "id": "made"}, terms=terms(mia, 0)))]
    for number, (act, first, second) in enumerate(sequence):
        common = {**mia.common(), "id": f"act-{number}", "verdict": seen.verdict}
        visible = sorted(seen.check_ins)
        if act == "wait":
            record.append(seen.wait(first))
        elif act == "set":
            until = mia.now + timedelta(hours=9)
            pause: list[dict[str, Any]] = [{}, {"paused": True}, {"paused": True, "paused_until": until}]
            record.append(seen.take(ScheduleSet(**common, terms=terms(mia, first, **pause[second]))))
        elif act == "remove":
            record.append(seen.take(ScheduleRemoved(**common, schedule="home")))
        elif visible:
            which = visible[first % len(visible)]
            if act == "extend":
                due_at = mia.now + timedelta(minutes=second)
                record.append(seen.take(CheckInExtended(**common, check_in=which, due_at=due_at)))
            else:
                kind = CheckInCompleted if act == "complete" else CheckInCancelled
                record.append(seen.take(kind(**common, check_in=which)))
    record.append(seen.wait(1500))
    return record


@settings(max_examples=80, deadline=None)
@given(acts)
def test_no_sequence_of_changes_tells_the_twin_from_the_pin(sequence: list[tuple[str, int, int]]) -> None:
    """Her check-ins, every answer and every reminder are the same, whatever she does and however long she waits."""
    honest, coerced = Seen(twin=False), Seen(twin=True)
    assert run(honest, sequence) == run(coerced, sequence)
    assert honest.reminded() == coerced.reminded()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 3)), max_size=8), st.booleans())
def test_every_occurrence_is_asked_for_once_and_none_is_left_out(changes: list[tuple[int, int]], late: bool) -> None:
    """Also when the timers come late, and the schedule changes in between."""
    mia = Mia(plan_with(1, contacts=(contact(1),)))
    kept: dict[str, set[str]] = {}

    def take(signal: Any) -> None:
        for effect in mia.take(signal).effects:
            if isinstance(effect, KeepCheckIn):
                kept.setdefault(effect.check_in.id, set()).add(effect.check_in.state)

    def wait(minutes: int) -> None:
        until = mia.now + timedelta(minutes=minutes)
        while mia.timers:
            name, (due, _) = min(mia.timers.items(), key=lambda item: item[1][0])
            if due > until:
                break
            generation = mia.timers.pop(name)[1]
            mia.now = max(mia.now, due)
            take(TimerDue(**mia.common(at=due), name=name, generation=generation))
        mia.now = until

    wanted: set[str] = set()
    take(ScheduleSet(**mia.common(), terms=terms(mia, 0)))
    rule = 0
    for minutes, changed in (*changes, (600, 0)):
        began = mia.now
        if late:
            # Nobody is at work: the change is decided before the timers that came due.
            mia.now += timedelta(minutes=minutes)
        else:
            wait(minutes)
        for occurrence in occurrences(terms(mia, rule), began):
            if occurrence.at > mia.now:
                break
            wanted.add(occurrence_id(terms(mia, rule), occurrence))
        rule = changed
        take(ScheduleSet(**mia.common(), terms=terms(mia, rule)))
    began = mia.now
    wait(30)
    assert wanted <= set(kept)
    ended = {name for name, states in kept.items() if states & {"missed", "completed"}}
    assert wanted <= ended
    # What is not wanted was withdrawn, has come due since, or is still to come.
    coming = takewhile(lambda o: o.at <= mia.now, occurrences(terms(mia, rule), began))
    since = {occurrence_id(terms(mia, rule), occurrence) for occurrence in coming}
    assert all(states <= {"scheduled", "cancelled"} for name, states in kept.items() if name not in wanted | since)
