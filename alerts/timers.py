"""What a timer that came due means."""

from __future__ import annotations

from alerts import check_in, contact_loss, holds, incidents, journeys, scheduling, stay_near, zones
from alerts.audience import contact_key, responder_key
from alerts.check_in_timers import JOURNEYS, timer_of
from alerts.escalation import NEWS_TIMER, STEPS_TIMER, advance, tell_news_now
from alerts.signals import TimerDue
from alerts.telling import warn_holder
from alerts.turn import Turn


def timer_due(turn: Turn, signal: TimerDue) -> None:  # noqa: C901, PLR0912 - a table: one line for each timer
    """Acts on a timer of the generation that is set; an older one changes nothing."""
    if turn.situation.timers.get(signal.name) != signal.generation:
        return
    turn.forget_timer(signal.name)
    if signal.name.startswith("check-in:"):
        for running in turn.situation.check_ins:
            if timer_of(running) == signal.name:
                check_in.look(turn, running, signal)
        return
    if signal.name.startswith(scheduling.PREFIX):
        scheduling.look(turn, signal.name)
        return
    if signal.name.startswith(zones.PREFIX):
        zones.look(turn, signal)
        return
    if signal.name.startswith(JOURNEYS):
        journeys.look(turn, signal)
        return
    if signal.name == stay_near.TIMER:
        stay_near.look(turn)
        return
    if signal.name == contact_loss.TIMER:
        contact_loss.look(turn, signal)
        return
    if turn.situation.live_incident is None:
        return
    match signal.name:
        case incidents.WINDOW_TIMER:
            incidents.end_window(turn, what="window_over")
        case _ if signal.name == STEPS_TIMER:
            advance(turn)
            turn.publish("incident.updated")
        case _ if signal.name == NEWS_TIMER:
            tell_news_now(turn, "pressed_again")
            turn.publish("incident.updated")
        case holds.STAFF_LEASE:
            holds.lapse_staff_hold(turn)
        case holds.CONTACTS_LEASE:
            holds.lapse_contacts_hold(turn)
        case holds.STAFF_WARNING:
            warn_holder(turn, turn.incident.staff_hold, responder_key, "hold_lapses_soon")
        case holds.CONTACTS_WARNING:
            warn_holder(turn, turn.incident.contacts_hold, contact_key, "contact_hold_lapses_soon")
