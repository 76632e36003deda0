"""One decision in the making: the situation as it becomes, and the effects that are asked for on the way.

Internal to the core: `decide()` makes a `Turn`, the rules change it, and what comes out is frozen again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from alerts.care_plan import CarePlan
from alerts.effects import ClearTimer, Effect, Publish, Record, SetTimer
from alerts.situation import CheckIn, Incident, RunningSchedule, Situation

RefusalCode = Literal[
    "no_live_incident",
    "other_incident",
    "held_by_other",
    "unknown_check_in",
    "check_in_over",
    "check_in_exists",
    "extends_too_far",
    "extends_backwards",
    "phone_shows_closed",
    "no_such_step",
    "not_asked",
    "not_near",
    "under_way_already",
]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a signal changed nothing; `holder` where somebody else has it."""

    code: RefusalCode
    holder: str | None = None


class Turn:
    """Collects what one signal changes."""

    def __init__(self, situation: Situation, plan: CarePlan, now: datetime) -> None:
        self.situation = situation
        self.plan = plan
        self.now = now
        self.effects: list[Effect] = []
        self.refusal: Refusal | None = None

    @property
    def incident(self) -> Incident:
        """The incident of this person; asked for only where there is one."""
        incident = self.situation.incident
        if incident is None:
            raise LookupError("no incident")
        return incident

    def change(self, **fields: Any) -> None:
        """Changes the incident."""
        self.situation = msgspec.structs.replace(
            self.situation, incident=msgspec.structs.replace(self.incident, **fields)
        )

    def put_check_in(self, check_in: CheckIn, *, replaces: CheckIn | None = None) -> None:
        """Adds a check-in, or puts it where the old one stood."""
        others = tuple(c for c in self.situation.check_ins if c is not replaces)
        self.situation = msgspec.structs.replace(self.situation, check_ins=(*others, check_in))

    def drop_check_in(self, check_in: CheckIn) -> None:
        """Takes a check-in out of what is running."""
        rest = tuple(c for c in self.situation.check_ins if c is not check_in)
        self.situation = msgspec.structs.replace(self.situation, check_ins=rest)

    def put_schedule(self, running: RunningSchedule, *, replaces: RunningSchedule | None = None) -> None:
        """Adds a recurring schedule, or puts it where the old one stood."""
        others = tuple(s for s in self.situation.schedules if s is not replaces)
        self.situation = msgspec.structs.replace(self.situation, schedules=(*others, running))

    def drop_schedule(self, running: RunningSchedule) -> None:
        """Takes a recurring schedule out of what is running."""
        rest = tuple(s for s in self.situation.schedules if s is not running)
        self.situation = msgspec.structs.replace(self.situation, schedules=rest)

    def set_timer(self, name: str, due_at: datetime) -> None:
        """Sets the timer, in place of the one of the same name."""
        generation = self.situation.generation + 1
        timers = {**self.situation.timers, name: generation}
        self.situation = msgspec.structs.replace(self.situation, generation=generation, timers=timers)
        self.effects.append(SetTimer(name=name, generation=generation, due_at=due_at))

    def clear_timer(self, name: str) -> None:
        """Clears the timer if it is set."""
        if name in self.situation.timers:
            timers = {key: value for key, value in self.situation.timers.items() if key != name}
            self.situation = msgspec.structs.replace(self.situation, timers=timers)
            self.effects.append(ClearTimer(name=name))

    def forget_timer(self, name: str) -> None:
        """The timer has just come due: nothing is left to be cleared."""
        timers = {key: value for key, value in self.situation.timers.items() if key != name}
        self.situation = msgspec.structs.replace(self.situation, timers=timers)

    def record(self, what: str, *, by: str | None = None, **values: str | int | None) -> None:
        """Writes a line to the timeline."""
        incident = self.situation.incident
        self.effects.append(
            Record(
                what=what,
                incident=incident.id if incident else None,
                at=self.now,
                by=by,
                values=values,
            )
        )

    def publish(self, event: Literal["incident.opened", "incident.updated", "incident.closed"]) -> None:
        """Tells the consoles, once a turn: what opened or closed says so rather than that it changed."""
        for index, effect in enumerate(self.effects):
            if isinstance(effect, Publish):
                if event != "incident.updated" and effect.event != "incident.opened":
                    self.effects[index] = Publish(event=event, incident=self.incident.id)
                return
        self.effects.append(Publish(event=event, incident=self.incident.id))

    def refuse(self, code: RefusalCode, *, holder: str | None = None) -> None:
        """The signal changes nothing; why is kept."""
        self.refusal = Refusal(code=code, holder=holder)


@lru_cache(maxsize=1024)
def milliseconds(count: int) -> timedelta:
    """A span of so many milliseconds."""
    return timedelta(milliseconds=count)
