"""Who is told next, said beforehand by what will tell them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.condition import Condition
from alerts.escalation import next_told
from alerts.policy import DEFAULT_POLICY, MINUTE_MS, Policy, Step, parse_recipient
from alerts.responder_signals import ContactAnswered, IncidentAcknowledged
from tests.alerts.test_policy_properties import policies
from tests.alerts.town import Mia, contact, plan_with

CONTACT_1, CONTACT_2, CONTACT_3 = "contact:c1", "contact:c2", "contact:c3"


def pressed(policy: Policy = DEFAULT_POLICY, confirmed: int = 3, **plan: Any) -> Mia:
    """Mia has pressed, and the first step was told."""
    her = Mia(plan_with(confirmed, policy=policy, **plan))
    her.press(window=None)
    return her


def coming(her: Mia) -> tuple[float, list[str]] | None:
    """In how many minutes somebody is told, and who."""
    found = next_told(her.situation, her.plan, her.now)
    return None if found is None else ((found[0] - her.now) / timedelta(minutes=1), found[1])


def acts(her: Mia, kind: type[Any], **fields: Any) -> None:
    """Somebody does something about it."""
    her.take(kind(**her.common(), incident=her.incident.id, **fields))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(policy=policies, confirmed=st.integers(0, 3))
def test_whoever_is_said_to_be_next_is_next(policy: Policy, confirmed: int) -> None:
    """Under every policy: nobody is told before that, and then exactly they are."""
    her = pressed(policy, confirmed)
    for _ in range(3):
        found = next_told(her.situation, her.plan, her.now)
        if found is None:
            return
        at, recipients = found
        assert her.wait(seconds=(at - her.now).total_seconds() - 0.001) == []
        assert [name for name, _ in her.wait(seconds=0.001)] == recipients


def test_the_default_policy_names_them_one_step_after_the_other() -> None:
    """The first repeat, then all contacts, then a repeat again."""
    her = pressed()
    assert coming(her) == (2, ["dispatch", CONTACT_1, CONTACT_2])
    her.wait(minutes=2)
    assert coming(her) == (1, [CONTACT_1, CONTACT_2, CONTACT_3])


def test_nothing_of_looking_ahead_is_kept() -> None:
    """The situation is the same afterwards, and so is what is told."""
    her, other = pressed(), pressed()
    before = her.situation
    coming(her)
    assert her.situation == before
    assert her.wait(hours=1) == other.wait(hours=1)


def test_whoever_cannot_be_told_is_not_named() -> None:
    """Ben took his consent back, the third has no number left: the first alone comes next."""
    her = pressed()
    gone = msgspec.structs.replace(contact(3), methods=())
    her.plan = msgspec.structs.replace(her.plan, contacts=(contact(1), contact(2, confirmed=False), gone))
    her.wait(minutes=2)
    assert coming(her) == (1, [CONTACT_1])


def test_a_step_that_does_not_count_is_not_named() -> None:
    """At the same minute one step is for a low battery; hers is full."""
    low = Step(after_ms=MINUTE_MS, notify=(parse_recipient("last_resort"),), when=Condition(battery_below=10))
    steps = (
        Step(after_ms=0, notify=(parse_recipient("dispatch"),)),
        Step(after_ms=MINUTE_MS, notify=(parse_recipient("contact:1"),)),
        low,
    )
    her = pressed(msgspec.structs.replace(DEFAULT_POLICY, steps=steps))
    assert coming(her) == (1, [CONTACT_1])
    her.press(window=None, battery=0.05)
    assert coming(her) == (1, [CONTACT_1, "last_resort"])


def test_a_contact_who_can_help_makes_the_others_steps_be_passed_over() -> None:
    """Only staff hear more: the contacts' step at three minutes is looked past."""
    her = pressed()
    acts(her, ContactAnswered, contact="c1", name="Ana", answer="can_help")
    her.wait(minutes=2)
    assert coming(her) == (2, ["dispatch"])


def test_while_enough_of_the_staff_have_it_nobody_is_next() -> None:
    """The steps wait."""
    her = pressed()
    acts(her, IncidentAcknowledged, staff="sam", name="Sam")
    assert coming(her) is None


def test_with_nobody_left_to_tell_nobody_is_named() -> None:
    """Rather than somebody who will not hear of it."""
    her = pressed()
    her.plan = plan_with(0, dispatch=(), last_resort=())
    assert her.incident.next_step_at is not None
    assert coming(her) is None
