"""Holes in a policy: steps that nobody can receive, and a single failure after which nobody is told for too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alerts.policy import Policy, Recipient
from alerts.policy_simulation import CONTACTS, METHODS, simulate

HoleKind = Literal["unreachable_step", "missing_recipient", "late", "one_channel", "one_recipient"]
WITHIN = timedelta(minutes=5)
FIRST_WITHIN = timedelta(minutes=2)
"""From the end of the window: whoever presses is not left alone for longer."""


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the policy leaves open; `step` counts from 1, None where it is about all of it."""

    kind: HoleKind
    step: int | None
    text: str


def holes(policy: Policy, at: datetime, *, contacts: int = CONTACTS) -> list[Hole]:
    """What is open, in the order of the steps and then of the failures."""
    steps, late = list(_steps(policy, contacts)), list(_late(policy, at, contacts))
    # Where it is late without any failure, every failure would be named for the same reason.
    return [*steps, *(late or _failures(policy, at, contacts))]


def _steps(policy: Policy, contacts: int) -> Iterator[Hole]:
    for number, step in enumerate(policy.steps, start=1):
        missing = [r for r in step.notify if not _there(r, contacts)]
        if len(missing) == len(step.notify):
            names = ", ".join(map(str, missing))
            yield Hole(kind="unreachable_step", step=number, text=f"nobody whom it names can be told: {names}")
            continue
        for recipient in missing:
            why = f"there are {contacts} confirmed contacts" if recipient.kind == "contact" else "it is not set up"
            yield Hole(kind="missing_recipient", step=number, text=f"{recipient} is told of nothing: {why}")


def _there(recipient: Recipient, contacts: int) -> bool:
    match recipient.kind:
        case "dispatch" | "last_resort":
            return True
        case "contacts":
            return contacts > 0
        case "contact":
            return (recipient.number or 0) <= contacts
        case _:
            # Teams and webhooks by name: nobody stands behind them until they are set up.
            return False


def _late(policy: Policy, at: datetime, contacts: int) -> Iterator[Hole]:
    first = simulate(policy, at, contacts=contacts).first_told_seconds
    allowed = policy.cancel_window_ms / 1000 + FIRST_WITHIN.total_seconds()
    if first is None or first > allowed:
        when = "nobody is told within an hour" if first is None else f"the first is told after {first:.0f} s"
        yield Hole(kind="late", step=1, text=when)


def _failures(policy: Policy, at: datetime, contacts: int) -> Iterator[Hole]:
    allowed = policy.cancel_window_ms / 1000 + WITHIN.total_seconds()
    channels = sorted({channel for methods in METHODS.values() for channel in methods})
    for channel in channels:
        first = simulate(policy, at, contacts=contacts, dead=(channel,)).first_told_seconds
        if first is None or first > allowed:
            yield Hole(kind="one_channel", step=None, text=f"with {channel} down nobody is told within five minutes")
    names = ["dispatch", "last_resort", *(f"contact:{number}" for number in range(1, contacts + 1))]
    for name in names:
        first = simulate(policy, at, contacts=contacts, asleep=(name,)).first_told_seconds
        if first is None or first > allowed:
            yield Hole(
                kind="one_recipient", step=None, text=f"with {name} asleep nobody else is told within five minutes"
            )
