"""Which steps of an incident's policy count now: their conditions, compared with what is known of her."""

from __future__ import annotations

from alerts.condition import Facts, clock_holds, facts_hold
from alerts.policy import Step
from alerts.turn import Turn


def applies(turn: Turn, step: Step) -> bool:
    """Whether what this step asks of the facts is so."""
    return step.when is None or facts_hold(step.when, _facts(turn))


def in_hours(turn: Turn, step: Step) -> bool:
    """Whether it is the hour and day that this step asks for, on her clock."""
    return clock_holds(step.when, turn.now, turn.plan.time_zone)


def _facts(turn: Turn) -> Facts:
    incident = turn.incident
    standing = incident.standing or incident.triggers
    sources = {trigger.source for trigger in standing if trigger.kind == "zone"}
    zones = [zone for zone in turn.situation.zones if zone.inside or zone.rule.id in sources]
    return Facts(
        triggers=frozenset(trigger.kind for trigger in standing),
        severity=incident.severity,
        zones=frozenset(zone.rule.name.casefold() for zone in zones),
        battery=incident.battery,
        presses=incident.presses,
        language=turn.plan.language,
    )
