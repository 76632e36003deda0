"""What a plan would do: who is told when, by the real decisions, for any instant and any failures.

Nobody answers here, so that everything that would follow is seen. A channel that is dead takes nothing over; whoever is
asleep has the message and does not notice it. Where there is a policy and no plan yet, somebody stands in for
everybody: contacts and dispatch are reached by `sms`, then `email`; the last resort by `voice`, then `email`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts.audience import contact_key
from alerts.care_plan import CarePlan, MethodRef, PlannedContact
from alerts.decide import decide
from alerts.effects import ClearTimer, Effect, Notify, SetTimer
from alerts.ids import incident_id_for_press
from alerts.policy import Policy
from alerts.signal_base import Fix
from alerts.signals import (
    CheckInPlanned,
    DeliveryFailed,
    DuressEntered,
    PanicPressed,
    Signal,
    TimerDue,
    ZoneEntered,
    ZoneSet,
)
from alerts.situation import Situation
from alerts.turn import milliseconds
from alerts.zone_rule import ZoneRule

SimulatedTrigger = Literal["panic", "duress", "missed_check_in", "zone"]
Outcome = Literal["told", "asleep", "failed"]
PERSON = "somebody"
CONTACTS = 3
FOR = timedelta(hours=1)
METHODS = {"dispatch": ("sms", "email"), "last_resort": ("voice", "email"), "contact": ("sms", "email")}
TOLD_FOR = frozenset({"alert", "repeat", "news"})


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one recipient; `step` counts from 1, and what goes on after the last one is one more."""

    after_seconds: float
    step: int
    recipient: str
    channel: str
    outcome: Outcome


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told when. `untold` are those of the plan whom nothing reached in the time that was looked at: dispatch,
    the last resort, confirmed contacts.
    """

    timeline: tuple[Told, ...]
    first_told_seconds: float | None
    untold: tuple[str, ...]


def simulate(
    plan: CarePlan,
    at: datetime,
    *,
    trigger: SimulatedTrigger = "panic",
    dead: Collection[str] = (),
    asleep: Collection[str] = (),
    lasts: timedelta = FOR,
) -> Simulation:
    """What follows from this trigger at this instant (UTC), for so long."""
    run = _Run(plan, at, frozenset(dead), frozenset(asleep))
    run.begin(trigger)
    run.go_on(at + lasts)
    reached = {one.recipient for one in run.timeline if one.outcome == "told"}
    first = min((one.after_seconds for one in run.timeline if one.outcome == "told"), default=None)
    contacts = (contact_key(contact.id) for contact in plan.contacts if contact.confirmed)
    everybody = ("dispatch", "last_resort", *contacts)
    return Simulation(
        timeline=tuple(run.timeline),
        first_told_seconds=first,
        untold=tuple(name for name in everybody if name not in reached),
    )


def stand_in(policy: Policy, contacts: int = CONTACTS) -> CarePlan:
    """A plan for a policy of which nobody knows yet whose it is."""
    return CarePlan(
        policy=policy,
        contacts=tuple(
            PlannedContact(id=str(n), name=f"contact {n}", confirmed=True, methods=_methods("contact"))
            for n in range(1, contacts + 1)
        ),
        dispatch=_methods("dispatch"),
        last_resort=_methods("last_resort"),
    )


def _methods(kind: str) -> tuple[MethodRef, ...]:
    return tuple(MethodRef(channel, channel) for channel in METHODS[kind])


class _Run:
    def __init__(self, plan: CarePlan, at: datetime, dead: frozenset[str], asleep: frozenset[str]) -> None:
        self.timeline: list[Told] = []
        self._plan = plan
        self._began = self._now = at
        self._dead = dead
        self._asleep = asleep
        self._situation = Situation(person=PERSON)
        self._timers: dict[str, tuple[datetime, int]] = {}
        self._count = 0
        self._reached = False

    def begin(self, trigger: SimulatedTrigger) -> None:
        """It happens."""
        for signal in self._signals(trigger):
            self._take(signal)

    def go_on(self, until: datetime) -> None:
        """Timer by timer, until then."""
        while self._timers:
            name, (due, generation) = min(self._timers.items(), key=lambda item: item[1][0])
            if due > until:
                return
            del self._timers[name]
            self._now = max(self._now, due)
            self._take(TimerDue(**self._common(), name=name, generation=generation))

    def _signals(self, trigger: SimulatedTrigger) -> Iterator[Signal]:
        common = self._common()
        match trigger:
            case "panic":
                window = self._plan.policy.cancel_window_ms
                ends = self._now + milliseconds(window) if window else None
                yield PanicPressed(**common, incident=incident_id_for_press(PERSON, common["id"]), window_ends=ends)
            case "duress":
                yield DuressEntered(**common, occasion="simulation")
            case "missed_check_in":
                yield CheckInPlanned(
                    **common,
                    check_in=common["id"],
                    due_at=self._now,
                    grace_ms=0,
                    remind_ms=(),
                    extend_at_most_ms=0,
                    ask_again_ms=0,
                )
            case "zone":
                yield ZoneSet(**common, rule=ZoneRule(id="zone", kind="exclusion", zone="UTC"), redrawn=True)
                fix = Fix(latitude=0, longitude=0, at=self._now, received_at=self._now)
                yield ZoneEntered(**self._common(), zone="zone", fix=fix)

    def _common(self) -> dict[str, Any]:
        self._count += 1
        return {"id": f"{self._count}", "person": PERSON, "at": self._now, "received_at": self._now}

    def _take(self, signal: Signal) -> None:
        decision = decide(self._situation, signal, self._plan, self._now)
        self._situation = decision.situation
        for effect in decision.effects:
            self._follow(effect)

    def _follow(self, effect: Effect) -> None:
        if isinstance(effect, SetTimer):
            self._timers[effect.name] = (effect.due_at, effect.generation)
        elif isinstance(effect, ClearTimer):
            self._timers.pop(effect.name, None)
        elif isinstance(effect, Notify) and effect.purpose in TOLD_FOR:
            self._tell(effect)

    def _tell(self, notify: Notify) -> None:
        """Each method that fails makes room for the next at once; one that worked is enough, unless all are tried."""
        outcomes = []
        for method in notify.methods:
            outcome = self._outcome(notify.recipient, method.channel)
            outcomes.append(outcome)
            after = (self._now - self._began).total_seconds()
            self.timeline.append(
                Told(
                    after_seconds=after,
                    step=max(notify.step, 0) + 1,
                    recipient=notify.recipient,
                    channel=method.channel,
                    outcome=outcome,
                )
            )
            if outcome != "failed" and not notify.all_at_once:
                break
        self._reached = self._reached or any(outcome != "failed" for outcome in outcomes)
        incident = self._situation.live_incident
        if incident is not None and all(outcome == "failed" for outcome in outcomes):
            failed = DeliveryFailed(
                **self._common(),
                incident=incident.id,
                delivery=f"{self._count}",
                recipient=notify.recipient,
                others_alive=self._reached,
            )
            self._take(failed)

    def _outcome(self, recipient: str, channel: str) -> Outcome:
        if channel in self._dead:
            return "failed"
        return "asleep" if recipient in self._asleep else "told"
