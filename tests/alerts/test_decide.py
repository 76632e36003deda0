"""The state machine, in the order of the table at the top of `alerts/decide.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.audience import duty_id
from alerts.care_plan import MethodRef
from alerts.effects import AlarmOperator, Publish, VoidDeliveries
from alerts.responder_signals import (
    ContactAnswered,
    ContactConfirmed,
    EscalatedNow,
    IncidentAcknowledged,
    IncidentResolved,
    NoteAdded,
    ResponderDeclined,
)
from alerts.signals import (
    CancelEntered,
    CheckInCompleted,
    CheckInExtended,
    CheckInPlanned,
    DeliveryFailed,
    PinRefused,
    PinStarted,
    TimerDue,
)
from tests.alerts.town import NOON, Mia, contact, plan_with


def acknowledge(mia: Mia, staff: str = "sam", **fields: Any) -> None:
    """A responder answers."""
    mia.take(
        IncidentAcknowledged(
            **mia.common(),
            incident=mia.incident.id,
            staff=staff,
            name=staff.title(),
            **fields,
        )
    )


def resolve(mia: Mia) -> None:
    """A responder closes it."""
    signal = IncidentResolved(
        **mia.common(),
        incident=mia.incident.id,
        staff="sam",
        name="Sam",
        disposition="safe",
    )
    mia.take(signal)


def cancel(mia: Mia, verdict: str = "pin", **fields: object) -> None:
    """She enters her PIN, or its twin."""
    mia.take(CancelEntered(**mia.common(**fields), verdict=verdict))  # type: ignore[arg-type]


def plan_check_in(mia: Mia, *, minutes: float = 30, grace: int = 5, ask_again: int = 0) -> None:
    """A check-in called `walk`."""
    mia.take(
        CheckInPlanned(
            **mia.common(),
            check_in="walk",
            due_at=mia.now + timedelta(minutes=minutes),
            grace_ms=grace * 60_000,
            remind_ms=(600_000, 0),
            extend_at_most_ms=3_600_000,
            ask_again_ms=ask_again * 1000,
        )
    )


def test_a_press_waits_for_its_window_before_anybody_is_told() -> None:
    """Nobody is told while the window runs; when it is over the first step is."""
    mia = Mia()
    mia.press(window=10)
    assert mia.incident.state == "pending"
    assert mia.wait(seconds=9) == []
    assert mia.wait(seconds=1) == [
        ("dispatch", "alert"),
        ("contact:c1", "alert"),
        ("contact:c2", "alert"),
    ]
    assert mia.incident.state == "open"


def test_an_immediate_press_is_told_in_the_same_decision() -> None:
    """Without a window there is nothing to wait for."""
    mia = Mia()
    mia.press(window=None)
    assert mia.told_of("alert") == {"dispatch", "contact:c1", "contact:c2"}


def test_the_default_policy_repeats_widens_and_never_falls_silent() -> None:
    """Three repeats, all contacts at 3 min, the last resort at 6 min, then every ten minutes, contacts hourly."""
    mia = Mia()
    mia.press(window=None)
    assert mia.wait(minutes=2.5) == [
        ("dispatch", "repeat"),
        ("contact:c1", "repeat"),
        ("contact:c2", "repeat"),
    ]
    assert ("contact:c3", "alert") in mia.wait(minutes=1)
    assert ("last_resort", "alert") in mia.wait(minutes=3)
    assert mia.wait(minutes=10) == [("dispatch", "repeat"), ("last_resort", "repeat")]
    hour = mia.wait(minutes=60)
    assert hour.count(("dispatch", "repeat")) == 6
    assert hour.count(("contact:c1", "repeat")) == 1


def test_a_second_press_ends_the_window() -> None:
    """Pressing again is not a mistake."""
    mia = Mia()
    mia.press()
    mia.wait(seconds=3)
    mia.press()
    assert (mia.incident.state, mia.incident.presses) == ("open", 2)
    assert mia.told_of("alert")


def test_the_pin_in_the_window_ends_it_and_nobody_hears() -> None:
    """Before anybody was told the PIN cancels, and what was queued is void."""
    mia = Mia()
    mia.press()
    cancel(mia)
    assert mia.incident.state == "cancelled"
    assert mia.last is not None
    assert any(isinstance(effect, VoidDeliveries) for effect in mia.last.effects)
    assert mia.wait(hours=5) == []
    assert mia.timers == {}


def test_the_first_digit_gives_fifteen_seconds_more_once() -> None:
    """The hand that shakes gets time, but not for ever."""
    mia = Mia()
    mia.press(window=10)
    mia.take(PinStarted(**mia.common()))
    mia.take(PinStarted(**mia.common()))
    assert mia.incident.window_ends == NOON + timedelta(seconds=25)
    assert mia.wait(seconds=24) == []
    assert mia.wait(seconds=1)


def test_the_pin_after_somebody_was_told_is_a_claim() -> None:
    """Contacts' steps stop, staff's go on, and only resolving it sends the all-clear."""
    mia = Mia()
    mia.press(window=None)
    cancel(mia)
    assert (mia.incident.state, mia.incident.stood_down_at) == ("open", NOON)
    assert {recipient for recipient, _ in mia.wait(minutes=5)} == {"dispatch"}
    assert mia.told_of("all_clear") == set()
    resolve(mia)
    assert mia.told_of("all_clear") == {"dispatch", "contact:c1", "contact:c2"}


def test_the_twin_opens_at_once_what_the_pin_would_have_cancelled() -> None:
    """Under duress the window ends, staff see the gravest trigger, and contacts' words stay those of a press."""
    mia = Mia()
    mia.press()
    cancel(mia, "duress")
    assert (mia.incident.state, mia.incident.gravest, mia.incident.severity) == (
        "open",
        "duress",
        "extreme",
    )
    assert mia.told_of("alert") == {"dispatch", "contact:c1", "contact:c2"}
    assert all("duress" not in str(notice.facts) for notice in mia.notices)


def test_a_cancel_never_covers_a_press_made_after_it() -> None:
    """A cancel that was under way for a minute does not call off what happened since."""
    mia = Mia()
    cancelled_at = mia.now
    mia.wait(minutes=1)
    mia.press()
    cancel(mia, at=cancelled_at)
    assert mia.incident.state == "pending"
    assert "cancel_covered_nothing" in mia.lines


def test_three_wrong_pins_end_the_window() -> None:
    """Whoever guesses makes it worse for themselves."""
    mia = Mia()
    mia.press()
    for _ in range(3):
        assert mia.incident.state == "pending"
        mia.take(PinRefused(**mia.common(), occasion="cancel"))
    assert (mia.incident.state, mia.incident.wrong_pins) == ("open", True)


def test_three_wrong_pins_at_a_check_in_open_an_incident() -> None:
    """At a check-in there is no window to end: somebody is told."""
    mia = Mia()
    plan_check_in(mia)
    for _ in range(3):
        mia.take(PinRefused(**mia.common(), occasion="check_in"))
    assert mia.incident.state == "open"


def test_staff_who_acknowledge_hold_every_step_until_the_lease_lapses() -> None:
    """Five quiet minutes, then staff first and contacts one step later."""
    mia = Mia()
    mia.press(window=None)
    acknowledge(mia)
    assert mia.incident.state == "acknowledged"
    assert mia.wait(minutes=4, seconds=59) == []
    assert "hold_lapses_soon" in mia.lines
    assert mia.wait(seconds=1) == [("dispatch", "news")]
    assert mia.incident.state == "open"
    assert {"contact:c1", "contact:c2"} <= {recipient for recipient, _ in mia.wait(minutes=3)}


def test_work_on_it_renews_the_hold() -> None:
    """A note is a sign of life."""
    mia = Mia()
    mia.press(window=None)
    acknowledge(mia)
    mia.wait(minutes=4)
    mia.take(
        NoteAdded(
            **mia.common(),
            incident=mia.incident.id,
            staff="sam",
            name="Sam",
            text="Calling.",
        )
    )
    assert mia.wait(minutes=4) == []
    assert mia.wait(minutes=1) != []


def test_a_second_claim_is_refused_with_the_holder_and_taking_over_is_explicit() -> None:
    """Two people never believe that they have it."""
    mia = Mia()
    mia.press(window=None)
    acknowledge(mia, "sam", claim=True)
    acknowledge(mia, "ana", claim=True)
    assert mia.last is not None
    assert mia.last.refusal is not None
    assert (mia.last.refusal.code, mia.last.refusal.holder) == ("held_by_other", "Sam")
    acknowledge(mia, "ana", claim=True, take_over=True)
    assert mia.incident.staff_hold is not None
    assert mia.incident.staff_hold.holder == "ana"


def test_a_press_on_an_acknowledged_incident_ends_the_hold_and_is_told_at_once() -> None:
    """Its holder and everybody whose step had passed hear what is new."""
    mia = Mia()
    mia.press(window=None)
    acknowledge(mia)
    mia.wait(minutes=1)
    already = len(mia.told)
    mia.press()
    assert set(mia.told[already:]) == {
        ("dispatch", "news"),
        ("contact:c1", "news"),
        ("contact:c2", "news"),
    }
    assert mia.incident.state == "open"
    assert mia.incident.staff_hold is None


def test_a_contact_who_can_help_holds_the_contacts_only() -> None:
    """Staff steps run until staff answer; taking it back lets the contacts' steps go on at once."""
    mia = Mia()
    mia.press(window=None)
    answer = ContactAnswered(
        **mia.common(),
        incident=mia.incident.id,
        contact="c1",
        name="Ann",
        answer="can_help",
    )
    mia.take(answer)
    assert (mia.incident.state, mia.incident.contact_first) == ("acknowledged", True)
    assert {recipient for recipient, _ in mia.wait(minutes=3)} == {"dispatch"}
    already = len(mia.told)
    mia.take(
        ContactAnswered(
            **mia.common(),
            incident=mia.incident.id,
            contact="c1",
            name="Ann",
            answer="cannot",
        )
    )
    assert mia.incident.state == "open"
    assert ("contact:c2", "news") in mia.told[already:]


def test_escalating_now_tells_the_next_step() -> None:
    """A responder need not wait for three minutes."""
    mia = Mia()
    mia.press(window=None)
    mia.take(EscalatedNow(**mia.common(), incident=mia.incident.id, staff="sam", name="Sam"))
    assert ("contact:c3", "alert") in mia.told


def test_a_step_that_nobody_can_receive_is_skipped_at_once() -> None:
    """No dispatch and no contact: the last resort is told in the same decision."""
    mia = Mia(plan_with(0, dispatch=()))
    mia.press(window=None)
    assert mia.told == [("last_resort", "alert")]


def test_nobody_at_all_rings_the_operator_and_opens_all_the_same() -> None:
    """It is never silent: the row says so, and the tail looks again."""
    mia = Mia(plan_with(0, dispatch=(), last_resort=()))
    decision = mia.press(window=None)
    assert mia.incident.nobody_reachable
    assert AlarmOperator(what="nobody_reachable") in decision.effects
    mia.plan = plan_with(0)
    assert mia.wait(minutes=20) != []


def test_whoever_confirms_during_an_incident_is_told_at_once() -> None:
    """The open invitation went out again with the alarm; an answer to it counts immediately."""
    mia = Mia(plan_with(0, contacts=(contact(1, confirmed=False),)))
    mia.press(window=None)
    assert ("contact:c1", "invitation") in mia.told
    mia.plan = plan_with(0, contacts=(contact(1),))
    mia.take(ContactConfirmed(**mia.common(), contact="c1"))
    assert ("contact:c1", "alert") in mia.told


def test_when_every_message_failed_the_next_step_comes_at_once() -> None:
    """A dead channel is never a dead end."""
    mia = Mia()
    mia.press(window=None)
    failed = DeliveryFailed(
        **mia.common(),
        incident=mia.incident.id,
        delivery="d",
        recipient="dispatch",
        others_alive=False,
    )
    mia.take(failed)
    assert ("contact:c3", "alert") in mia.told


def test_withdrawn_consent_holds_at_the_next_step() -> None:
    """The snapshot fixes steps and times, never permission."""
    mia = Mia()
    mia.press(window=None)
    mia.plan = plan_with(0, contacts=(contact(1),))
    assert "contact:c2" not in {recipient for recipient, _ in mia.wait(hours=3)}


def test_a_closed_incident_refuses_everything_and_a_new_press_opens_a_new_one() -> None:
    """Closed is closed."""
    mia = Mia()
    mia.press(window=None)
    resolve(mia)
    first = mia.incident.id
    acknowledge(mia)
    assert mia.last is not None
    assert mia.last.refusal is not None
    mia.press(window=None)
    assert mia.incident.id != first
    assert mia.incident.live


def test_a_backlog_collapses_into_one_round() -> None:
    """Found late, everybody whose step has passed is told once, now."""
    mia = Mia()
    mia.press(window=10)
    late = mia.timers["window"][1]
    mia.now += timedelta(minutes=30)
    mia.take(TimerDue(**mia.common(), name="window", generation=late))
    recipients = [recipient for recipient, _ in mia.told]
    assert sorted(recipients) == sorted(set(recipients))
    assert {"dispatch", "contact:c1", "contact:c3", "last_resort"} <= set(recipients)


def test_a_check_in_reminds_becomes_due_and_is_missed_without_a_window() -> None:
    """Grace was the window: a miss is told at once."""
    mia = Mia(plan_with(reminders=(MethodRef("own", "email"),)))
    plan_check_in(mia)
    assert mia.wait(minutes=20) == [("person", "reminder")]
    assert mia.wait(minutes=10) == [("person", "reminder")]
    assert mia.wait(minutes=4, seconds=59) == []
    assert ("dispatch", "alert") in mia.wait(seconds=1)
    assert mia.incident.gravest == "missed_check_in"


def test_a_completed_check_in_is_over() -> None:
    """Nobody hears of it."""
    mia = Mia()
    plan_check_in(mia)
    mia.take(CheckInCompleted(**mia.common(), check_in="walk", verdict="none"))
    assert mia.wait(hours=3) == []
    assert mia.timers == {}


def test_completing_with_the_twin_keeps_the_true_deadline_and_alarms_staff() -> None:
    """It looks done; staff are told now, and the miss still comes."""
    mia = Mia()
    plan_check_in(mia)
    mia.take(CheckInCompleted(**mia.common(), check_in="walk", verdict="duress"))
    assert mia.incident.gravest == "duress"
    mia.wait(minutes=36)
    assert {"duress", "missed_check_in"} == {trigger.kind for trigger in mia.incident.triggers}


@pytest.mark.parametrize(("minutes", "code"), [(91, "extends_too_far"), (10, "extends_backwards")])
def test_an_extension_is_bounded_from_the_first_due_time(minutes: int, code: str) -> None:
    """Nobody can push it out for ever, nor pull it in."""
    mia = Mia()
    plan_check_in(mia)
    mia.take(
        CheckInExtended(
            **mia.common(),
            check_in="walk",
            due_at=NOON + timedelta(minutes=minutes),
            verdict="none",
        )
    )
    assert mia.last is not None
    assert mia.last.refusal is not None
    assert mia.last.refusal.code == code


def test_a_miss_during_a_window_opens_with_both_triggers_and_the_pin_cancels_only_the_press() -> None:
    """The check-in was not taken back by the PIN of the press."""
    mia = Mia()
    plan_check_in(mia, minutes=0.1, grace=0)
    mia.press(window=60)
    mia.wait(seconds=10)
    assert {trigger.kind for trigger in mia.incident.triggers} == {
        "panic",
        "missed_check_in",
    }
    cancel(mia)
    assert mia.incident.stood_down_at is None
    assert [trigger.kind for trigger in mia.incident.standing] == ["missed_check_in"]


def test_after_an_outage_she_is_asked_once_more() -> None:
    """A miss that we noticed late may be ours: two minutes to answer, then it is missed."""
    mia = Mia(plan_with(reminders=(MethodRef("own", "email"),)))
    plan_check_in(mia, minutes=1, grace=0, ask_again=120)
    timer = mia.timers["check-in:walk"][1]
    mia.now += timedelta(hours=1)
    mia.take(TimerDue(**mia.common(), name="check-in:walk", generation=timer))
    assert mia.told == [("person", "reminder")]
    mia.timers = {name: due for name, due in mia.timers.items() if due[0] > mia.now}
    assert ("dispatch", "alert") in mia.wait(minutes=2)


def test_the_same_signal_changes_nothing_the_second_time() -> None:
    """A repeat is no second press."""
    mia = Mia()
    mia.press(window=None, id="once")
    before = mia.situation
    decision = mia.press(window=None, id="once")
    assert decision.repeated
    assert decision.effects == ()
    assert mia.situation == before


def test_the_console_hears_of_every_opening_and_closing() -> None:
    """One event for each, and the right one."""
    mia = Mia()
    opened = mia.press(window=None)
    assert [e.event for e in opened.effects if isinstance(e, Publish)] == ["incident.opened"]
    resolve(mia)
    assert mia.last is not None
    assert [e.event for e in mia.last.effects if isinstance(e, Publish)] == ["incident.closed"]


def test_a_responder_jumps_to_a_step() -> None:
    """That one is told now, those between keep their times; a step that is not there is refused."""
    mia = Mia()
    mia.press(window=None)
    escalate: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    told = len(mia.told)
    mia.take(EscalatedNow(**mia.common(), **escalate, step=3))
    assert [name for name, _ in mia.told[told:]] == ["last_resort"]
    assert ("contact:c3", "alert") in mia.wait(minutes=3)
    decision = mia.take(EscalatedNow(**mia.common(), **escalate, step=9))
    assert decision.refusal is not None
    assert decision.refusal.code == "no_such_step"


def test_whoever_confirms_during_the_window_is_told_when_it_is_over() -> None:
    """The only contact she has: not before the window's end, and not minutes after it."""
    mia = Mia(plan_with(contacts=(contact(1, confirmed=False),)))
    mia.press(window=30)
    mia.plan = plan_with(1)
    mia.take(ContactConfirmed(**mia.common(), contact="c1"))
    assert mia.told == []
    assert ("contact:c1", "alert") in mia.wait(seconds=30)


def test_open_invitations_go_again_at_the_end_of_a_window_that_somebody_holds() -> None:
    """Sam looks at it: whoever agrees then is told at once, if Sam goes quiet."""
    mia = Mia(plan_with(contacts=(contact(1, confirmed=False),)))
    mia.press(window=30)
    common = {**mia.common(), "incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**common))
    assert mia.wait(seconds=30) == [("contact:c1", "invitation")]


def test_a_call_that_goes_on_is_a_sign_of_life() -> None:
    """Sam talks to her for twelve minutes: nobody else is told, and the timeline has its beginning and its end."""
    mia = Mia()
    mia.press(window=None)
    common: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**mia.common(), **common))
    already = len(mia.told)
    mia.take(NoteAdded(**mia.common(), **common, text="Mia", call="begun"))
    for _ in range(12):
        mia.wait(minutes=1)
        mia.take(NoteAdded(**mia.common(), **common, text="", call="running"))
    mia.take(NoteAdded(**mia.common(), **common, text="Mia", call="ended"))
    assert mia.told[already:] == []
    assert [line for line in mia.lines if line.startswith("call_") or line == "note"] == ["call_begun", "call_ended"]
    assert "hold_lapsed" not in mia.lines


def test_contacts_who_wait_hear_nothing_once_one_of_them_can_help() -> None:
    """Sam has gone quiet, and then Ana says that she can help: nobody is told that nobody has it."""
    mia = Mia()
    mia.press(window=None)
    mia.take(IncidentAcknowledged(**mia.common(), incident=mia.incident.id, staff="sam", name="Sam"))
    mia.wait(minutes=5, seconds=30)
    mia.take(ContactAnswered(**mia.common(), incident=mia.incident.id, contact="c1", name="Ana", answer="can_help"))
    told = mia.wait(minutes=4)
    assert not any(name.startswith("contact:") and why == "news" for name, why in told)


def test_the_desk_itself_is_asked_before_its_hold_lapses() -> None:
    """Whoever is on duty has it: the desk is asked, and what anybody there writes keeps it."""
    mia = Mia()
    mia.press(window=None)
    common: dict[str, Any] = {"incident": mia.incident.id, "name": "Harbour House"}
    mia.take(IncidentAcknowledged(**mia.common(), **common, staff=duty_id("dispatch", "phone")))
    assert mia.wait(minutes=4) == [("dispatch", "warning")]
    mia.take(NoteAdded(**mia.common(), incident=mia.incident.id, staff="kim", name="Kim", text="We are there."))
    mia.wait(minutes=3)
    assert "hold_lapsed" not in mia.lines


def test_contacts_who_wait_one_step_hear_of_a_new_press_at_once() -> None:
    """Sam has gone quiet, and the contacts are to hear later; then she presses again."""
    mia = Mia()
    mia.press(window=None)
    common = {**mia.common(), "incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**common))
    mia.wait(minutes=5, seconds=40)
    already = len(mia.told)
    mia.press(window=None)
    assert {"contact:c1", "contact:c2"} <= {name for name, _ in mia.told[already:]}


def test_news_say_what_is_new_and_the_twin_is_a_press_like_another() -> None:
    """A press again, a missed check-in, the twin, and a responder who goes quiet."""
    mia = Mia()
    plan_check_in(mia, minutes=3, grace=0)
    mia.press(window=None)

    def news() -> set[Any]:
        return {n.facts["news"] for n in mia.notices if n.purpose == "news"}

    mia.wait(minutes=1)
    mia.press(window=None)
    assert news() == {"pressed_again"}
    mia.notices.clear()
    mia.wait(seconds=10)
    mia.press(window=None)
    assert news() == set(), "bundled with the one before"
    mia.wait(seconds=20)
    assert news() == {"pressed_again"}
    mia.notices.clear()
    mia.wait(seconds=90)
    assert news() == {"missed_check_in"}
    mia.notices.clear()
    cancel(mia, verdict="duress")
    assert news() == {"pressed_again"}
    mia.notices.clear()
    common = {**mia.common(), "incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**common))
    mia.wait(minutes=6)
    assert news() == {"went_quiet"}


@pytest.mark.parametrize("honest", [True, False])
def test_the_first_press_after_a_missed_check_in_is_not_told_as_one_more(honest: bool) -> None:
    """Nor is the twin, which tells those who hear of it no more than a press does."""
    mia = Mia()
    plan_check_in(mia, minutes=3, grace=0)
    mia.wait(minutes=4)
    if honest:
        mia.press(window=None)
    else:
        cancel(mia, verdict="duress")
    assert {n.facts["news"] for n in mia.notices if n.purpose == "news"} == {"panic"}


def test_contacts_who_are_told_one_step_later_hear_why_and_the_last_that_happened_to_her() -> None:
    """Sam gives it back, and the contacts hear that nobody has it; had she pressed meanwhile, that."""
    for presses, heard in ((0, "nobody_has_it"), (1, "pressed_again")):
        mia = Mia()
        mia.press(window=None)
        common: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
        mia.take(IncidentAcknowledged(**mia.common(), **common))
        mia.take(ResponderDeclined(**mia.common(), **common))
        mia.notices.clear()
        for _ in range(presses):
            mia.wait(seconds=40)
            mia.press(window=None)
        mia.wait(minutes=3)
        first = next(n for n in mia.notices if n.recipient == "contact:c1")
        assert (first.purpose, first.facts["news"]) == ("news", heard)


def test_nobody_reads_that_nobody_has_it_while_somebody_does() -> None:
    """Sam gives it back, and Ana still can help: the desk hears that somebody cannot after all."""
    mia = Mia()
    mia.press(window=None)
    mia.take(ContactAnswered(**mia.common(), incident=mia.incident.id, contact="c1", name="Ana", answer="can_help"))
    common: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**mia.common(), **common))
    mia.take(ResponderDeclined(**mia.common(), **common))
    assert {n.recipient: n.facts["news"] for n in mia.notices if n.purpose == "news"} == {"dispatch": "one_cannot"}


def test_a_contact_who_goes_quiet_is_told_of_to_staff_first_and_to_contacts_one_step_later() -> None:
    """As when a responder goes quiet."""
    mia = Mia()
    mia.press(window=None)
    common = {**mia.common(), "incident": mia.incident.id, "contact": "c1", "name": "Ana"}
    mia.take(ContactAnswered(**common, answer="can_help"))
    mia.wait(minutes=4, seconds=59)
    already = len(mia.told)
    mia.wait(seconds=1)
    assert {name for name, _ in mia.told[already:]} == {"dispatch"}
    assert {"contact:c1", "contact:c2"} <= {name for name, _ in mia.wait(minutes=3)}


def test_escalating_by_hand_ends_a_window_and_tells_though_somebody_has_it() -> None:
    """Sam looked at once, and then wants others to be told: they are, and nothing waits for Sam any more."""
    mia = Mia()
    mia.press(window=60)
    common: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**mia.common(), **common))
    assert (mia.incident.state, mia.told) == ("pending", [])
    mia.take(EscalatedNow(**mia.common(), **common))
    assert mia.incident.state == "open"
    assert [name for name, _ in mia.told] == ["dispatch", "contact:c1", "contact:c2"]


def test_what_a_responder_gives_back_in_a_window_leaves_the_window() -> None:
    """Nobody is told before it is over; then everybody is whom the first step names."""
    mia = Mia()
    mia.press(window=60)
    common: dict[str, Any] = {"incident": mia.incident.id, "staff": "sam", "name": "Sam"}
    mia.take(IncidentAcknowledged(**mia.common(), **common))
    mia.take(ResponderDeclined(**mia.common(), **common))
    assert (mia.incident.state, mia.told) == ("pending", [])
    assert ("dispatch", "alert") in mia.wait(minutes=1)


def test_what_she_called_off_stays_so_when_a_contact_cannot_after_all() -> None:
    """Staff hear of it; the contacts are left in peace."""
    mia = Mia()
    mia.press(window=None)
    mia.take(ContactAnswered(**mia.common(), incident=mia.incident.id, contact="c1", name="Ana", answer="can_help"))
    cancel(mia)
    already = len(mia.told)
    mia.take(ContactAnswered(**mia.common(), incident=mia.incident.id, contact="c1", name="Ana", answer="cannot"))
    assert mia.incident.stood_down_at == NOON
    assert {name for name, _ in mia.told[already:]} == {"dispatch"}


def test_a_jump_to_a_step_that_was_told_tells_it_again() -> None:
    """As a repeat, to whoever may hear it."""
    mia = Mia()
    mia.press(window=None)
    told = len(mia.told)
    signal = EscalatedNow(**mia.common(), incident=mia.incident.id, staff="sam", name="Sam", step=1)
    mia.take(signal)
    assert [name for name, _ in mia.told[told:]] == ["dispatch", "contact:c1", "contact:c2"]
    assert mia.notices[-1].purpose == "repeat"
