"""What an answer by text, call or mail does: a digit acts, other words are kept, and one line goes back.

Contacts say: I can help, I cannot, I am on my way, please ring me. Staff say: I have it, I cannot, I am on my way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alerts.decide import Decision
from alerts.ids import derived_id
from alerts.responder_signals import (
    ContactAnswered,
    ContactWrote,
    IncidentAcknowledged,
    NoteAdded,
    ResponderDeclined,
    ResponderMoved,
)
from alerts.signal_base import ContactReply
from alerts.signals import Signal
from services.web.open_alerts import OpenAlert
from services.web.service import Service
from services.web.text_answers import lettered
from services.wording.catalogue import say
from services.wording.neutral_words import Line, line_in, lines_to_contact, say_to_contact
from streams.records import Contact, Staff

ANSWERS: dict[str, ContactReply] = {"1": "can_help", "2": "cannot", "3": "on_my_way", "4": "call_me"}
NOT_AS_STAFF = frozenset({"cannot", "call_me"})
"""What whoever is told as both says as a contact too, or only so."""


async def answer_alert(
    service: Service, alert: OpenAlert, digit: str, key: str, *, reads_alone: bool = False
) -> tuple[Line, ...]:
    """Carries out one digit; what is said back. What has the same `key` is the same answer.

    Whoever is told as staff and as a contact has it as staff, and cannot as both. With `reads_alone` it may say what
    only they may know.
    """
    if not alert.trusted:
        await keep_words(service, alert, digit, key)
        return ()
    lines: tuple[Line, ...] = ()
    given = ANSWERS[digit]
    if alert.contact is not None and (alert.staff is None or given in NOT_AS_STAFF):
        await _decide(service, alert, alert.contact, digit, key, ContactAnswered, **_given(alert.contact, digit))
        lines = lines_to_contact(alert.wish, "contact", f"answered.{given}")
    if alert.staff is not None and given == "call_me":
        # The desk rings its own people anyhow: for them it is no answer.
        await keep_words(service, alert, digit, key)
        return lines or (line_in(alert.wish, "messages", "staff.help"),)
    if alert.staff is not None:
        return await _answer_as_staff(service, alert, alert.staff, digit, key)
    word = _arrival_word(alert)
    if word and reads_alone and given == "on_my_way":
        lines += lines_to_contact(alert.wish, "contact", "alert.arrival_word", word=word)
    return lines


async def _answer_as_staff(service: Service, alert: OpenAlert, staff: Staff, digit: str, key: str) -> tuple[Line, ...]:
    decided = (service, alert, staff, digit, key)
    match ANSWERS[digit]:
        case "cannot":
            decision = await _decide(*decided, ResponderDeclined)
            after = decision.situation.live_incident
            told = after is not None and after.next_step_at is not None
            said = "staff.answered.cannot" if told else "staff.answered.cannot_others_have_it"
        case "on_my_way":
            decision = await _decide(*decided, ResponderMoved, progress="on_the_way")
            said = "staff.answered.on_my_way"
        case _:
            decision = await _decide(*decided, IncidentAcknowledged, claim=True)
            said = "staff.answered.have_it"
            now = decision.situation.live_incident
            if _is_held(decision) and now is not None and not now.staff_have_it:
                # More must answer than have: it stays theirs, and one more has it.
                decision = await _decide(service, alert, staff, f"{digit} too", key, IncidentAcknowledged)
                said = "staff.answered.have_it_too"
    if _is_held(decision) and alert.contact is not None:
        # Others of the staff have it; whoever is her contact too can help all the same.
        await _decide(service, alert, alert.contact, digit, key, ContactAnswered, **_given(alert.contact, digit))
        return lines_to_contact(alert.wish, "contact", f"answered.{ANSWERS[digit]}")
    if decision.refusal is not None:
        said = "staff.answered.held" if _is_held(decision) else "voice.over"
    lines: tuple[Line, ...] = (line_in(alert.wish, "messages", said),)
    word = _arrival_word(alert)
    if word and said == "staff.answered.on_my_way" and not alert.shared:
        lines += (line_in(alert.wish, "contact", "alert.arrival_word", word=word),)
    return lines


def _arrival_word(alert: OpenAlert) -> str:
    """What she wants to hear at the door, from whoever comes; nothing where she chose none."""
    return str((alert.person.details.get("brief") or {}).get("arrival_word") or "")


def _given(contact: Contact, digit: str) -> dict[str, Any]:
    return {"answer": ANSWERS[digit], "job": contact.job}


def _is_held(decision: Decision) -> bool:
    return decision.refusal is not None and decision.refusal.code == "held_by_other"


async def keep_words(service: Service, alert: OpenAlert, words: str, key: str) -> None:
    """What they wrote stands in the timeline, and does nothing."""
    if not words:
        return
    if alert.staff is not None:
        await _decide(service, alert, alert.staff, "words", key, NoteAdded, text=words)
    elif alert.contact is not None:
        await _decide(service, alert, alert.contact, "words", key, ContactWrote, text=words)


async def say_opted(service: Service, alert: OpenAlert, key: str, *, out: bool) -> None:
    """A contact wants no texts any more (`out`), or wants them again."""
    if alert.contact is not None:
        await _decide(service, alert, alert.contact, "opted", key, ContactWrote, text="", opted_out=out)


def help_for(alerts: Sequence[OpenAlert], *, by_letter: bool = False) -> str:
    """How to answer what is open; *by letter* where something else is asked as well."""
    who = "staff" if any(alert.staff is not None for alert in alerts) else "sms"
    in_words = say_to_contact if who == "sms" else say
    if len(alerts) == 1 and not by_letter:
        return in_words(alerts[0].wish, "messages", f"{who}.help")
    named = lettered([(a.letter, a.person, "") for a in alerts])
    return in_words(alerts[0].wish, "messages", f"{who}.several", list=named, example=f"{alerts[0].letter}1")


async def _decide(
    service: Service,
    alert: OpenAlert,
    who: Contact | Staff,
    what: str,
    key: str,
    kind: Callable[..., Signal],
    **more: Any,
) -> Decision:
    now = service.clock.now()
    signal = kind(
        # The same call again, as a provider makes it that had no answer in time, is the same answer.
        id=derived_id("answer", what, alert.incident.id, who.id, key),
        person=alert.person.id,
        at=now,
        received_at=now,
        incident=alert.incident.id,
        name=who.name,
        **({"contact": who.id} if isinstance(who, Contact) else {"staff": alert.responder if alert.trusted else None}),
        **more,
    )
    return await service.engine.decide_now(alert.organization, alert.person.id, signal)
