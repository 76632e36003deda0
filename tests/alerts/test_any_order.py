"""In any order and with any duplicates: what must hold of one person's situation, whatever happens to her."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts.audience import contact_key, duty_id, is_contact
from alerts.care_plan import MethodRef
from alerts.decide import Decision, decide
from alerts.effects import KeepCheckIn, Notify
from alerts.incidents import TIMERS
from alerts.policy import DEFAULT_POLICY
from alerts.responder_signals import (
    ContactAnswered,
    ContactConfirmed,
    EscalatedNow,
    IncidentAcknowledged,
    IncidentResolved,
    MessageWritten,
    NoteAdded,
    PersonWrote,
    ResponderDeclined,
    ResponderMoved,
)
from alerts.signal_base import Fix, Worry
from alerts.signals import (
    AllRightSaid,
    CancelEntered,
    CheckInCancelled,
    CheckInCompleted,
    CheckInExtended,
    CheckInPlanned,
    DeliveryFailed,
    DuressEntered,
    FaultRaised,
    FixReported,
    JourneyArrived,
    JourneyBegun,
    JourneyCalmed,
    JourneyProgressed,
    JourneyWorried,
    PinRefused,
    PinStarted,
    Signal,
    StayNearAsked,
    StayNearEnded,
    TimerDue,
    TrackingSet,
    ZoneEntered,
    ZoneLeft,
    ZoneRemoved,
    ZoneSeemed,
    ZoneSet,
)
from alerts.situation import CheckIn
from alerts.zone_rule import ZoneRule
from tests.alerts.town import Mia, contact, plan_with

MINUTE = 60_000
PLANS = (plan_with(), plan_with(0), plan_with(1, dispatch=()), plan_with(0, dispatch=(), last_resort=()))
TELLS = {"alert", "repeat", "news"}
TWO_ON_DUTY = (MethodRef("desk", "webhook"), MethodRef("night", "webhook"))
POLICIES = [
    msgspec.structs.replace(DEFAULT_POLICY, quorum=quorum, contacts_hold=hold)
    for quorum in (1, 2)
    for hold in ("contacts", "all")
]
ON_DUTY = (("dispatch", "desk"), ("dispatch", "night"), ("last_resort", "director"))
RESPONDERS = ("sam", "kim", *(duty_id(desk, method) for desk, method in ON_DUTY))
verdicts = st.sampled_from(["pin", "duress"])


class WatchedMia(Mia):
    """Mia, and what must hold of each decision about her."""

    def take(self, signal: Signal) -> Decision:
        """Nobody is told twice in one decision; contacts hear nothing of it while staff have it."""
        before, already = self.situation.live_incident, len(self.notices)
        decision = super().take(signal)
        after = self.situation.live_incident
        told = [notice.recipient for notice in self.notices[already:] if notice.purpose in TELLS]
        assert sorted(told) == sorted(set(told)), f"told twice in one decision: {told}"
        kept = before is not None and after is not None and before.staff_have_it and after.staff_have_it
        if kept and not isinstance(signal, ContactConfirmed):
            assert not [name for name in told if is_contact(name)], "contacts are told though staff have it"
        if after is not None and after.waits_for_somebody:
            assert after.next_step_at is not None, "nobody is to be told any more"
            assert after.next_step_at - self.now <= timedelta(hours=1)
        return decision


class OneAlarm(RuleBasedStateMachine):
    """What can happen to an alarm of one person, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.mia: Mia = WatchedMia(PLANS[0])
        self.signals: list[Signal] = []
        self.check_ins: list[str] = []

    @initialize(policy=st.sampled_from(POLICIES), two=st.booleans())
    def agree(self, policy: Any, two: bool) -> None:
        """What was agreed: whether one answer is enough, whose hold counts, how many numbers the desk has."""
        desk: dict[str, Any] = {"dispatch": TWO_ON_DUTY} if two else {}
        self.mia.plan = plan_with(policy=policy, **desk)

    def take(self, signal: Signal) -> None:
        """Decides a signal; a closed incident never notifies, except for the all-clear that closing decides."""
        before = self.mia.situation.incident
        told = len(self.mia.notices)
        self.mia.take(signal)
        self.signals.append(signal)
        if before is None or before.live:
            return
        for notice in self.mia.notices[told:]:
            assert notice.incident != before.id, f"{notice.purpose} about a closed incident"

    @rule(window=st.sampled_from([None, 10, 120]), drill=st.booleans())
    def press(self, window: float | None, drill: bool) -> None:
        """She presses."""
        told = len(self.mia.notices)
        self.mia.press(window=window, drill=drill)
        assert self.mia.situation.live_incident is not None
        del told

    @rule(verdict=verdicts, back=st.integers(0, 300))
    def enter_pin(self, verdict: Any, back: int) -> None:
        """A right PIN, perhaps late."""
        at = self.mia.now - timedelta(seconds=back)
        self.take(CancelEntered(**self.mia.common(at=at), verdict=verdict))

    @rule()
    def wrong_pin(self) -> None:
        """A wrong one."""
        self.take(PinRefused(**self.mia.common(), occasion="cancel"))

    @rule()
    def start_pin(self) -> None:
        """The first digit."""
        self.take(PinStarted(**self.mia.common()))

    @rule()
    def twin(self) -> None:
        """The twin somewhere else."""
        self.take(DuressEntered(**self.mia.common(), occasion="unlock"))

    @rule(
        act=st.sampled_from(["acknowledge", "claim", "note", "message", "move", "decline", "escalate", "resolve"]),
        who=st.sampled_from(RESPONDERS),
        take_over=st.booleans(),
        step=st.sampled_from([None, 1, 3]),
    )
    def staff(self, act: str, who: str, *, take_over: bool, step: int | None) -> None:
        """Somebody at the desk, or on duty, does something."""
        incident = self.mia.situation.incident
        common = self.mia.common(incident=incident.id if incident else "none", staff=who, name=who)
        made: Signal
        match act:
            case "acknowledge" | "claim":
                made = IncidentAcknowledged(**common, claim=act == "claim", take_over=take_over)
            case "note":
                made = NoteAdded(**common, text="x")
            case "message":
                made = MessageWritten(**common, text="x")
            case "move":
                made = ResponderMoved(**common, progress="on_the_way")
            case "decline":
                made = ResponderDeclined(**common)
            case "escalate":
                made = EscalatedNow(**common, step=step)
            case _:
                made = IncidentResolved(**common, disposition="safe")
        self.take(made)

    @rule(who=st.integers(1, 3), answer=st.sampled_from(["can_help", "cannot", "on_my_way", "call_me"]))
    def contact_answers(self, who: int, answer: Any) -> None:
        """A contact answers."""
        incident = self.mia.situation.incident
        common = self.mia.common(incident=incident.id if incident else "none")
        self.take(ContactAnswered(**common, contact=f"c{who}", name=f"Contact {who}", answer=answer))

    @rule(plan=st.sampled_from(PLANS))
    def plans_change(self, plan: Any) -> None:
        """Contacts come and go, the desk loses its method."""
        self.mia.plan = plan

    @rule(who=st.integers(1, 4))
    def contact_agrees(self, who: int) -> None:
        """Somebody agrees to be a contact."""
        self.take(ContactConfirmed(**self.mia.common(), contact=f"c{who}"))

    @rule(alive=st.booleans())
    def message_fails(self, alive: bool) -> None:
        """A message comes to nothing."""
        incident = self.mia.situation.incident
        common = self.mia.common(incident=incident.id if incident else "none")
        self.take(DeliveryFailed(**common, delivery="d", recipient="dispatch", others_alive=alive))

    @rule()
    def fault(self) -> None:
        """Something of hers could not be decided."""
        self.take(FaultRaised(**self.mia.common(), what="x"))

    @rule(seconds=st.sampled_from([1, 10, 60, 179, 600, 7200]))
    def time_passes(self, seconds: int) -> None:
        """Every timer comes when it is due."""
        self.mia.wait(seconds=seconds)

    @rule(generation=st.integers(0, 40), name=st.sampled_from(["window", "steps", "lease:staff", "check-in:s1:missed"]))
    def stale_timer(self, generation: int, name: str) -> None:
        """A timer that was replaced changes nothing."""
        if self.mia.situation.timers.get(name) == generation:
            return
        before = self.mia.situation
        decision = decide(
            before, TimerDue(**self.mia.common(), name=name, generation=generation), PLANS[0], self.mia.now
        )
        assert not [e for e in decision.effects if isinstance(e, Notify)]

    @precondition(lambda self: self.signals)
    @rule(which=st.integers(0, 7))
    def repeat(self, which: int) -> None:
        """The same signal again changes nothing."""
        signal = self.signals[-1 - which % min(len(self.signals), 8)]
        if signal.id not in self.mia.situation.seen:
            # So much has happened since that only the inbox knows: it takes each id once.
            return
        decision = decide(self.mia.situation, signal, self.mia.plan, self.mia.now)
        assert decision.repeated
        assert decision.effects == ()
        assert decision.situation == self.mia.situation

    @invariant()
    def somebody_is_still_to_be_told(self) -> None:
        """Every incident that is not closed has a pending timer."""
        incident = self.mia.situation.live_incident
        if incident is None:
            return
        assert TIMERS & self.mia.timers.keys(), f"nothing will happen any more to an incident that is {incident.state}"

    @invariant()
    def timers_are_those_of_the_situation(self) -> None:
        """What is set outside is what is known inside."""
        assert {name: generation for name, (_, generation) in self.mia.timers.items()} == self.mia.situation.timers

    def teardown(self) -> None:
        """Left alone for a day, nobody who could be told was left out."""
        self.mia.plan = PLANS[0]
        if self.mia.situation.live_incident is None:
            return
        # From the last hours alone: nobody is ever given up.
        self.mia.wait(hours=20)
        before = len(self.mia.notices)
        answered = {contact_key(a.contact) for a in self.mia.incident.answers if not a.helps or a.to_ring}
        stood_down = self.mia.incident.contacts_stopped
        self.mia.wait(hours=4)
        told = {notice.recipient for notice in self.mia.notices[before:]}
        wanted = {"dispatch", "last_resort"}
        if not stood_down and not self.mia.incident.contacts_stopped:
            wanted |= {contact_key(f"c{n}") for n in (1, 2, 3)} - answered
        assert wanted <= told, f"{wanted - told} were never told"


class OnePerson(OneAlarm):
    """Everything else that can happen to her as well."""

    @rule(due=st.integers(1, 90), grace=st.integers(0, 20), remind=st.sampled_from([(), (0,), (5 * MINUTE, 0)]))
    def plan(self, due: int, grace: int, remind: tuple[int, ...]) -> None:
        """She plans a check-in."""
        common = self.mia.common()
        self.check_ins.append(common["id"])
        self.take(
            CheckInPlanned(
                **common,
                check_in=common["id"],
                due_at=self.mia.now + timedelta(minutes=due),
                grace_ms=grace * MINUTE,
                remind_ms=remind,
                extend_at_most_ms=60 * MINUTE,
                ask_again_ms=2 * MINUTE,
            )
        )

    @precondition(lambda self: self.check_ins)
    @rule(verdict=verdicts, which=st.integers(0, 5), act=st.sampled_from([CheckInCompleted, CheckInCancelled]))
    def answer(self, verdict: Any, which: int, act: Any) -> None:
        """She completes it or calls it off."""
        check_in = self.check_ins[which % len(self.check_ins)]
        self.take(act(**self.mia.common(), check_in=check_in, verdict=verdict))

    @precondition(lambda self: self.check_ins)
    @rule(verdict=verdicts, which=st.integers(0, 5), more=st.integers(1, 120))
    def extend(self, verdict: Any, which: int, more: int) -> None:
        """She wants more time."""
        due_at = self.mia.now + timedelta(minutes=more)
        check_in = self.check_ins[which % len(self.check_ins)]
        self.take(CheckInExtended(**self.mia.common(), check_in=check_in, verdict=verdict, due_at=due_at))

    @rule(back=st.integers(0, 600))
    def position(self, back: int) -> None:
        """A fix, perhaps late."""
        at = self.mia.now - timedelta(seconds=back)
        fix = Fix(latitude=1.0, longitude=2.0, at=at, received_at=self.mia.now)
        self.take(FixReported(**self.mia.common(at=at), fix=fix))

    @rule(kind=st.sampled_from(["safe", "exclusion"]), number=st.integers(1, 2), wait=st.sampled_from([0, 5]))
    def zone(self, kind: Any, number: int, wait: int) -> None:
        """Staff make or change a zone."""
        made = ZoneRule(id=f"z{number}", kind=kind, zone="UTC", expected=kind == "safe", wait_ms=wait * MINUTE)
        self.take(ZoneSet(**self.mia.common(), rule=made, redrawn=wait == 0))

    @rule(number=st.integers(1, 2), act=st.sampled_from(["in", "out", "seems in", "seems out", "gone"]))
    def border(self, number: int, act: str) -> None:
        """She crosses it, or it is taken away."""
        common, zone = self.mia.common(), f"z{number}"
        fix = Fix(latitude=1.0, longitude=2.0, at=self.mia.now, received_at=self.mia.now)
        made: dict[str, Signal] = {
            "in": ZoneEntered(**common, zone=zone, fix=fix),
            "out": ZoneLeft(**common, zone=zone, fix=fix),
            "seems in": ZoneSeemed(**common, zone=zone, inside=True, fix=fix),
            "seems out": ZoneSeemed(**common, zone=zone, inside=False, fix=fix),
            "gone": ZoneRemoved(**common, zone=zone),
        }
        self.take(made[act])

    @rule(minutes=st.sampled_from([None, 5, 60]), ask=st.integers(0, 5))
    def listen(self, minutes: int | None, ask: int) -> None:
        """Staff listen for her phone, or no more."""
        lost_after = minutes * MINUTE if minutes is not None else None
        self.take(TrackingSet(**self.mia.common(), lost_after_ms=lost_after, ask_ms=ask * MINUTE))

    @rule(due=st.integers(1, 90))
    def set_out(self, due: int) -> None:
        """She sets out."""
        common = self.mia.common()
        self.check_ins.append(common["id"])
        self.take(
            JourneyBegun(
                **common,
                journey=common["id"],
                arrive_by=self.mia.now + timedelta(minutes=due),
                grace_ms=5 * MINUTE,
                remind_ms=(0,),
                extend_at_most_ms=60 * MINUTE,
                ask_again_ms=2 * MINUTE,
                ask_ms=5 * MINUTE,
                lost_after_ms=15 * MINUTE,
            )
        )

    @precondition(lambda self: self.check_ins)
    @rule(
        which=st.integers(0, 5),
        act=st.sampled_from(["arrived", "progressed", "worried", "calmed"]),
        worry=st.sampled_from(get_args(Worry)),
    )
    def on_the_way(self, which: int, act: str, worry: Any) -> None:
        """What her phone tells of it."""
        common = self.mia.common(journey=self.check_ins[which % len(self.check_ins)])
        made: dict[str, Signal] = {
            "arrived": JourneyArrived(**common),
            "progressed": JourneyProgressed(**common, expected_at=self.mia.now + timedelta(minutes=45)),
            "worried": JourneyWorried(**common, worry=worry),
            "calmed": JourneyCalmed(**common, worry=worry),
        }
        self.take(made[act])

    @rule(minutes=st.integers(5, 60))
    def ask_to_stay_near(self, minutes: int) -> None:
        """She asks staff to watch."""
        common = self.mia.common()
        self.take(StayNearAsked(**common, stay_near=common["id"], until=self.mia.now + timedelta(minutes=minutes)))

    @rule(verdict=verdicts, act=st.sampled_from([StayNearEnded, AllRightSaid]))
    def all_is_well(self, verdict: Any, act: Any) -> None:
        """She says that it is over, or that all is well."""
        self.take(act(**self.mia.common(), verdict=verdict))

    @invariant()
    def what_is_asked_has_somebody_who_waits_for_the_answer(self) -> None:
        """Every open question has a timer that ends it."""
        names = {"contact_lost": "tracking", "zone_expected": "zone:{}", "journey_odd": "journey:{}"}
        for asked in self.mia.situation.asked:
            assert names[asked.why].format(asked.about) in self.mia.timers, asked

    @rule()
    def write(self) -> None:
        """She writes."""
        self.take(PersonWrote(**self.mia.common(), text="x"))


for machine in (OneAlarm, OnePerson):
    machine.TestCase.settings = settings(
        max_examples=150,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


@pytest.mark.timeout(300)
class TestOneAlarm(OneAlarm.TestCase):  # type: ignore[misc, valid-type]
    """The machine as a test."""


@pytest.mark.timeout(300)
class TestOnePerson(OnePerson.TestCase):  # type: ignore[misc, valid-type]
    """The machine as a test."""


class Seen:
    """What a person's own side shows of her check-ins."""

    def __init__(self, twin: bool) -> None:
        self.mia = Mia(plan_with(1, contacts=(contact(1),)))
        self.verdict: Any = "duress" if twin else "pin"
        self.check_ins: dict[str, CheckIn] = {}

    def take(self, signal: Signal) -> tuple[Any, ...]:
        """Decides; returns what the person is told of it."""
        decision = self.mia.take(signal)
        for effect in decision.effects:
            if isinstance(effect, KeepCheckIn):
                self.check_ins[effect.check_in.id] = effect.check_in
        return (decision.refusal.code if decision.refusal else None, self.shown())

    def wait(self, minutes: int) -> Any:
        """Lets time pass."""
        until = self.mia.now + timedelta(minutes=minutes)
        while self.mia.timers:
            name, (due, generation) = min(self.mia.timers.items(), key=lambda item: (item[1][0], item[0]))
            if due > until:
                break
            del self.mia.timers[name]
            self.mia.now = max(self.mia.now, due)
            self.take(TimerDue(**self.mia.common(at=due), name=name, generation=generation))
        self.mia.now = until
        return self.shown()

    def shown(self) -> list[Any]:
        """Each check-in as her phone has it."""
        fields = ("id", "state", "due_at", "note", "ended_at", "asked_again_until")
        return [[getattr(c, name) for name in fields] for c in sorted(self.check_ins.values(), key=lambda c: c.id)]

    def reminded(self) -> list[Any]:
        """The reminders that she got."""
        return [(n.subject, n.step, n.round) for n in self.mia.notices if n.purpose == "reminder"]


acts = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.integers(1, 60), st.integers(0, 10)),
        st.tuples(st.just("complete"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("extend"), st.integers(0, 3), st.integers(1, 90)),
        st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(acts)
def test_no_sequence_of_calls_tells_the_twin_from_the_pin(sequence: list[tuple[str, int, int]]) -> None:
    """Her list of check-ins and every answer stay the same, whatever she does next and however long she waits."""
    sides = []
    for twin in (False, True):
        seen = Seen(twin)
        record: list[Any] = []
        made: list[str] = []
        for number, (act, first, second) in enumerate(sequence):
            common = {**seen.mia.common(), "id": f"act-{number}"}
            if act == "wait":
                record.append(seen.wait(first))
            elif act == "plan":
                made.append(common["id"])
                record.append(
                    seen.take(
                        CheckInPlanned(
                            **common,
                            check_in=common["id"],
                            due_at=seen.mia.now + timedelta(minutes=first),
                            grace_ms=second * MINUTE,
                            remind_ms=(MINUTE, 0),
                            extend_at_most_ms=60 * MINUTE,
                            ask_again_ms=0,
                        )
                    )
                )
            elif made:
                which = {"check_in": made[first % len(made)], "verdict": seen.verdict}
                if act == "complete":
                    record.append(seen.take(CheckInCompleted(**common, **which)))
                elif act == "cancel":
                    record.append(seen.take(CheckInCancelled(**common, **which)))
                else:
                    due_at = seen.mia.now + timedelta(minutes=second)
                    record.append(seen.take(CheckInExtended(**common, **which, due_at=due_at)))
        record.append(seen.wait(400))
        sides.append((record, seen.reminded()))
    assert sides[0] == sides[1]
