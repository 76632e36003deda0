"""What the person's own all-clear does: before anybody was told it ends the incident, afterwards it is a claim."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from alerts.ids import derived_id
from alerts.incidents import add_trigger, close, end_window, open_incident, trigger_of
from alerts.signal_base import SignalBase
from alerts.signals import CancelEntered, PinRefused
from alerts.situation import Trigger
from alerts.turn import Turn

WRONG_PINS = 3
WRONG_PIN_SPAN_SECONDS = 600


def cancel(turn: Turn, signal: CancelEntered) -> None:
    """A right PIN, or its twin, against the presses that it covers."""
    incident = turn.situation.live_incident
    if signal.verdict == "duress":
        trigger = trigger_of(signal, "duress")
        if incident is None:
            open_incident(
                turn,
                derived_id("incident", turn.situation.person, signal.id),
                trigger,
                signal=signal,
            )
        else:
            add_trigger(turn, trigger)
        return
    if incident is None:
        turn.refuse("no_live_incident")
        return
    covered = [t for t in incident.standing if t.kind == "panic" and _covers(signal, t, incident.triggers)]
    if not covered:
        turn.record("cancel_covered_nothing")
        return
    if incident.state == "pending":
        turn.change(triggers=_withdrawn(incident.triggers, covered))
        close(turn, "cancelled")
        return
    if incident.base >= signal.at:
        turn.record("cancelled_in_time_received_late")
    stand_down(turn, covered)


def stand_down(turn: Turn, withdrawn: Iterable[Trigger]) -> None:
    """A claim: the contacts' steps stop when no other trigger stands; staff see it and decide."""
    turn.change(triggers=_withdrawn(turn.incident.triggers, withdrawn))
    turn.publish("incident.updated")
    if turn.incident.standing:
        turn.record("trigger_taken_back")
        return
    turn.change(stood_down_at=turn.now, contacts_stopped=True, contacts_not_before=None)
    turn.record("stood_down")


def refuse_pin(turn: Turn, signal: PinRefused) -> None:
    """The third wrong PIN within ten minutes ends the window, or opens an incident where none is live."""
    recent = [at for at in turn.situation.wrong_pins if (turn.now - at).total_seconds() < WRONG_PIN_SPAN_SECONDS]
    recent.append(turn.now)
    reached = len(recent) >= WRONG_PINS
    turn.situation = msgspec.structs.replace(turn.situation, wrong_pins=() if reached else tuple(recent))
    incident = turn.situation.live_incident
    if incident is not None:
        turn.record("wrong_pin")
        turn.publish("incident.updated")
    if not reached:
        return
    if incident is None:
        _open_after_wrong_pins(turn, signal)
    elif incident.state == "pending":
        turn.change(wrong_pins=True)
        end_window(turn, what="window_ended_by_wrong_pins")
    else:
        turn.change(wrong_pins=True)


def _open_after_wrong_pins(turn: Turn, signal: SignalBase) -> None:
    incident = derived_id("incident", turn.situation.person, signal.id)
    open_incident(turn, incident, trigger_of(signal, "duress"), signal=signal)
    turn.change(wrong_pins=True)
    turn.record("wrong_pins")


def _covers(signal: CancelEntered, trigger: Trigger, triggers: tuple[Trigger, ...]) -> bool:
    """Presses up to the one that is named, else those made before the cancel, by the phone's own count if any."""
    if signal.panic is not None:
        named = [index for index, t in enumerate(triggers) if t.source == signal.panic]
        return bool(named) and triggers.index(trigger) <= named[0]
    if signal.sequence is not None and trigger.sequence is not None:
        return trigger.sequence < signal.sequence
    return trigger.at <= signal.at


def _withdrawn(triggers: tuple[Trigger, ...], covered: Iterable[Trigger]) -> tuple[Trigger, ...]:
    taken = list(covered)
    return tuple(msgspec.structs.replace(t, withdrawn=True) if t in taken else t for t in triggers)
