"""One message to one recipient: whether they may hear, by which ways, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal, get_args

from alerts.audience import DESKS, contact_key, is_contact, methods_of, responder_key
from alerts.care_plan import RINGS, MethodRef
from alerts.effects import Notify, Purpose
from alerts.signal_base import TriggerKind
from alerts.situation import Hold, Incident, Told
from alerts.turn import Turn

NEWS_STEP = -1
Happened = TriggerKind | Literal["pressed_again"]
Holds = Literal["went_quiet", "nobody_has_it", "passed_on", "yours_now", "desk_has_it", "one_cannot"]
News = Happened | Holds | Literal["plan_changed", "agreed"]
"""What is new, for whoever was told before: what happened to her, or who has it now."""
TELLS: frozenset[Purpose] = frozenset({"alert", "repeat", "news"})
GIVEN: frozenset[News] = frozenset({"passed_on", "one_cannot"})
PRESSES = frozenset({"panic", "duress"})
HAPPENED = frozenset({*get_args(TriggerKind), "pressed_again"})
RUNG_AFTER, RUNG_WITHIN = 6, timedelta(hours=1)
"""After so many messages in so short a time one more text changes nothing: one call, then the count begins anew."""


def news_of(kind: TriggerKind, before: Incident) -> Happened:
    """What a trigger is for whoever hears of it: the twin is a press like another, the first one or one more."""
    if kind not in PRESSES:
        return kind
    return "pressed_again" if any(trigger.kind in PRESSES for trigger in before.triggers) else "panic"


def tell(turn: Turn, names: Iterable[str], *, step: int, round_number: int, news: News | None) -> list[str]:
    """Asks for one message to each who can and may be told; returns whom. One decision tells nobody twice."""
    told = [name for name in names if _may_hear(turn, name, news=news) and methods_of(name, turn.plan)]
    for name in told:
        if not _has_just_heard(turn, name):
            _notify(turn, name, step=step, round_number=round_number, news=news)
    return told


def _may_hear(turn: Turn, recipient: str, *, news: News | None) -> bool:
    incident = turn.incident
    if not is_contact(recipient):
        return news is not None or not is_held_back(incident, recipient)
    if incident.contacts_stopped:
        return False
    postponed = incident.contacts_not_before is not None and turn.now < incident.contacts_not_before
    if postponed and news != "agreed" and not _is_given_it(turn, recipient, news):
        return False
    if news is not None:
        return True
    if is_held_back(incident, recipient):
        return False
    # Who went quiet counts as not having answered.
    quiet = {a.contact for a in incident.answers if a.helps and not a.to_ring} - set(incident.helpers)
    return all(contact_key(a.contact) != recipient for a in incident.answers if a.contact not in quiet)


def _has_just_heard(turn: Turn, recipient: str) -> bool:
    notices = (effect for effect in turn.effects if isinstance(effect, Notify))
    return any(notice.recipient == recipient and notice.purpose in TELLS for notice in notices)


def is_held_back(incident: Incident, recipient: str) -> bool:
    """Whether the steps do not tell this recipient, since somebody of the contacts has it."""
    return incident.contacts_have_it and (is_contact(recipient) or incident.policy.contacts_hold == "all")


def is_anybody_left(turn: Turn) -> bool:
    """Whether there is somebody whom a step or the tail may still tell."""
    contacts = (contact_key(contact.id) for contact in turn.plan.contacts)
    return any(
        methods_of(name, turn.plan) and _may_hear(turn, name, news=None)
        for name in ("dispatch", "last_resort", *(entry.recipient for entry in turn.incident.told), *contacts)
    )


def _is_given_it(turn: Turn, recipient: str, news: News | None) -> bool:
    """Whether this recipient has got a hold at this instant without having asked for it: that is for them alone."""
    holds = ((turn.incident.staff_hold, responder_key), (turn.incident.contacts_hold, contact_key))
    return news in GIVEN and any(
        hold is not None and key_of(hold.holder) == recipient and hold.since == turn.now for hold, key_of in holds
    )


def _notify(turn: Turn, recipient: str, *, step: int, round_number: int, news: News | None) -> None:
    incident = turn.incident
    before = next((entry for entry in incident.told if entry.recipient == recipient), None)
    purpose: Purpose = "alert" if before is None else "news" if news is not None else "repeat"
    times = before.times + 1 if before else 1
    methods, lately = _ways(turn, recipient, before.lately if before else ())
    turn.effects.append(
        Notify(
            subject=incident.id,
            incident=incident.id,
            recipient=recipient,
            purpose=purpose,
            epoch=incident.epoch,
            step=step,
            round=round_number,
            methods=methods,
            all_at_once=before is not None,
            drill=incident.drill,
            facts={
                "times": times,
                "presses": incident.presses,
                "severity": incident.severity,
                **({"news": _as_they_hear_it(turn, recipient, news)} if purpose == "news" else {}),
            },
        )
    )
    entry = Told(
        recipient=recipient,
        first_at=before.first_at if before else turn.now,
        last_at=turn.now,
        times=times,
        lately=lately,
    )
    others = tuple(e for e in incident.told if e.recipient != recipient)
    contacts_told_at = turn.now if is_contact(recipient) else incident.contacts_told_at
    turn.change(told=(*others, entry), contacts_told_at=contacts_told_at, nobody_reachable=False)
    if before is None:
        turn.record("told", recipient=recipient, step=step + 1)


def _as_they_hear_it(turn: Turn, recipient: str, news: News | None) -> News | None:
    """Who has it at this instant, for this recipient: whoever got it unasked reads that it is theirs."""
    incident = turn.incident
    if _is_given_it(turn, recipient, news):
        # At a desk of several numbers all who are on duty read it.
        return "desk_has_it" if recipient in DESKS and len(methods_of(recipient, turn.plan)) > 1 else "yours_now"
    held = incident.staff_hold is not None or incident.contacts_hold is not None
    return "one_cannot" if news == "nobody_has_it" and held else news


def _ways(
    turn: Turn, recipient: str, lately: tuple[datetime, ...]
) -> tuple[tuple[MethodRef, ...], tuple[datetime, ...]]:
    """How they are told this time, rung where that is more than another text; and the count from now on."""
    methods = methods_of(recipient, turn.plan)
    rung = tuple(method for method in methods if method.channel in RINGS)
    if rung and len(lately) == RUNG_AFTER and turn.now - lately[0] < RUNG_WITHIN:
        return rung, ()
    return methods, (*lately, turn.now)[-RUNG_AFTER:]


def tell_one(turn: Turn, recipient: str) -> None:
    """Tells one recipient outside the steps, at once (a contact who has only now agreed)."""
    turn.change(news=turn.incident.news + 1)
    tell(turn, [recipient], step=NEWS_STEP, round_number=turn.incident.news, news="agreed")


def warn_holder(turn: Turn, hold: Hold | None, key_of: Callable[[str], str], what: str) -> None:
    """A minute before a hold lapses: do they still have it? Who has no way of their own reads it on the desk."""
    turn.record(what, by=hold.name if hold is not None else None)
    turn.publish("incident.updated")
    if hold is None:
        return
    recipient = key_of(hold.holder)
    methods = methods_of(recipient, turn.plan)
    if methods:
        turn.effects.append(
            Notify(
                subject=turn.incident.id,
                incident=turn.incident.id,
                recipient=recipient,
                purpose="warning",
                epoch=turn.incident.epoch,
                step=NEWS_STEP,
                round=int(hold.until.timestamp()),
                methods=methods,
                drill=turn.incident.drill,
            )
        )


def tell_all_clear(turn: Turn) -> None:
    """The one thing that a closed incident tells: to everybody who was told of it."""
    incident = turn.incident
    for entry in incident.told:
        methods = methods_of(entry.recipient, turn.plan)
        if methods:
            turn.effects.append(
                Notify(
                    subject=incident.id,
                    incident=incident.id,
                    recipient=entry.recipient,
                    purpose="all_clear",
                    epoch=incident.epoch,
                    step=NEWS_STEP,
                    round=0,
                    methods=methods,
                    drill=incident.drill,
                    urgency="timer",
                )
            )


def invite_again(turn: Turn) -> None:
    """Sends the open invitations once more: somebody may agree now that it matters."""
    incident = turn.incident
    for contact in turn.plan.contacts:
        if not contact.confirmed and contact.methods:
            turn.effects.append(
                Notify(
                    subject=incident.id,
                    incident=None,
                    recipient=contact_key(contact.id),
                    purpose="invitation",
                    epoch=incident.epoch,
                    step=NEWS_STEP,
                    round=0,
                    methods=contact.methods,
                    drill=incident.drill,
                    urgency="timer",
                )
            )
