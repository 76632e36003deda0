"""Who has it: the holds of staff and of contacts, their leases, and what follows when one is given back or lapses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from alerts.audience import contact_key, desk_of, methods_of, staff_key
from alerts.escalation import restart, silence_steps, tell_news_now, tell_staff_first
from alerts.situation import Hold, Incident, IncidentState
from alerts.telling import News
from alerts.turn import Turn, milliseconds

STAFF_LEASE = "lease:staff"
STAFF_WARNING = "warning:staff"
CONTACTS_LEASE = "lease:contacts"
CONTACTS_WARNING = "warning:contacts"
LEASES = frozenset({STAFF_LEASE, STAFF_WARNING, CONTACTS_LEASE, CONTACTS_WARNING})
WARNED_BEFORE = timedelta(seconds=60)


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


def hold_contacts(turn: Turn, *, contact: str, name: str) -> None:
    """A contact can help: the contacts' steps wait, the staff's go on until staff answer."""
    incident = turn.incident
    lease = milliseconds(incident.policy.lease_ms)
    hold = Hold(holder=contact, name=name, since=turn.now, until=turn.now + lease)
    state: IncidentState = "pending" if incident.state == "pending" else "acknowledged"
    turn.change(
        contacts_hold=hold,
        state=state,
        helping=(*(one for one in incident.helpers if one != contact), contact),
        contact_first=incident.contact_first or incident.staff_hold is None,
        seen_at=incident.seen_at or turn.now,
        human_contact_at=turn.now,
    )
    if turn.incident.staff_have_it:
        # Theirs was the answer that was missing.
        silence_steps(turn)
    _set_lease(turn, CONTACTS_LEASE, CONTACTS_WARNING, hold)
    turn.publish("incident.updated")


def renew_staff_hold(turn: Turn) -> None:
    """Work on the incident is a sign of life: the hold lasts from now again."""
    hold = turn.incident.staff_hold
    turn.change(human_contact_at=turn.now)
    if hold is not None:
        hold = msgspec.structs.replace(hold, until=turn.now + milliseconds(turn.incident.policy.lease_ms))
        turn.change(staff_hold=hold)
        _set_lease(turn, STAFF_LEASE, STAFF_WARNING, hold)
    turn.publish("incident.updated")


def forget_holds(turn: Turn) -> None:
    """Nobody has it any more. What contacts do is theirs until the lease that they had is over."""
    for timer in (STAFF_LEASE, STAFF_WARNING, CONTACTS_WARNING):
        turn.clear_timer(timer)
    turn.change(state="open", staff_hold=None, contacts_hold=None, having=(), having_names={}, helping=())


def forget_one(turn: Turn, staff: str) -> None:
    """This one of the staff has it no more, and does not get it back."""
    incident = turn.incident
    names = {one: name for one, name in incident.having_names.items() if one != staff}
    turn.change(having=tuple(one for one in incident.having if one != staff), having_names=names)


def lapse_staff_hold(turn: Turn, news: News = "went_quiet") -> None:
    """The responder went quiet, or gave it back: staff first, and the contacts one step later."""
    hold = turn.incident.staff_hold
    turn.clear_timer(STAFF_LEASE)
    turn.clear_timer(STAFF_WARNING)
    turn.record("hold_lapsed", by=hold.name if hold else None)
    turn.change(staff_hold=None, having=(), having_names={})
    _open_again(turn)
    if turn.incident.state != "pending":
        restart(turn, news=news, contacts_later=True)


def lapse_contacts_hold(turn: Turn) -> None:
    """The contact went quiet: staff hear of it first, and the contacts one step later.

    Where a press or a step by hand had ended the hold, they only count as not having answered from now on.
    """
    incident, hold = turn.incident, turn.incident.contacts_hold
    turn.clear_timer(CONTACTS_LEASE)
    turn.clear_timer(CONTACTS_WARNING)
    # Whoever said later that they can help has renewed the lease of all: it is over for each of them.
    answers = tuple(msgspec.structs.replace(a, quiet=a.quiet or a.helps) for a in incident.answers)
    turn.change(contacts_hold=None, helping=(), answers=answers)
    if hold is None:
        turn.publish("incident.updated")
        return
    turn.record("contact_hold_lapsed", by=hold.name)
    _open_again(turn)
    if turn.incident.state != "pending" and not turn.incident.staff_have_it:
        tell_staff_first(turn, "went_quiet")


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
            lapse_staff_hold(turn, "nobody_has_it")
            return
        name = incident.having_names[heir]
        until = turn.now + milliseconds(incident.policy.lease_ms)
        hold = Hold(holder=heir, name=name, since=turn.now, until=until)
        turn.change(staff_hold=hold)
        turn.record("hold_passed", by=name)
        _set_lease(turn, STAFF_LEASE, STAFF_WARNING, hold)
    elif not enough or turn.incident.staff_have_it:
        return
    # Whoever has it now did not ask for it: they and the others hear of it.
    passed = hold is not None and hold.since == turn.now and turn.incident.staff_have_it
    # At a desk others read it too.
    but_not = staff_key(staff) if desk_of(staff) is None else None
    _tell_of_loss(turn, "passed_on" if passed else "one_cannot", enough=enough, but_not=but_not)


def withdraw_contact(turn: Turn, *, contact: str, before: Incident) -> None:
    """A contact cannot after all, as their answer says already: another who can has it, or the contacts' steps go on.

    `before` is the incident as it was when they could.
    """
    hold = before.contacts_hold
    held = hold is not None and hold.holder == contact
    turn.change(helping=tuple(one for one in before.helpers if one != contact))
    if held:
        _pass_on(turn)
    incident = turn.incident
    if incident.state == "pending" or incident.staff_have_it:
        return
    if held or before.staff_have_it or (before.contacts_have_it and not incident.contacts_have_it):
        news: News = "nobody_has_it" if held else "one_cannot"
        if held and incident.contacts_hold is not None:
            news = "passed_on" if incident.contacts_have_it else "one_cannot"
        tell_news_now(turn, news, but_not=contact_key(contact))


def _pass_on(turn: Turn) -> None:
    """Who can help of the other contacts has it now; nobody does where none can, or none may be told any more."""
    incident = turn.incident
    able = [one for one in incident.answers if one.contact in incident.helping]
    heirs = [one for one in able if methods_of(contact_key(one.contact), turn.plan)]
    heir = max(heirs, key=lambda one: one.at, default=None)
    if heir is None:
        turn.clear_timer(CONTACTS_WARNING)
        turn.record("contact_hold_withdrawn", by=incident.contacts_hold.name if incident.contacts_hold else None)
        turn.change(contacts_hold=None, helping=())
        _open_again(turn)
        return
    until = turn.now + milliseconds(incident.policy.lease_ms)
    hold = Hold(holder=heir.contact, name=heir.name, since=turn.now, until=until)
    turn.change(contacts_hold=hold)
    turn.record("hold_passed", by=heir.name)
    _set_lease(turn, CONTACTS_LEASE, CONTACTS_WARNING, hold)


def _open_again(turn: Turn) -> None:
    """Nobody has it any more, unless somebody else does; a window that runs goes on, and its end tells everybody."""
    incident = turn.incident
    if incident.state != "pending":
        held = incident.staff_hold is not None or incident.contacts_hold is not None
        turn.change(state="acknowledged" if held else "open")
    turn.publish("incident.updated")


def _tell_of_loss(turn: Turn, news: News, *, enough: bool, but_not: str | None) -> None:
    """One has it less: the steps begin again where they waited, and go on where they were under way."""
    if turn.incident.state == "pending":
        return
    if enough:
        restart(turn, news=news, contacts_later=True)
    else:
        tell_news_now(turn, news, but_not=but_not)
    if turn.incident.staff_have_it:
        silence_steps(turn)


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


def _set_lease(turn: Turn, lease: str, warning: str, hold: Hold) -> None:
    turn.set_timer(lease, hold.until)
    # Of a short lease the first half passes unwarned: each sign of life would bring a warning.
    warned_before = min(WARNED_BEFORE, milliseconds(turn.incident.policy.lease_ms) / 2)
    turn.set_timer(warning, max(turn.now, hold.until - warned_before))
