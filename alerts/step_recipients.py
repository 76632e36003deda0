"""Whom a step names now, and whom it names where nobody of a team is on call."""

from __future__ import annotations

from alerts.audience import on_call_now, recipients_of
from alerts.policy import Step
from alerts.turn import Turn


def named(turn: Turn, step: Step) -> list[str]:
    """Whom a step names now; where nobody of a team that it names is on call, also whom it names for that."""
    names = recipients_of(step.notify, turn.incident, turn.plan, turn.now)
    if step.nobody_on_call and off_call(turn, step):
        names += [
            name for name in recipients_of(step.nobody_on_call, turn.incident, turn.plan, turn.now) if name not in names
        ]
    return names


def off_call(turn: Turn, step: Step) -> list[str]:
    """The teams of a step of whom nobody is on call, or can be told."""
    teams = [recipient.name or "" for recipient in step.notify if recipient.kind == "team"]
    return [team for team in teams if not on_call_now(team, turn.plan, turn.now)]


def say_nobody_on_call(turn: Turn, step: Step) -> None:
    """Writes to the timeline of which teams nobody is on call."""
    for team in off_call(turn, step):
        turn.record("nobody_on_call", team=team)
