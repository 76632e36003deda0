"""How an incident opens, takes in another trigger, is held, and closes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from alerts.audience import audience_at_opening, contact_key
from alerts.care_plan import CarePlan
from alerts.check_in_timers import timer_of
from alerts.effects import CloseAlarm, VoidDeliveries
from alerts.escalation import (
    NEWS_TIMER,
    STEPS_TIMER,
    advance,
    invite_again,
    restart,
    silence_steps,
    tell_all_clear,
    tell_what_is_new,
)
from alerts.ids import derived_id
from alerts.person_side import PIN_GRACE
from alerts.policy import DEFAULT_POLICY, Policy
from alerts.signals import (
    FaultRaised,
    Fix,
    PanicPressed,
    PinStarted,
    SignalBase,
    TriggerKind,
    ZoneEntered,
    ZoneLeft,
)
from alerts.situation import GRAVITY, Hold, Incident, IncidentState, Trigger
from alerts.turn import Turn, milliseconds

WINDOW_TIMER = "window"
STAFF_LEASE = "lease:staff"
STAFF_WARNING = "warning:staff"
CONTACTS_LEASE = "lease:contacts"
CONTACTS_WARNING = "warning:contacts"
TIMERS = frozenset(
    {WINDOW_TIMER, STAFF_LEASE, STAFF_WARNING, CONTACTS_LEASE, CONTACTS_WARNING, STEPS_TIMER, NEWS_TIMER}
)
"""The timers of an incident; all others go on when it closes."""
WARNED_BEFORE = timedelta(seconds=60)
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
    known = {incident.id, *incident.aliases}
    turn.change(
        presses=incident.presses + 1,
        aliases=incident.aliases if signal.incident in known else (*incident.aliases, signal.incident),
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
        _begin(turn)


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
        _begin(turn)


def _begin(turn: Turn) -> None:
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
        break_holds(turn)
    elif graver or trigger.kind != "panic" or incident.stood_down_at is not None:
        restart_news(turn)
    else:
        tell_what_is_new(turn)


def restart_news(turn: Turn, *, but_not: str | None = None) -> None:
    """Those who know hear at once what is new, without the pause that bundles presses; the steps go on.

    `but_not` is the recipient whose own doing it is.
    """
    incident = turn.incident
    turn.change(
        epoch=incident.epoch + 1,
        news=incident.news + 1,
        contacts_stopped=False,
        stood_down_at=None,
    )
    advance(turn, also=[e.recipient for e in turn.incident.told if e.recipient != but_not], news=True)


def break_holds(turn: Turn) -> None:
    """Whoever has it, it is open again, and they hear of it like everybody else whose step had passed."""
    holder = turn.incident.contacts_hold
    forget_holds(turn)
    turn.record("hold_ended_by_trigger")
    also = [contact_key(holder.holder)] if holder is not None else []
    restart(turn, contacts_later=False, also=also)


def forget_holds(turn: Turn) -> None:
    """Nobody has it any more."""
    for timer in (STAFF_LEASE, STAFF_WARNING, CONTACTS_LEASE, CONTACTS_WARNING):
        turn.clear_timer(timer)
    turn.change(state="open", staff_hold=None, contacts_hold=None, having=(), having_names={})


def hold_staff(turn: Turn, *, staff: str, name: str, claimed: bool) -> None:
    """A responder has it: no step is told until the hold lapses."""
    incident = turn.incident
    kept = incident.staff_hold if incident.staff_hold is not None and incident.staff_hold.holder == staff else None
    hold = Hold(
        holder=staff,
        name=name,
        since=kept.since if kept else turn.now,
        until=turn.now + milliseconds(incident.policy.lease_ms),
        claimed=claimed or (kept.claimed if kept else False),
    )
    state: IncidentState = incident.state if incident.state == "pending" else "acknowledged"
    turn.change(
        staff_hold=hold,
        state=state,
        **_counted(incident, staff, name),
        seen_at=incident.seen_at or turn.now,
        human_contact_at=turn.now,
    )
    _wait_if_enough(turn)
    _set_lease(turn, STAFF_LEASE, STAFF_WARNING, hold)
    turn.publish("incident.updated")


def join_hold(turn: Turn, *, staff: str, name: str) -> None:
    """One more responder has answered where somebody has claimed it: it counts, the claim stays."""
    turn.change(**_counted(turn.incident, staff, name))
    _wait_if_enough(turn)
    renew_staff_hold(turn)


def _counted(incident: Incident, staff: str, name: str) -> dict[str, Any]:
    by, having = incident.acknowledged_by, incident.having
    return {
        "acknowledged_by": by if name in by else (*by, name),
        "having": having if staff in having else (*having, staff),
        "having_names": {**incident.having_names, staff: name},
        "declined": tuple(one for one in incident.declined if one != staff),
    }


def _wait_if_enough(turn: Turn) -> None:
    incident = turn.incident
    if incident.staff_have_it:
        silence_steps(turn)
    else:
        turn.record("more_must_answer", answered=incident.answered, quorum=incident.policy.quorum)


def renew_staff_hold(turn: Turn) -> None:
    """Work on the incident is a sign of life: the hold lasts from now again."""
    hold = turn.incident.staff_hold
    turn.change(human_contact_at=turn.now)
    if hold is not None:
        hold = msgspec.structs.replace(hold, until=turn.now + milliseconds(turn.incident.policy.lease_ms))
        turn.change(staff_hold=hold)
        _set_lease(turn, STAFF_LEASE, STAFF_WARNING, hold)
    turn.publish("incident.updated")


def hold_contacts(turn: Turn, *, contact: str, name: str) -> None:
    """A contact can help: the contacts' steps wait, the staff's go on until staff answer."""
    incident = turn.incident
    lease = milliseconds(incident.policy.lease_ms)
    hold = Hold(holder=contact, name=name, since=turn.now, until=turn.now + lease)
    state: IncidentState = "pending" if incident.state == "pending" else "acknowledged"
    turn.change(
        contacts_hold=hold,
        state=state,
        contact_first=incident.contact_first or incident.staff_hold is None,
        seen_at=incident.seen_at or turn.now,
        human_contact_at=turn.now,
    )
    _set_lease(turn, CONTACTS_LEASE, CONTACTS_WARNING, hold)
    turn.publish("incident.updated")


def _set_lease(turn: Turn, lease: str, warning: str, hold: Hold) -> None:
    turn.set_timer(lease, hold.until)
    turn.set_timer(warning, max(turn.now, hold.until - WARNED_BEFORE))


def lapse_staff_hold(turn: Turn) -> None:
    """The responder went quiet: staff first, and the contacts one step later."""
    hold = turn.incident.staff_hold
    turn.clear_timer(STAFF_LEASE)
    turn.clear_timer(STAFF_WARNING)
    turn.record("hold_lapsed", by=hold.name if hold else None)
    held = turn.incident.contacts_hold is not None
    turn.change(staff_hold=None, having=(), having_names={}, state="acknowledged" if held else "open")
    turn.publish("incident.updated")
    restart(turn, contacts_later=True)


def withdraw_staff(turn: Turn, *, staff: str) -> None:
    """One of those who had it cannot after all: the next of them has it; too few are left, and others are told."""
    incident = turn.incident
    hold, enough = incident.staff_hold, incident.staff_have_it
    forget_one(turn, staff)
    left = turn.incident.having
    if hold is not None and hold.holder == staff:
        # Those who answered before names were kept cannot be shown as having it.
        heir = next((one for one in left if one in incident.having_names), None)
        if heir is None:
            lapse_staff_hold(turn)
            return
        name = incident.having_names[heir]
        until = turn.now + milliseconds(incident.policy.lease_ms)
        hold = Hold(holder=heir, name=name, since=turn.now, until=until)
        turn.change(staff_hold=hold)
        turn.record("hold_passed", by=name)
        _set_lease(turn, STAFF_LEASE, STAFF_WARNING, hold)
        # Whoever has it now did not ask for it: they and the others hear of it.
        restart(turn, contacts_later=True)
        if turn.incident.staff_have_it:
            silence_steps(turn)
        return
    if enough and not turn.incident.staff_have_it:
        restart(turn, contacts_later=True)


def forget_one(turn: Turn, staff: str) -> None:
    """This one of the staff has it no more, and does not get it back."""
    incident = turn.incident
    names = {one: name for one, name in incident.having_names.items() if one != staff}
    turn.change(having=tuple(one for one in incident.having if one != staff), having_names=names)


def lapse_contacts_hold(turn: Turn, *, what: str = "contact_hold_lapsed") -> None:
    """The contact went quiet or cannot come after all: the contacts' steps go on."""
    hold = turn.incident.contacts_hold
    turn.clear_timer(CONTACTS_LEASE)
    turn.clear_timer(CONTACTS_WARNING)
    turn.record(what, by=hold.name if hold else None)
    held = turn.incident.staff_hold is not None
    turn.change(contacts_hold=None, state="acknowledged" if held else "open")
    turn.publish("incident.updated")
    if not turn.incident.staff_have_it:
        withdrawn = hold is not None and what == "contact_hold_withdrawn"
        restart_news(turn, but_not=contact_key(hold.holder) if hold is not None and withdrawn else None)


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
