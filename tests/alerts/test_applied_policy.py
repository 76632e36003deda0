"""The plan was changed while an incident is live: nothing of that holds for it until a responder says so."""

from __future__ import annotations

from typing import Any

import msgspec

from alerts.policy import DEFAULT_POLICY, MINUTE_MS, Policy, Step, parse_recipient
from alerts.responder_signals import IncidentAcknowledged, PolicyApplied
from tests.alerts.town import Mia, plan_with


def policy(*steps: tuple[int, str], **fields: Any) -> Policy:
    """Steps: minutes after, whom."""
    made = tuple(
        Step(after_ms=after * MINUTE_MS, notify=tuple(map(parse_recipient, who.split()))) for after, who in steps
    )
    return msgspec.structs.replace(DEFAULT_POLICY, cancel_window_ms=0, steps=made, **fields)


def mia(*steps: tuple[int, str]) -> Mia:
    """Mia has pressed under these steps."""
    her = Mia(plan_with(3, policy=policy(*steps)))
    her.press(window=None)
    return her


def change(her: Mia, *steps: tuple[int, str], **fields: Any) -> None:
    """Her plan is another from now on."""
    her.plan = msgspec.structs.replace(her.plan, policy=policy(*steps, **fields))


def apply(her: Mia) -> list[tuple[str, str]]:
    """A responder wants it to hold; who is told by that."""
    already = len(her.told)
    her.take(PolicyApplied(**her.common(), incident=her.incident.id, staff="sam", name="Sam"))
    return her.told[already:]


def test_the_snapshot_holds_until_then() -> None:
    """Steps and times are those of the opening."""
    her = mia((0, "dispatch"), (9, "contact:1"))
    change(her, (0, "dispatch"), (2, "contact:2"))
    assert her.wait(minutes=5) == []


def test_whoever_should_have_been_told_by_now_is_told_at_once_and_nobody_twice() -> None:
    """What is still to come comes at the new times."""
    her = mia((0, "dispatch"), (30, "contact:1"))
    her.wait(minutes=5)
    change(her, (0, "dispatch contact:2"), (4, "contact:1"), (8, "contact:3"))
    assert apply(her) == [("contact:c2", "alert"), ("contact:c1", "alert")]
    assert her.wait(minutes=3) == [("contact:c3", "alert")]


def test_a_tail_that_has_begun_goes_on_at_its_pace() -> None:
    """Shorter steps do not bring a heap of rounds."""
    her = mia((0, "dispatch"), (30, "contacts"))
    her.wait(minutes=25)
    change(her, (0, "dispatch"))
    assert apply(her) == []
    assert {name for name, _ in her.wait(minutes=5)} >= {"dispatch", "last_resort"}


def test_who_has_it_keeps_it() -> None:
    """Nobody is told by the change; the times are the new ones when the hold ends."""
    her = mia((0, "dispatch"), (30, "contact:1"))
    her.take(IncidentAcknowledged(**her.common(), incident=her.incident.id, staff="sam", name="Sam"))
    change(her, (0, "dispatch contact:1"))
    assert apply(her) == []
    assert her.wait(minutes=4) == []
    assert her.lines[-2:] == ["policy_applied", "hold_lapses_soon"]


def test_a_window_that_runs_is_not_cut_short() -> None:
    """Nobody is told before it is over; then by the new plan."""
    her = Mia(plan_with(3, policy=policy((0, "dispatch"))))
    her.press(window=30)
    change(her, (0, "contact:3"))
    assert apply(her) == []
    her.wait(seconds=30)
    assert her.told == [("contact:c3", "alert")]
