"""Holes in a plan: who cannot be told, when nobody is on call, and single failures after which nobody is told in time.

Found by going through what would happen (`alerts.policy_simulation`), for each failure of one channel or one recipient,
and for each hour of the week at which the policy's conditions make it another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts.audience import contact_key, methods_of
from alerts.care_plan import CarePlan
from alerts.condition import clock_holds
from alerts.on_call import gaps, turns
from alerts.policy import Recipient
from alerts.policy_simulation import SimulatedTrigger, simulate

HoleKind = Literal[
    "unreachable_step",
    "missing_recipient",
    "unconfirmed_contact",
    "unreachable_contact",
    "contact_silent",
    "contact_opted_out",
    "on_call_gap",
    "late",
    "one_channel",
    "one_recipient",
]
WITHIN = timedelta(minutes=5)
FIRST_WITHIN = timedelta(minutes=2)
"""From the end of the window: whoever presses is not left alone for longer."""
SILENT_AFTER = timedelta(days=7)
"""Whoever was asked whether messages reach them has so long."""
GAPS_WITHIN = timedelta(days=28)
WEEK_HOURS = 7 * 24
TRIGGERS: tuple[SimulatedTrigger, ...] = ("panic", "duress", "missed_check_in", "zone")
TEXTS: Mapping[HoleKind, str] = {
    "unreachable_step": "nobody whom it names can be told: {names}",
    "missing_recipient": "{recipient} is told of nothing: {why}",
    "unconfirmed_contact": "{recipient} has not agreed yet, and is told of nothing",
    "unreachable_contact": "{recipient} has no method that can be used",
    "contact_opted_out": "{recipient} wants nothing more by {channel}",
    "contact_silent": "{recipient} has not answered whether messages reach them, since {since}",
    "on_call_gap": "nobody of {team} is on call from {since} until {until}",
    "late": "nobody is told within {within} s of a {trigger} at {at}",
    "one_channel": "with {channel} down nobody is told within five minutes",
    "one_recipient": "with {recipient} asleep nobody else is told within five minutes",
}


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the plan leaves open; `step` counts from 1, None where it is about all of it."""

    kind: HoleKind
    step: int | None = None
    values: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """In plain English."""
        return TEXTS[self.kind].format(**self.values)


def holes(plan: CarePlan, at: datetime, within: timedelta = FIRST_WITHIN) -> list[Hole]:
    """What is open: in the order of the steps, then the contacts, the teams and the failures.

    Somebody has to be told `within` so long after the cancel window.
    """
    found = [*_steps(plan, at), *_contacts(plan, at), *_gaps(plan, at)]
    occasions = _occasions(plan, at)
    late = _late(plan, occasions, within)
    # Where it is late without any failure, every failure would be named for the same reason.
    return [*found, *(late or _failures(plan, occasions))]


def _steps(plan: CarePlan, at: datetime) -> Iterator[Hole]:
    for number, step in enumerate(plan.policy.steps, start=1):
        missing = [r for r in step.notify if not _there(r, plan, at)]
        if len(missing) == len(step.notify):
            names = ", ".join(map(str, missing))
            yield Hole(kind="unreachable_step", step=number, values={"names": names})
            continue
        for recipient in missing:
            confirmed = sum(1 for contact in plan.contacts if contact.confirmed)
            why = f"there are {confirmed} confirmed contacts" if recipient.kind == "contact" else "it is not set up"
            yield Hole(kind="missing_recipient", step=number, values={"recipient": str(recipient), "why": why})


def _there(recipient: Recipient, plan: CarePlan, at: datetime) -> bool:
    confirmed = [contact for contact in plan.contacts if contact.confirmed]
    match recipient.kind:
        case "contacts":
            return bool(confirmed)
        case "contact":
            return (recipient.number or 0) <= len(confirmed)
        case "team":
            team = plan.team(recipient.name or "")
            coming = turns(team.rota, at, at + GAPS_WITHIN) if team is not None else []
            return any(plan.methods_of_staff(staff) for turn in coming for staff in turn.staff)
        case _:
            return bool(methods_of(str(recipient), plan))


def _contacts(plan: CarePlan, at: datetime) -> Iterator[Hole]:
    for contact in plan.contacts:
        if not contact.confirmed:
            yield Hole(kind="unconfirmed_contact", values={"recipient": contact_key(contact.id)})
        elif not contact.methods:
            yield Hole(kind="unreachable_contact", values={"recipient": contact_key(contact.id)})
        elif contact.unheard_since is not None and at - contact.unheard_since > SILENT_AFTER:
            values = {"recipient": contact_key(contact.id), "since": contact.unheard_since}
            yield Hole(kind="contact_silent", values=values)
        for channel in contact.opted_out if contact.confirmed and contact.methods else ():
            yield Hole(kind="contact_opted_out", values={"recipient": contact_key(contact.id), "channel": channel})


def _gaps(plan: CarePlan, at: datetime) -> Iterator[Hole]:
    """The first gap of each team that a step names without saying who is told then."""
    named = {
        recipient.name: None
        for step in plan.policy.steps
        for recipient in step.notify
        if recipient.kind == "team" and not step.nobody_on_call
    }
    for name in named:
        team = plan.team(name or "")
        if team is None:
            continue
        for gap in gaps(team.rota, at, at + GAPS_WITHIN)[:1]:
            yield Hole(kind="on_call_gap", values={"team": team.name, "since": gap.begins, "until": gap.ends})


def _occasions(plan: CarePlan, at: datetime) -> list[tuple[datetime, SimulatedTrigger]]:
    """Each instant and trigger by which the policy may be another one."""
    conditions = [step.when for step in plan.policy.steps if step.when is not None]
    if not conditions:
        return [(at, "panic")]
    instants: dict[tuple[bool, ...], datetime] = {}
    for hour in range(WEEK_HOURS):
        then = at + timedelta(hours=hour)
        instants.setdefault(tuple(clock_holds(c, then, plan.time_zone) for c in conditions), then)
    by_facts = any(c.trigger or c.severity or c.zone for c in conditions)
    return [(then, trigger) for then in instants.values() for trigger in (TRIGGERS if by_facts else TRIGGERS[:1])]


def _late(plan: CarePlan, occasions: list[tuple[datetime, SimulatedTrigger]], within: timedelta) -> list[Hole]:
    for at, trigger in occasions:
        allowed = _window(plan, trigger) + within.total_seconds()
        first = simulate(plan, at, trigger=trigger).first_told_seconds
        if first is None or first > allowed:
            return [Hole(kind="late", values={"within": int(allowed), "trigger": trigger, "at": at})]
    return []


def _failures(plan: CarePlan, occasions: list[tuple[datetime, SimulatedTrigger]]) -> Iterator[Hole]:
    for channel in channels_of(plan):
        if any(_too_late(plan, at, trigger, dead=(channel,)) for at, trigger in occasions):
            yield Hole(kind="one_channel", values={"channel": channel})
    names = ["dispatch", "last_resort", *(contact_key(c.id) for c in plan.contacts if c.confirmed)]
    for name in names:
        if any(_too_late(plan, at, trigger, asleep=(name,)) for at, trigger in occasions):
            yield Hole(kind="one_recipient", values={"recipient": name})


def _too_late(
    plan: CarePlan,
    at: datetime,
    trigger: SimulatedTrigger,
    *,
    dead: tuple[str, ...] = (),
    asleep: tuple[str, ...] = (),
) -> bool:
    first = simulate(plan, at, trigger=trigger, dead=dead, asleep=asleep).first_told_seconds
    return first is None or first > _window(plan, trigger) + WITHIN.total_seconds()


def _window(plan: CarePlan, trigger: SimulatedTrigger) -> float:
    return plan.policy.cancel_window_ms / 1000 if trigger == "panic" else 0


def channels_of(plan: CarePlan) -> list[str]:
    """Every channel by which somebody of the plan is told."""
    lists = [plan.dispatch, plan.last_resort, *plan.webhooks.values()]
    lists += [contact.methods for contact in plan.contacts if contact.confirmed]
    lists += [member.methods for team in plan.teams for member in team.members]
    return sorted({method.channel for methods in lists for method in methods})
