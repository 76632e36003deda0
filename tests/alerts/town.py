"""One person's situation, driven by signals and a clock that jumps: the core without anything round it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.care_plan import CarePlan, MethodRef, PlannedContact
from alerts.decide import Decision, decide
from alerts.effects import ClearTimer, Notify, Record, SetTimer
from alerts.ids import incident_id_for_press
from alerts.signals import PanicPressed, Signal, TimerDue
from alerts.situation import Incident, Situation

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def contact(number: int, *, confirmed: bool = True, channel: str = "webhook") -> PlannedContact:
    """The Nth contact, with one method."""
    method = MethodRef(f"method-{number}", channel)
    return PlannedContact(
        id=f"c{number}",
        name=f"Contact {number}",
        confirmed=confirmed,
        methods=(method,),
    )


def plan_with(confirmed: int = 3, **fields: Any) -> CarePlan:
    """A care plan with so many confirmed contacts, dispatch and a last resort."""
    values: dict[str, Any] = {
        "contacts": tuple(contact(n) for n in range(1, confirmed + 1)),
        "dispatch": (MethodRef("desk", "webhook"),),
        "last_resort": (MethodRef("director", "email"),),
    }
    return CarePlan(**{**values, **fields})


class Mia:
    """A person whose situation is decided step by step."""

    def __init__(self, plan: CarePlan | None = None) -> None:
        self.plan = plan or plan_with()
        self.now = NOON
        self.situation = Situation(person="mia")
        self.timers: dict[str, tuple[datetime, int]] = {}
        self.told: list[tuple[str, str]] = []
        self.lines: list[str] = []
        self.notices: list[Notify] = []
        self.last: Decision | None = None
        self._count = 0

    @property
    def incident(self) -> Incident:
        """Her incident; there is one."""
        assert self.situation.incident is not None
        return self.situation.incident

    def common(self, **fields: Any) -> dict[str, Any]:
        """The fields that every signal has, for something that happens now."""
        self._count += 1
        return {
            "id": f"s{self._count}",
            "person": "mia",
            "at": self.now,
            "received_at": self.now,
            **fields,
        }

    def press(self, *, window: float | None = 10, **fields: Any) -> Decision:
        """She presses; without a window somebody is told at once."""
        common = self.common(**fields)
        ends = self.now + timedelta(seconds=window) if window else None
        incident = incident_id_for_press("mia", common["id"])
        return self.take(PanicPressed(**{"incident": incident, "window_ends": ends, **common}))

    def take(self, signal: Signal) -> Decision:
        """Decides one signal and keeps what it asked for."""
        decision = decide(self.situation, signal, self.plan, self.now)
        self.situation, self.last = decision.situation, decision
        for effect in decision.effects:
            if isinstance(effect, Notify):
                self.told.append((effect.recipient, effect.purpose))
                self.notices.append(effect)
            elif isinstance(effect, SetTimer):
                self.timers[effect.name] = (effect.due_at, effect.generation)
            elif isinstance(effect, ClearTimer):
                self.timers.pop(effect.name, None)
            elif isinstance(effect, Record):
                self.lines.append(effect.what)
        return decision

    def wait(self, **span: float) -> list[tuple[str, str]]:
        """Lets time pass, timer by timer; returns who was told meanwhile."""
        until = self.now + timedelta(**span)
        already = len(self.told)
        while self.timers:
            name, (due, generation) = min(self.timers.items(), key=lambda item: item[1][0])
            if due > until:
                break
            del self.timers[name]
            self.now = max(self.now, due)
            self.take(TimerDue(**self.common(at=due), name=name, generation=generation))
        self.now = until
        return self.told[already:]

    def told_of(self, purpose: str) -> set[str]:
        """Who was told for this purpose so far."""
        return {recipient for recipient, why in self.told if why == purpose}
