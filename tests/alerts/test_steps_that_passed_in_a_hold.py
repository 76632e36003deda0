"""Steps pass while somebody has it; when they go quiet or cannot, whom those steps named is told, and in good time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from alerts.care_plan import MethodRef
from alerts.policy_text import read_policy
from alerts.responder_signals import (
    ContactAnswered,
    ContactConfirmed,
    EscalatedNow,
    IncidentAcknowledged,
    NoteAdded,
    ResponderDeclined,
)
from alerts.signals import CancelEntered
from tests.alerts.test_quorum import acknowledge, says
from tests.alerts.town import Mia, contact, plan_with

ALL_HOLD = """
name: contacts have it for all
cancel_window: 0s
acknowledgement: {lease: 5m}
contacts_hold: all
steps:
  - {after: 0s, notify: [contacts]}
  - {after: 2m, notify: [dispatch]}
  - {after: 30m, notify: [last_resort]}
"""
DESK_LATE = """
name: the desk comes late
cancel_window: 0s
acknowledgement: {lease: 5m}
steps:
  - {after: 0s, notify: [contacts], repeat: {every: 2m, times: 10}}
  - {after: 30m, notify: [dispatch]}
"""
STEPS_OF_DEFAULT = """
steps:
  - {after: 0s, notify: [dispatch, contacts], repeat: {every: 2m, times: 9}}
"""
TEN_MINUTES = """
name: ten minutes
cancel_window: 0s
acknowledgement: {lease: 5m}
steps:
  - {after: 0s, notify: [dispatch, contacts]}
  - {after: 10m, notify: [last_resort]}
"""


def pressed(policy: str | None = None, **plan: Any) -> Mia:
    """Mia has pressed."""
    chosen = {"policy": read_policy(policy)} if policy is not None else {}
    her = Mia(plan_with(3, **chosen, **plan))
    her.press(window=None)
    return her


def told_in(her: Mia, **span: float) -> set[str]:
    """Whom this span tells."""
    return {recipient for recipient, _ in her.wait(**span)}


def desk_says(her: Mia, method: str) -> dict[str, Any]:
    """Whoever is on duty at this number of the desk."""
    return {**her.common(), "incident": her.incident.id, "staff": f"dispatch/{method}", "name": "The desk"}


def told_at_once(her: Mia, already: int) -> set[str]:
    """Who has been told since there were so many messages."""
    return {recipient for recipient, _ in her.told[already:]}


@pytest.mark.parametrize("how", ["goes quiet", "cannot"])
def test_the_desk_whose_step_passed_while_a_contact_had_it_hears_when_they_lose_it(how: str) -> None:
    """It was held back by the policy, and nobody else has it now."""
    her = pressed(ALL_HOLD)
    her.wait(seconds=30)
    says(her, "c1", "can_help")
    assert told_in(her, minutes=3) == set()
    if how == "cannot":
        already = len(her.told)
        says(her, "c1", "cannot")
        assert "dispatch" in told_at_once(her, already)
    else:
        assert "dispatch" in told_in(her, minutes=2, seconds=1)


@pytest.mark.parametrize("what", ["cannot", "presses again"])
def test_all_contacts_hear_whose_step_passed_while_one_of_them_had_it(what: str) -> None:
    """By the default policy the third is named after three minutes, and held back."""
    her = pressed()
    her.wait(minutes=1)
    if what == "cannot":
        says(her, "c1", "can_help")
    else:
        her.take(CancelEntered(**her.common(), verdict="pin"))
    her.wait(minutes=3)
    assert "contact:c3" not in {recipient for recipient, _ in her.told}
    already = len(her.told)
    if what == "cannot":
        says(her, "c1", "cannot")
    else:
        her.press(window=None)
    assert {"contact:c2", "contact:c3", "dispatch"} <= told_at_once(her, already)


def test_a_contact_who_was_given_it_is_alone_told_and_nobody_whom_the_hold_keeps_back() -> None:
    """The second can help too, so the third goes on waiting; what the second hears is that it is theirs."""
    her = pressed()
    her.wait(minutes=1)
    says(her, "c2", "can_help")
    says(her, "c1", "can_help")
    her.wait(minutes=3)
    already = len(her.notices)
    says(her, "c1", "cannot")
    news = {n.recipient: n.facts.get("news") for n in her.notices[already:]}
    assert news == {"dispatch": "passed_on", "contact:c2": "yours_now"}


@pytest.mark.parametrize("policy", [None, TEN_MINUTES])
def test_a_press_reaches_everybody_whose_step_has_passed_though_contacts_were_to_wait(policy: str | None) -> None:
    """Somebody has gone quiet, the contacts come one step later; then she presses again."""
    her = pressed(policy)
    if policy is None:
        her.wait(seconds=30)
        says(her, "c1", "can_help")
        her.wait(minutes=5, seconds=1)
    else:
        acknowledge(her, "sam")
        her.wait(minutes=5, seconds=1)
    her.wait(minutes=1)
    already = len(her.told)
    her.press(window=None)
    assert {"contact:c1", "contact:c2", "contact:c3"} <= told_at_once(her, already)


@pytest.mark.parametrize("empty", [False, True])
def test_contacts_do_not_wait_for_staff_of_whom_nobody_hears_it(*, empty: bool) -> None:
    """The desk's step comes in half an hour, or there is no desk at all."""
    nobody: dict[str, Any] = {"dispatch": (), "last_resort": ()} if empty else {}
    her = pressed(DESK_LATE, **nobody)
    her.wait(minutes=1)
    says(her, "c1", "can_help")
    her.wait(minutes=4, seconds=59)
    already = len(her.told)
    her.wait(seconds=1)
    assert {"contact:c1", "contact:c2", "contact:c3"} <= told_at_once(her, already)


def test_escalating_by_hand_tells_the_contacts_who_were_to_wait() -> None:
    """It never makes them hear later."""
    her = pressed(TEN_MINUTES)
    acknowledge(her, "sam")
    her.wait(minutes=6)
    already = len(her.told)
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="kim", name="Kim"))
    assert sorted(recipient for recipient, _ in her.told[already:]) == [
        "contact:c1",
        "contact:c2",
        "contact:c3",
        "last_resort",
    ]


def test_escalating_to_the_step_of_the_contacts_tells_each_of_them_once() -> None:
    """They were to wait, and the next step is theirs."""
    her = pressed()
    acknowledge(her, "sam")
    her.wait(minutes=5, seconds=20)
    already = len(her.told)
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="kim", name="Kim"))
    told = [recipient for recipient, _ in her.told[already:]]
    assert sorted(told) == sorted(set(told))
    assert {"contact:c1", "contact:c2", "contact:c3"} <= set(told)


def test_who_waited_hears_what_is_new_when_somebody_escalates() -> None:
    """Their next step is told by hand: one message, and it says that whoever had it has gone quiet."""
    steps = "[{after: 0s, notify: [dispatch, contacts]}, {after: 10m, notify: [contacts]}]"
    her = pressed(f"name: again\ncancel_window: 0s\nacknowledgement: {{lease: 5m}}\nsteps: {steps}")
    acknowledge(her, "sam")
    her.wait(minutes=6)
    already = len(her.notices)
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="kim", name="Kim"))
    told = [(n.recipient, n.facts.get("news")) for n in her.notices[already:]]
    assert sorted(told) == [(f"contact:c{number}", "went_quiet") for number in (1, 2, 3)]


def test_a_step_whose_people_have_all_declined_is_skipped_though_they_hear_the_news() -> None:
    """Both contacts cannot in the end: nobody waits six minutes for the last resort."""
    her = Mia(plan_with(2))
    her.press(window=None)
    says(her, "c2", "cannot")
    says(her, "c1", "can_help")
    her.wait(seconds=20)
    says(her, "c1", "cannot")
    assert "last_resort" in {recipient for recipient, _ in her.told}


def test_contacts_hear_nothing_while_staff_have_it_though_no_staff_can_be_told() -> None:
    """At the desk alone: Anna cannot after all, and Bob, who joined, has it."""
    her = pressed(dispatch=(), last_resort=())
    acknowledge(her, "anna", claim=True)
    acknowledge(her, "bob")
    already = len(her.told)
    her.take(ResponderDeclined(**her.common(), incident=her.incident.id, staff="anna", name="Anna"))
    her.wait(minutes=2)
    assert her.incident.staff_have_it
    assert her.told[already:] == []


def test_whoever_takes_over_counts_for_one() -> None:
    """Two must answer and have; Kim takes it over from Sam, so one more is needed, and the steps begin again."""
    her = pressed("name: two\ncancel_window: 0s\nacknowledgement: {lease: 30m, quorum: 2}\n" + STEPS_OF_DEFAULT)
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    assert told_in(her, minutes=4) == set()
    already = len(her.notices)
    acknowledge(her, "kim", claim=True, take_over=True)
    assert {n.recipient: n.facts["news"] for n in her.notices[already:]} == {"dispatch": "one_cannot"}
    assert "contact:c1" in told_in(her, minutes=3)


def test_who_can_help_is_asked_again_once_their_lease_is_over_though_staff_told_a_step_by_hand() -> None:
    """Not at once: the promise is fresh. Nor never: it is a promise for five minutes."""
    her = pressed()
    her.wait(minutes=1)
    says(her, "c1", "can_help")
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="kim", name="Kim"))
    assert "contact:c1" not in told_in(her, minutes=4)
    assert "contact:c1" in told_in(her, hours=2)


def test_a_job_is_free_once_the_lease_is_over_that_a_press_had_ended() -> None:
    """Whoever fetched the children before the press was not heard of since."""
    her = pressed()
    common = {**her.common(), "incident": her.incident.id, "contact": "c1", "name": "Ana"}
    her.take(ContactAnswered(**common, answer="can_help", job="fetches_children"))
    her.wait(minutes=1)
    her.press(window=None)
    assert her.incident.jobs_taken == ("fetches_children",)
    her.wait(minutes=5)
    assert her.incident.jobs_taken == ()


def test_a_job_is_free_though_another_had_it_and_gave_it_back() -> None:
    """What was promised before the press ends with its lease, whatever came between."""
    her = pressed()
    common = {**her.common(), "incident": her.incident.id, "contact": "c1", "name": "Ana"}
    her.take(ContactAnswered(**common, answer="can_help", job="fetches_children"))
    her.wait(minutes=1)
    her.press(window=None)
    says(her, "c2", "can_help")
    her.wait(minutes=1)
    says(her, "c2", "cannot")
    assert her.incident.jobs_taken == ("fetches_children",)
    her.wait(minutes=6)
    assert her.incident.jobs_taken == ()


def test_where_another_number_of_the_desk_has_it_too_the_contacts_come_one_step_later() -> None:
    """Two must answer: one of two on duty gives it back, the other still has it."""
    ways = tuple(MethodRef(f"desk-{number}", "webhook") for number in (1, 2))
    her = pressed(TEN_MINUTES.replace("lease: 5m", "lease: 5m, quorum: 2"), dispatch=ways)
    for way in ways:
        acknowledge(her, f"dispatch/{way.id}")
    already = len(her.told)
    her.take(ResponderDeclined(**desk_says(her, "desk-1")))
    assert not {name for name in told_at_once(her, already) if name.startswith("contact:")}


def test_contacts_do_not_wait_for_a_desk_that_cannot_where_no_step_is_left() -> None:
    """It had it and gives it back; the only step is past."""
    only = "name: one\ncancel_window: 0s\nsteps: [{after: 0s, notify: [dispatch, contacts]}]"
    her = pressed(only, last_resort=())
    acknowledge(her, "dispatch/desk", claim=True)
    her.wait(minutes=1)
    already = len(her.told)
    her.take(ResponderDeclined(**desk_says(her, "desk")))
    assert {"contact:c1", "contact:c2", "contact:c3"} <= told_at_once(her, already)


@pytest.mark.parametrize("numbers", [1, 2])
def test_a_desk_that_gives_it_back_keeps_nobody_waiting(numbers: int) -> None:
    """The first number could not come, the last one had it and cannot either: the contacts hear it now."""
    ways = tuple(MethodRef(f"desk-{number}", "webhook") for number in range(numbers))
    her = pressed(dispatch=ways, last_resort=())
    for way in ways[:-1]:
        her.take(ResponderDeclined(**desk_says(her, way.id)))
    acknowledge(her, f"dispatch/{ways[-1].id}", claim=True)
    her.wait(minutes=1)
    already = len(her.told)
    her.take(ResponderDeclined(**desk_says(her, ways[-1].id)))
    assert "all_on_call_cannot" in her.lines
    assert {"contact:c1", "contact:c2"} <= told_at_once(her, already)


def test_escalating_when_only_the_tail_is_left_tells_each_once_and_what_is_new() -> None:
    """An hour on; a contact had it and went quiet, and the others were to hear it one step later."""
    her = pressed()
    her.wait(minutes=64)
    says(her, "c1", "can_help")
    her.wait(minutes=6)
    already = len(her.notices)
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="kim", name="Kim"))
    her.wait(seconds=2)
    told = [(n.recipient, n.facts.get("news")) for n in her.notices[already:] if n.recipient.startswith("contact:")]
    assert sorted(told) == [(f"contact:c{number}", "went_quiet") for number in (1, 2, 3)]


def test_a_machine_is_nobody_of_the_staff() -> None:
    """Its webhook hears that a contact went quiet; no human of the staff does, so the contacts do not wait."""
    policy = DESK_LATE.replace("[contacts]", "[contacts, 'webhook:pager']")
    her = pressed(policy, dispatch=(), last_resort=(), webhooks={"pager": (MethodRef("pager", "webhook"),)})
    her.wait(minutes=1)
    says(her, "c1", "can_help")
    already = len(her.told)
    her.wait(minutes=5)
    assert {"contact:c1", "contact:c2", "contact:c3", "webhook:pager"} <= told_at_once(her, already)


def test_what_is_for_one_contact_alone_does_not_wait() -> None:
    """Staff have gone quiet: who agrees now is told now, and who is given it reads that it is theirs."""
    her = pressed(TEN_MINUTES)
    acknowledge(her, "sam")
    her.wait(minutes=6)
    her.plan = msgspec.structs.replace(her.plan, contacts=(*her.plan.contacts, contact(4)))
    already = len(her.told)
    her.take(ContactConfirmed(**her.common(), contact="c4"))
    assert told_at_once(her, already) == {"contact:c4"}
    says(her, "c2", "can_help")
    her.wait(seconds=10)
    says(her, "c1", "can_help")
    her.wait(seconds=10)
    already = len(her.notices)
    says(her, "c1", "cannot")
    assert {n.recipient: n.facts["news"] for n in her.notices[already:]}["contact:c2"] == "yours_now"


def test_who_went_quiet_is_asked_again_as_if_they_had_not_answered() -> None:
    """She has one contact and no desk: nobody else would ever be told."""
    her = Mia(plan_with(1, dispatch=(), last_resort=()))
    her.press(window=None)
    says(her, "c1", "can_help")
    her.wait(minutes=20)
    assert told_in(her, hours=2) == {"contact:c1"}
    assert not her.incident.nobody_reachable


def test_the_operator_hears_when_everybody_there_is_has_said_that_they_cannot() -> None:
    """An open incident never falls silent: there is nobody left to tell, and the row says so."""
    her = Mia(plan_with(1, dispatch=(), last_resort=()))
    her.press(window=None)
    says(her, "c1", "cannot")
    her.wait(hours=2)
    assert her.incident.nobody_reachable
    assert her.lines.count("nobody_reachable") == 1


def test_a_job_is_free_again_when_whoever_took_it_goes_quiet() -> None:
    """Else everybody reads that the children are fetched, and nobody fetches them."""
    her = pressed()
    common = {**her.common(), "incident": her.incident.id, "contact": "c1", "name": "Ana"}
    her.take(ContactAnswered(**common, answer="can_help", job="fetches_children"))
    assert her.incident.jobs_taken == ("fetches_children",)
    her.press(window=None)
    assert her.incident.jobs_taken == ("fetches_children",), "a press takes nothing from whoever does something"
    her.wait(minutes=1)
    her.take(ContactAnswered(**{**common, **her.common()}, answer="can_help", job="fetches_children"))
    her.wait(minutes=6)
    assert her.incident.jobs_taken == ()


def test_with_a_short_lease_a_sign_of_life_brings_no_warning() -> None:
    """A call is told of three times a minute: as long as it goes on, nobody is asked whether they still have it."""
    her = pressed(TEN_MINUTES.replace("lease: 5m", "lease: 1m"))
    her.take(
        IncidentAcknowledged(
            **her.common(), incident=her.incident.id, staff="dispatch/phone", name="The desk", claim=True
        )
    )
    for _ in range(12):
        her.wait(seconds=20)
        note = {**her.common(), "incident": her.incident.id, "staff": "dispatch/phone", "name": "The desk"}
        her.take(NoteAdded(**note, text="", call="running"))
    assert her.told_of("warning") == set()
    her.wait(seconds=31)
    assert her.told_of("warning") == {"dispatch"}
