"""Where two must answer, one is not enough to keep the others from being told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from alerts.policy import DEFAULT_POLICY, Policy
from alerts.responder_signals import (
    ContactAnswered,
    EscalatedNow,
    IncidentAcknowledged,
    NoteAdded,
    ResponderDeclined,
    ResponderMoved,
)
from alerts.signal_base import ContactReply
from alerts.signals import DeliveryFailed
from tests.alerts.town import Mia, plan_with

TWO: Policy = msgspec.structs.replace(DEFAULT_POLICY, quorum=2, cancel_window_ms=0)


def mia(**policy: Any) -> Mia:
    """Mia has pressed, under a policy that asks for two."""
    her = Mia(plan_with(3, policy=msgspec.structs.replace(TWO, **policy)))
    her.press(window=None)
    return her


def acknowledge(her: Mia, staff: str, **fields: Any) -> None:
    """A responder answers."""
    common = {**her.common(), "incident": her.incident.id, "staff": staff, "name": staff.title()}
    her.take(IncidentAcknowledged(**common, **fields))


def says(her: Mia, contact: str, answer: ContactReply) -> None:
    """A contact answers."""
    common = {**her.common(), "incident": her.incident.id, "contact": contact, "name": contact}
    her.take(ContactAnswered(**common, answer=answer))


def told_from_now_on(her: Mia, minutes: int = 4) -> set[str]:
    """Whom the steps of the next minutes tell (the lease lasts five)."""
    return {name for name, _ in her.wait(minutes=minutes)}


def test_the_steps_go_on_until_the_second_has_answered() -> None:
    """And the timeline says that one is not enough."""
    her = mia()
    acknowledge(her, "sam")
    assert her.incident.state == "acknowledged"
    assert her.lines[-1] == "more_must_answer"
    assert "dispatch" in told_from_now_on(her)
    acknowledge(her, "kim")
    assert told_from_now_on(her) == set()


def test_the_same_responder_twice_is_one() -> None:
    """However often she answers."""
    her = mia()
    acknowledge(her, "sam")
    acknowledge(her, "sam")
    assert "dispatch" in told_from_now_on(her)


def test_a_second_answer_counts_beside_a_claim_and_leaves_it() -> None:
    """Sam has it; Kim has answered too."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    assert her.incident.staff_hold is not None
    assert her.incident.staff_hold.holder == "sam"
    assert told_from_now_on(her) == set()


def test_whoever_is_on_the_way_has_answered() -> None:
    """Beside somebody else who has it."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    common = {**her.common(), "incident": her.incident.id, "staff": "kim", "name": "Kim"}
    her.take(ResponderMoved(**common, progress="on_the_way"))
    assert told_from_now_on(her) == set()


def test_when_it_lapses_two_must_answer_anew() -> None:
    """Whoever went quiet does not count any more."""
    her = mia()
    acknowledge(her, "sam")
    acknowledge(her, "kim")
    her.wait(minutes=5)
    assert her.incident.state == "open"
    acknowledge(her, "kim")
    assert "dispatch" in told_from_now_on(her)


def test_escalating_by_hand_begins_to_count_anew() -> None:
    """It says that those who have answered are not enough."""
    her = mia()
    acknowledge(her, "sam")
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="sam", name="Sam"))
    acknowledge(her, "kim")
    assert not her.incident.staff_have_it


@pytest.mark.parametrize(("hold", "silent"), [("contacts", False), ("all", True)])
def test_contacts_count_for_staff_where_their_answer_holds_all(hold: str, silent: bool) -> None:
    """One of each is two."""
    her = mia(contacts_hold=hold)
    says(her, "c1", "can_help")
    acknowledge(her, "sam")
    assert ("dispatch" not in told_from_now_on(her)) is silent


def test_the_contacts_steps_wait_for_the_second_contact() -> None:
    """Who has answered hears no repeat; the others do until then."""
    her = mia()
    says(her, "c1", "can_help")
    told = told_from_now_on(her)
    assert {"contact:c2", "contact:c3"} <= told
    assert ("contact:c1", "repeat") not in her.told


def test_one_answer_does_not_keep_the_next_step_from_coming_when_nothing_arrives() -> None:
    """A failed message moves things on as long as somebody more is waited for."""
    her = mia()
    acknowledge(her, "sam")
    her.take(
        DeliveryFailed(
            **her.common(), incident=her.incident.id, delivery="d", recipient="contact:c1", others_alive=False
        )
    )
    assert ("contact:c3", "alert") in her.told


def test_whoever_asks_to_be_rung_holds_nothing_and_takes_nothing_back() -> None:
    """The steps go on; who could help before still can."""
    her = mia(quorum=1)
    says(her, "c1", "call_me")
    assert her.incident.contacts_hold is None
    assert {"contact:c2", "dispatch"} <= told_from_now_on(her)
    assert ("contact:c1", "repeat") not in her.told
    says(her, "c2", "can_help")
    says(her, "c2", "call_me")
    assert her.incident.contacts_hold is not None
    assert [(a.contact, a.answer, a.to_ring) for a in her.incident.answers] == [
        ("c1", "call_me", True),
        ("c2", "can_help", True),
    ]
    says(her, "c2", "cannot")
    assert her.incident.contacts_hold is None


def cannot(her: Mia, staff: str) -> None:
    """A responder says that they cannot."""
    common = {**her.common(), "incident": her.incident.id, "staff": staff, "name": staff.title()}
    her.take(ResponderDeclined(**common))


def holder(her: Mia) -> str | None:
    """Who has it."""
    return her.incident.staff_hold.holder if her.incident.staff_hold else None


def test_whoever_joined_and_cannot_after_all_counts_no_more() -> None:
    """Others hear of it at once, and Sam still has it."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    already = len(her.told)
    cannot(her, "kim")
    assert "dispatch" in {name for name, _ in her.told[already:]}
    assert holder(her) == "sam"
    assert "dispatch" in told_from_now_on(her)


def test_what_the_holder_gives_back_is_had_by_whoever_joined() -> None:
    """Kim is still there: she has it now, and one more is looked for."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    cannot(her, "sam")
    assert (her.incident.state, holder(her)) == ("acknowledged", "kim")
    assert not her.incident.staff_have_it
    acknowledge(her, "lou")
    assert her.incident.staff_have_it
    assert told_from_now_on(her) == set()


def test_a_third_who_cannot_changes_nothing_for_the_two_who_can() -> None:
    """Two were asked for, and two have it."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    acknowledge(her, "lou")
    already = len(her.told)
    cannot(her, "lou")
    assert her.told[already:] == []
    assert her.incident.staff_have_it
    assert told_from_now_on(her) == set()


def test_what_was_passed_on_lapses_like_any_other() -> None:
    """Kim goes quiet too."""
    her = mia(quorum=1)
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    her.wait(minutes=4)
    already = len(her.told)
    cannot(her, "sam")
    assert "dispatch" in {name for name, _ in her.told[already:]}, "who did not ask for it hears of it"
    assert told_from_now_on(her) == set()
    her.wait(minutes=2)
    assert (her.incident.state, holder(her)) == ("open", None)


def test_all_who_were_told_by_name_cannot_and_whoever_has_it_keeps_it() -> None:
    """The next step comes at once; the desk's Sam, who was not told by name, is still one of two."""
    her = mia()
    acknowledge(her, "sam", claim=True)
    cannot(her, "kim")
    assert ("contact:c3", "alert") in her.told
    assert holder(her) == "sam"
    acknowledge(her, "lou")
    assert her.incident.staff_have_it


def test_whoever_could_not_and_can_now_may_say_again_that_they_cannot() -> None:
    """The last word counts."""
    her = mia(quorum=1)
    cannot(her, "kim")
    acknowledge(her, "kim")
    assert her.incident.declined == ()
    cannot(her, "kim")
    assert (her.incident.state, holder(her)) == ("open", None)
    her.wait(minutes=20)
    assert her.lines.count("hold_lapsed") == 1, "what was given back does not lapse as well"


def test_a_note_of_somebody_else_says_nothing_of_the_holder() -> None:
    """Sam went quiet, whatever Kim writes; what Sam writes is a sign of life."""
    her = mia(quorum=1)
    acknowledge(her, "sam", claim=True)
    her.wait(minutes=4)
    note(her, "sam")
    her.wait(minutes=4)
    note(her, "kim")
    her.wait(minutes=2)
    assert her.incident.state == "open"


def note(her: Mia, staff: str) -> None:
    """A responder writes to the timeline."""
    common = {**her.common(), "incident": her.incident.id, "staff": staff, "name": staff.title()}
    her.take(NoteAdded(**common, text="Ringing her mother."))


def test_whoever_it_was_taken_over_from_does_not_get_it_back() -> None:
    """Sam left long ago: when Kim cannot any more, others are told at once."""
    her = mia(quorum=1)
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim", claim=True, take_over=True)
    already = len(her.told)
    cannot(her, "kim")
    assert (her.incident.state, holder(her)) == ("open", None)
    assert "dispatch" in {name for name, _ in her.told[already:]}


def test_contacts_too_few_of_whom_are_left_make_the_steps_go_on() -> None:
    """Two contacts can help where all wait for them; one of the two cannot after all, and the staff are told again."""
    her = mia(contacts_hold="all")
    says(her, "c1", "can_help")
    says(her, "c2", "can_help")
    assert told_from_now_on(her, minutes=3) == set()
    already = len(her.told)
    says(her, "c1", "cannot")
    told = {name for name, _ in her.told[already:]}
    assert "dispatch" in told
    assert "contact:c1" not in told
    assert "dispatch" in told_from_now_on(her)


def test_a_contact_who_goes_quiet_counts_for_the_staff_no_more() -> None:
    """Sam and one contact were enough; when that contact's lease lapses, one is left, and one is not enough."""
    her = mia(contacts_hold="all")
    says(her, "c1", "can_help")
    her.wait(minutes=3)
    acknowledge(her, "sam")
    assert her.incident.staff_have_it
    assert "dispatch" in told_from_now_on(her)
    assert not her.incident.staff_have_it


def test_what_a_contact_gives_back_is_had_by_another_who_can_help() -> None:
    """Both can help; the last cannot after all, and the first has it: the contacts' steps wait."""
    her = mia(quorum=1)
    says(her, "c1", "can_help")
    says(her, "c2", "on_my_way")
    says(her, "c2", "cannot")
    news = {n.recipient: n.facts["news"] for n in her.notices if n.purpose == "news"}
    assert news == {"contact:c1": "yours_now", "dispatch": "passed_on"}
    assert her.incident.state == "acknowledged"
    assert her.incident.contacts_hold is not None
    assert her.incident.contacts_hold.holder == "c1"
    assert "hold_passed" in her.lines
    assert told_from_now_on(her).isdisjoint({"contact:c2", "contact:c3"})


@pytest.mark.parametrize("lost", ["lapsed", "pressed", "removed"])
def test_whoever_went_quiet_or_was_taken_out_gets_nothing_back(lost: str) -> None:
    """The second contact cannot after all: the first has gone quiet, or she pressed since, or they are hers no more."""
    her = mia(quorum=1, contacts_hold="all")
    says(her, "c1", "can_help")
    if lost == "lapsed":
        her.wait(minutes=6)
    elif lost == "pressed":
        her.press(window=None)
    else:
        her.plan = msgspec.structs.replace(her.plan, contacts=her.plan.contacts[1:])
    says(her, "c2", "can_help")
    already = len(her.told)
    says(her, "c2", "cannot")
    assert her.incident.contacts_hold is None
    assert "dispatch" in {name for name, _ in her.told[already:]}


def test_whoever_cannot_brings_each_of_the_others_one_message() -> None:
    """Three must answer; Sam cannot after all, Kim has it now, and the next step comes at once."""
    her = mia(quorum=3)
    acknowledge(her, "sam", claim=True)
    acknowledge(her, "kim")
    already = len(her.told)
    her.take(ResponderDeclined(**her.common(), incident=her.incident.id, staff="sam", name="Sam"))
    told = [recipient for recipient, _ in her.told[already:]]
    assert "all_on_call_cannot" in her.lines
    assert sorted(told) == sorted(set(told))


def test_what_lapsed_does_not_come_back_when_one_of_them_cannot() -> None:
    """Both went quiet; one of the two says that they cannot, and a third alone is one."""
    her = mia(contacts_hold="all")
    says(her, "c1", "can_help")
    says(her, "c2", "can_help")
    her.wait(minutes=6)
    says(her, "c2", "cannot")
    says(her, "c3", "can_help")
    assert not her.incident.contacts_have_it


def test_an_incident_of_the_release_before_passes_a_hold_on_all_the_same() -> None:
    """It did not keep who was helping: whoever answered so counts."""
    her = mia(contacts_hold="all")
    says(her, "c1", "can_help")
    says(her, "c2", "can_help")
    before = msgspec.structs.replace(her.incident, helping=())
    her.situation = msgspec.structs.replace(her.situation, incident=before)
    assert before.contacts_have_it
    says(her, "c2", "cannot")
    assert her.incident.contacts_hold is not None
    assert her.incident.contacts_hold.holder == "c1"


def test_whoever_went_quiet_counts_for_no_quorum() -> None:
    """One helped and lapsed; the next alone is one, not two."""
    her = mia(contacts_hold="all")
    says(her, "c1", "can_help")
    her.wait(minutes=6)
    says(her, "c2", "can_help")
    assert not her.incident.contacts_have_it
    says(her, "c1", "can_help")
    assert her.incident.contacts_have_it


def test_what_passes_on_while_too_few_have_it_leaves_the_steps_where_they_were() -> None:
    """Three must answer and two have: one of them cannot, and the step at six minutes still comes at six."""
    her = mia(quorum=3, lease_ms=900_000)
    her.wait(minutes=1)
    acknowledge(her, "sam")
    acknowledge(her, "kim")
    common = {**her.common(), "incident": her.incident.id, "staff": "kim", "name": "Kim"}
    her.take(ResponderDeclined(**common))
    assert her.incident.staff_hold is not None
    assert her.incident.staff_hold.holder == "sam"
    assert "last_resort" not in {name for name, _ in her.wait(minutes=4)}
    assert "last_resort" in {name for name, _ in her.wait(minutes=1)}
