"""How an incident opens, takes in another trigger, is held, and closes."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from alerts.audience import audience_at_opening, contact_key
from alerts.care_plan import CarePlan
from alerts.check_in_timers import timer_of
from alerts.effects import CloseAlarm, VoidDeliveries
from alerts.escalation import NEWS_TIMER, STEPS_TIMER, advance, restart, tell_news_now, tell_what_is_new
from alerts.holds import LEASES, forget_holds
from alerts.ids import derived_id
from alerts.person_side import PIN_GRACE
from alerts.policy import DEFAULT_POLICY, Policy
from alerts.signal_base import Fix, SignalBase, TriggerKind
from alerts.signals import FaultRaised, PanicPressed, PinStarted, ZoneEntered, ZoneLeft
from alerts.situation import GRAVITY, Incident, IncidentState, Trigger
from alerts.telling import News, invite_again, news_of, tell_all_clear
from alerts.turn import Turn

WINDOW_TIMER = "window"
TIMERS = LEASES | {WINDOW_TIMER, STEPS_TIMER, NEWS_TIMER}
"""The timers of an incident; all others go on when it closes."""
LATE = timedelta(minutes=2)
TRIGGERS_KEPT = 50


def trigger_of(signal: SignalBase, kind: TriggerKind, source: str | None = None) -> Trigger:
    """The trigger that this signal pulls."""
    return Trigger(
        kind=kind,
        at=signal.at,
        received_at=signal.received_at,
        source=source or signal.id,
        sequence=signal.sequence,
    )


def press(turn: Turn, signal: PanicPressed) -> None:
    """A press opens an incident, or joins the one that is live and is counted there."""
    trigger = trigger_of(signal, "panic")
    incident = turn.situation.live_incident
    if incident is None:
        open_incident(turn, signal.incident, trigger, signal=signal)
        return
    if signal.incident not in {incident.id, *incident.aliases}:
        # On her phone it begins anew: that the one before was seen would show there that it was never called off.
        turn.change(aliases=(*incident.aliases, signal.incident), seen_at=None, on_the_way_at=None, on_scene_at=None)
    turn.change(
        presses=incident.presses + 1,
        drill=incident.drill and signal.drill,
        battery=signal.battery if signal.battery is not None else incident.battery,
    )
    _take_fix(turn, signal.fix)
    add_trigger(turn, trigger)


def note_fix(turn: Turn, fix: Fix) -> None:
    """A newer position of somebody whose incident is live."""
    if turn.situation.live_incident is not None and _take_fix(turn, fix):
        turn.publish("incident.updated")


def _take_fix(turn: Turn, fix: Fix | None) -> bool:
    """Keeps the newer of two fixes: one that comes late never moves the last position back."""
    known = turn.incident.fix
    if fix is None or (known is not None and known.at >= fix.at):
        return False
    turn.change(fix=fix)
    return True


def extend_window(turn: Turn, _signal: PinStarted) -> None:
    """The first digit of a PIN: fifteen seconds more, once."""
    incident = turn.situation.live_incident
    if incident is None or incident.state != "pending" or incident.window_extended or incident.window_ends is None:
        return
    longer = incident.window_ends + PIN_GRACE
    turn.change(window_ends=longer, window_extended=True)
    turn.set_timer(WINDOW_TIMER, longer)
    turn.record("pin_started")
    turn.publish("incident.updated")


def raise_fault(turn: Turn, signal: FaultRaised) -> None:
    """Something of this person's could not be decided: a bare incident makes somebody look."""
    pull(turn, signal, "fault")


def raise_duress(turn: Turn, signal: SignalBase) -> None:
    """The twin was entered somewhere: staff are told at once, and the person's side shows nothing of it."""
    pull(turn, signal, "duress")


def pull(turn: Turn, signal: SignalBase, kind: TriggerKind, source: str | None = None) -> None:
    """This trigger opens an incident, or is added to the one that is live."""
    trigger = trigger_of(signal, kind, source)
    if turn.situation.live_incident is None:
        open_incident(
            turn,
            derived_id("incident", turn.situation.person, signal.id),
            trigger,
            signal=signal,
        )
    else:
        add_trigger(turn, trigger)


def open_incident(turn: Turn, incident: str, trigger: Trigger, *, signal: SignalBase) -> None:
    """Opens an incident; without a window somebody is told in this same decision."""
    pressed = signal if isinstance(signal, PanicPressed) else None
    policy = policy_for(turn.plan, signal)
    ends = pressed.window_ends if pressed is not None else None
    opened = Incident(
        id=incident,
        state="pending" if ends is not None else "open",
        opened_at=turn.now,
        triggers=(trigger,),
        presses=1 if pressed is not None else 0,
        policy=policy,
        base=ends or turn.now,
        rounds=(0,) * len(policy.steps),
        audience=audience_at_opening(turn.plan),
        drill=pressed.drill if pressed is not None else False,
        silent=pressed.silent if pressed is not None else False,
        window_ends=ends,
        fix=_known_fix(turn, signal),
        battery=pressed.battery if pressed is not None else None,
    )
    turn.situation = msgspec.structs.replace(turn.situation, incident=opened)
    turn.publish("incident.opened")
    turn.record("opened", trigger=trigger.kind)
    if signal.received_at - signal.at > LATE:
        turn.record("late", seconds=int((signal.received_at - signal.at).total_seconds()))
    if ends is not None:
        turn.set_timer(WINDOW_TIMER, ends)
    else:
        advance(turn)
        invite_again(turn)


def _known_fix(turn: Turn, signal: SignalBase) -> Fix | None:
    """Where she is, as far as is known when an incident opens."""
    if isinstance(signal, PanicPressed | ZoneEntered | ZoneLeft) and signal.fix is not None:
        return signal.fix
    watched = (turn.situation.tracking, turn.situation.stay_near)
    fixes = [w.fix for w in watched if w is not None and w.fix is not None]
    return max(fixes, key=lambda fix: fix.at, default=None)


def policy_for(plan: CarePlan, signal: SignalBase) -> Policy:
    """The person's policy; a fault is told by the default one, since hers may be what is broken."""
    return DEFAULT_POLICY if isinstance(signal, FaultRaised) else plan.policy


def end_window(turn: Turn, *, what: str) -> None:
    """The cancel window is over: from here on somebody is told."""
    turn.clear_timer(WINDOW_TIMER)
    incident = turn.incident
    base = min(incident.window_ends or turn.now, turn.now)
    held = incident.staff_hold is not None
    turn.change(state="acknowledged" if held else "open", base=base, window_ends=None)
    turn.record(what)
    turn.publish("incident.updated")
    if not turn.incident.staff_have_it:
        advance(turn)
    invite_again(turn)


def add_trigger(turn: Turn, trigger: Trigger) -> None:
    """Something more has happened to a person whose incident is live."""
    incident = turn.incident
    graver = GRAVITY[trigger.kind] < GRAVITY[incident.gravest]
    turn.change(triggers=(*incident.triggers, trigger)[-TRIGGERS_KEPT:])
    turn.record("trigger_added", trigger=trigger.kind)
    turn.publish("incident.updated")
    if incident.state == "pending":
        end_window(turn, what="window_ended_by_trigger")
    elif incident.state == "acknowledged":
        break_holds(turn, news_of(trigger.kind, incident))
    else:
        # Whoever was to hear one step later hears of this at once.
        turn.change(contacts_stopped=False, stood_down_at=None, contacts_not_before=None, contacts_news=None)
        if graver or trigger.kind != "panic" or incident.stood_down_at is not None:
            tell_news_now(turn, news_of(trigger.kind, incident))
        else:
            tell_what_is_new(turn)


def break_holds(turn: Turn, news: News) -> None:
    """Whoever has it, it is open again, and they hear of it like everybody else whose step had passed."""
    holder = turn.incident.contacts_hold
    forget_holds(turn)
    turn.record("hold_ended_by_trigger")
    also = [contact_key(holder.holder)] if holder is not None else []
    restart(turn, news=news, contacts_later=False, also=also)


def close(
    turn: Turn,
    state: IncidentState,
    *,
    by: str | None = None,
    disposition: str | None = None,
) -> None:
    """Ends it: nothing of it is told any more, but for the all-clear of a resolved one."""
    for name in list(turn.situation.timers):
        if name in TIMERS:
            turn.clear_timer(name)
    for check_in in [c for c in turn.situation.check_ins if c.hidden]:
        turn.drop_check_in(check_in)
        turn.clear_timer(timer_of(check_in))
    turn.change(state=state, closed_at=turn.now, disposition=disposition, next_step_at=None)
    turn.effects.append(VoidDeliveries(incident=turn.incident.id))
    turn.record(state, by=by, disposition=disposition)
    turn.publish("incident.closed")
    if state == "resolved":
        tell_all_clear(turn)
        turn.effects.append(CloseAlarm(incident=turn.incident.id, at=turn.now))
