"""What staff and contacts do to an incident, and what the person writes to them."""

from __future__ import annotations

import msgspec

from alerts import holds, incidents
from alerts.audience import DESKS, STAFF, contact_key, desk_of, is_contact, methods_of, responder_key
from alerts.effects import AlarmOperator, ShowMessage
from alerts.escalation import advance, follow_policy, jump, restart, silence_steps, step_left
from alerts.question_cards import CardOnPhone
from alerts.responder_signals import (
    CardAnswered,
    CardAsked,
    ContactAnswered,
    ContactConfirmed,
    ContactWrote,
    EscalatedNow,
    IncidentAcknowledged,
    IncidentResolved,
    MessageWritten,
    NoteAdded,
    PersonWrote,
    PolicyApplied,
    ResponderDeclined,
    ResponderMoved,
)
from alerts.signals import DeliveryFailed
from alerts.situation import Answer, Incident
from alerts.telling import NEWS_STEP, tell, tell_one
from alerts.turn import Turn

AboutIncident = (
    IncidentAcknowledged
    | NoteAdded
    | MessageWritten
    | CardAsked
    | ResponderMoved
    | ResponderDeclined
    | EscalatedNow
    | PolicyApplied
    | IncidentResolved
    | ContactAnswered
    | ContactWrote
)


def answer(turn: Turn, signal: AboutIncident) -> None:
    """Something that a responder does to the incident that they see; another or a closed one refuses it."""
    incident = turn.situation.incident
    if incident is None or not incident.live or signal.incident not in {incident.id, *incident.aliases}:
        turn.refuse("no_live_incident")
        return
    match signal:
        case IncidentAcknowledged():
            _acknowledge(turn, incident, signal)
        case NoteAdded():
            _note(turn, incident, signal)
        case MessageWritten():
            _write(turn, signal)
        case CardAsked():
            _ask(turn, signal)
        case ResponderMoved() | ResponderDeclined():
            _come_or_not(turn, incident, signal)
        case EscalatedNow():
            _escalate(turn, signal)
        case PolicyApplied():
            _apply_policy(turn, signal)
        case IncidentResolved():
            _resolve(turn, signal)
        case ContactAnswered():
            _hear_contact(turn, incident, signal)
        case ContactWrote():
            what = {None: "contact_wrote", True: "contact_opted_out", False: "contact_opted_in"}[signal.opted_out]
            turn.record(what, by=signal.name, text=signal.text or None)
            turn.publish("incident.updated")


def _acknowledge(turn: Turn, incident: Incident, signal: IncidentAcknowledged) -> None:
    hold = incident.staff_hold
    other = hold is not None and hold.claimed and hold.holder != signal.staff
    if hold is not None and other and signal.claim and not signal.take_over:
        turn.refuse("held_by_other", holder=hold.name)
        return
    enough = incident.staff_have_it
    turn.record("claimed" if signal.claim else "acknowledged", by=signal.name)
    if hold is not None and other and signal.claim:
        holds.forget_one(turn, hold.holder)
        incident = turn.incident
    if hold is not None and other and not signal.claim:
        holds.join_hold(turn, staff=signal.staff, name=signal.name)
        return
    if incident.state != "pending":
        turn.change(state="open")
    holds.hold_staff(turn, staff=signal.staff, name=signal.name, claimed=signal.claim)
    if enough and not turn.incident.staff_have_it and incident.state != "pending":
        # Whoever it was taken over from was one of those who had to answer.
        restart(turn, news="nobody_has_it", contacts_later=True)


def _resolve(turn: Turn, signal: IncidentResolved) -> None:
    if signal.text:
        turn.record("note", by=signal.name, text=signal.text)
    incidents.close(turn, "resolved", by=signal.name, disposition=signal.disposition)


def _note(turn: Turn, incident: Incident, signal: NoteAdded) -> None:
    if signal.call is None:
        turn.record("note", by=signal.name, text=signal.text)
    elif signal.call != "running":
        turn.record(f"call_{signal.call}", by=signal.name, text=signal.text or None)
    # Where the desk itself has it, so does whoever is there.
    has_it = incident.staff_hold is None or any(one == signal.staff or desk_of(one) for one in incident.having)
    if signal.staff is not None and has_it:
        holds.renew_staff_hold(turn)
    else:
        # A sign of life of the writer, not of whoever has it.
        turn.publish("incident.updated")


def _write(turn: Turn, signal: MessageWritten) -> None:
    turn.effects.append(
        ShowMessage(
            message=signal.id,
            incident=turn.incident.id,
            at=turn.now,
            writer="responder",
            name=signal.name,
            text=signal.text,
        )
    )
    turn.record("message", by=signal.name, text=signal.text)
    holds.renew_staff_hold(turn)


def _ask(turn: Turn, signal: CardAsked) -> None:
    turn.change(card=CardOnPhone(id=signal.id, card=signal.card, at=turn.now))
    turn.record("card_asked", by=signal.name, card=signal.card)
    holds.renew_staff_hold(turn)


def hear_card(turn: Turn, signal: CardAnswered) -> None:
    """She answered by a touch; a card that another one has replaced says nothing any more."""
    incident = turn.situation.live_incident
    if incident is None or incident.card is None or incident.card.id != signal.asked:
        turn.refuse("not_asked")
        return
    if incident.card.answer == signal.answer:
        return
    turn.change(card=msgspec.structs.replace(incident.card, answer=signal.answer), human_contact_at=turn.now)
    turn.record("card_answered", card=incident.card.card, answer=signal.answer)
    turn.publish("incident.updated")


def _come_or_not(turn: Turn, incident: Incident, signal: ResponderMoved | ResponderDeclined) -> None:
    if isinstance(signal, ResponderMoved):
        _move(turn, incident, signal)
    else:
        _decline(turn, incident, signal)


def _move(turn: Turn, incident: Incident, signal: ResponderMoved) -> None:
    turn.record(signal.progress, by=signal.name)
    if signal.progress == "on_the_way":
        turn.change(on_the_way_at=incident.on_the_way_at or turn.now)
    else:
        turn.change(
            on_the_way_at=incident.on_the_way_at or turn.now,
            on_scene_at=incident.on_scene_at or turn.now,
        )
    if incident.staff_hold is None:
        holds.hold_staff(turn, staff=signal.staff, name=signal.name, claimed=False)
    else:
        holds.join_hold(turn, staff=signal.staff, name=signal.name)


def _decline(turn: Turn, incident: Incident, signal: ResponderDeclined) -> None:
    """Whoever had it gives it back; when all who were told by name cannot, the next step is told now.

    What others have stays theirs.
    """
    turn.record("responder_cannot", by=signal.name)
    known = signal.staff in incident.declined
    again = responder_key(signal.staff) in map(responder_key, incident.declined) and signal.staff not in incident.having
    turn.change(declined=(*incident.declined, *(() if known else (signal.staff,))))
    if signal.staff in incident.having:
        holds.withdraw_staff(turn, staff=signal.staff)
    turn.publish("incident.updated")
    if desk_of(signal.staff) and not again and turn.incident.waits_for_somebody:
        _tell_desk(turn, responder_key(signal.staff))
    asked = {entry.recipient for entry in incident.told}
    by_name = {recipient for recipient in asked if recipient.startswith(STAFF)}
    waited_for = asked & DESKS | by_name if desk_of(signal.staff) else by_name
    nobody_left = waited_for.issubset(map(responder_key, turn.incident.declined))
    if not nobody_left or not turn.incident.waits_for_somebody:
        return
    waiting = turn.incident.contacts_not_before is not None and _desk_gave_up(turn, signal.staff)
    if waiting:
        # They were to hear it after the desk, which has just said that it cannot.
        turn.change(contacts_not_before=turn.now)
    if step_left(turn) and not again:
        turn.record("all_on_call_cannot")
        jump(turn)
    elif waiting:
        advance(turn)


def _desk_gave_up(turn: Turn, staff: str) -> bool:
    """Whether this is somebody on duty at a desk where nobody has it."""
    desk = desk_of(staff)
    return desk is not None and desk not in map(desk_of, turn.incident.having)


def _tell_desk(turn: Turn, desk: str) -> None:
    """One number of a desk cannot: the others, which perhaps had no message since the first got one, hear it now."""
    if len(methods_of(desk, turn.plan)) > 1:
        turn.change(news=turn.incident.news + 1)
        tell(turn, [desk], step=NEWS_STEP, round_number=turn.incident.news, news="one_cannot")


def _escalate(turn: Turn, signal: EscalatedNow) -> None:
    if signal.step is not None and not 1 <= signal.step <= len(turn.incident.policy.steps):
        turn.refuse("no_such_step")
        return
    turn.record("escalated", by=signal.name, step=signal.step)
    pending, helping = turn.incident.state == "pending", turn.incident.helpers
    holds.forget_holds(turn)
    # Who can help is not asked whether they can, until the lease that they had is over.
    turn.change(helping=helping)
    if pending:
        incidents.end_window(turn, what="window_ended_by_staff")
        if signal.step is None or turn.incident.rounds[signal.step - 1]:
            # It was told by the end of the window.
            return
    if turn.incident.contacts_not_before is not None:
        # The step that they wait for comes now.
        turn.change(contacts_not_before=turn.now)
    jump(turn, signal.step - 1 if signal.step is not None else None)
    turn.publish("incident.updated")


def _apply_policy(turn: Turn, signal: PolicyApplied) -> None:
    """The plan as it is now takes the place of the one that held when the incident opened."""
    incident = turn.incident
    policy = turn.plan.policy
    turn.record("policy_applied", by=signal.name, policy=policy.name)
    turn.change(epoch=incident.epoch + 1, news=incident.news + 1)
    untold = follow_policy(turn, policy)
    if incident.state != "pending":
        if turn.incident.staff_have_it:
            silence_steps(turn)
        else:
            advance(turn, also=untold, news="plan_changed")
    turn.publish("incident.updated")


def _hear_contact(turn: Turn, incident: Incident, signal: ContactAnswered) -> None:
    others = tuple(a for a in incident.answers if a.contact != signal.contact)
    if signal.answer == "call_me":
        _ask_to_be_rung(turn, others, signal)
        return
    mine = Answer(contact=signal.contact, name=signal.name, answer=signal.answer, at=turn.now, job=signal.job)
    turn.change(answers=(*others, mine), human_contact_at=turn.now)
    turn.record(f"contact_{signal.answer}", by=signal.name)
    if signal.answer == "cannot":
        holds.withdraw_contact(turn, contact=signal.contact, before=incident)
        if not any(a.contact == signal.contact and a.answer == "cannot" for a in incident.answers):
            _wait_no_longer(turn)
        turn.publish("incident.updated")
        return
    if signal.answer == "on_my_way":
        turn.change(on_the_way_at=turn.incident.on_the_way_at or turn.now)
    holds.hold_contacts(turn, contact=signal.contact, name=signal.name)


def _ask_to_be_rung(turn: Turn, others: tuple[Answer, ...], signal: ContactAnswered) -> None:
    """It holds nothing and takes nothing back: whoever could help still can."""
    incident = turn.incident
    before = next((a for a in incident.answers if a.contact == signal.contact), None)
    asked = before or Answer(contact=signal.contact, name=signal.name, answer="call_me", at=turn.now)
    asked = msgspec.structs.replace(asked, to_ring=True, at=turn.now)
    turn.change(answers=(*others, asked), seen_at=incident.seen_at or turn.now, human_contact_at=turn.now)
    turn.record("contact_call_me", by=signal.name)
    turn.publish("incident.updated")


def _wait_no_longer(turn: Turn) -> None:
    """Every contact who was told cannot: nobody is left to wait for, so the next step is told now.

    Only while it waits for somebody, and only as long as a step is left: after the last one the tail keeps its pace.
    """
    incident = turn.incident
    if not incident.waits_for_somebody or incident.contacts_stopped or not step_left(turn):
        return
    declined = {contact_key(a.contact) for a in incident.answers if a.answer == "cannot"}
    told = [entry.recipient for entry in incident.told if is_contact(entry.recipient)]
    if told and declined.issuperset(told):
        turn.record("all_contacts_cannot")
        jump(turn)


def hear_person(turn: Turn, signal: PersonWrote) -> None:
    """A message from the person's phone, kept with the incident when one is live."""
    incident = turn.situation.live_incident
    turn.effects.append(
        ShowMessage(
            message=signal.id,
            incident=incident.id if incident else None,
            at=turn.now,
            writer="person",
            name=None,
            text=signal.text,
        )
    )
    if incident is not None:
        turn.record("person_wrote", text=signal.text)
        turn.publish("incident.updated")


def welcome_contact(turn: Turn, signal: ContactConfirmed) -> None:
    """Whoever agrees while an incident is open is told at once."""
    incident = turn.situation.live_incident
    if incident is None or incident.contacts_stopped:
        return
    if signal.contact not in incident.audience:
        turn.change(audience=(*incident.audience, signal.contact))
    if incident.state == "pending":
        # Nobody is told before the window is over; then they are one of those whom the steps name.
        return
    tell_one(turn, contact_key(signal.contact))
    turn.publish("incident.updated")


def delivery_failed(turn: Turn, signal: DeliveryFailed) -> None:
    """A message came to nothing: when nobody else of this incident can have heard, the next step comes at once."""
    incident = turn.situation.live_incident
    if incident is None or signal.incident != incident.id:
        return
    turn.record("not_told", recipient=signal.recipient)
    turn.publish("incident.updated")
    if signal.others_alive or not incident.waits_for_somebody:
        return
    if not incident.nobody_reachable:
        turn.change(nobody_reachable=True)
        turn.record("nobody_reached")
        turn.effects.append(AlarmOperator(what="nobody_reached"))
    last_resort_tried = any(entry.recipient == "last_resort" for entry in incident.told)
    if step_left(turn) or not last_resort_tried:
        jump(turn)
    # Else everybody was tried: the rounds of the steps try them again, at their own pace.
