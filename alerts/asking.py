"""Asking her first: whether all is well, before anybody else is told that something may not be."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from alerts.effects import Notify
from alerts.hours import covers
from alerts.signal_base import Question
from alerts.situation import Asked
from alerts.turn import Turn


def ask(turn: Turn, about: str, why: Question, *, since: datetime, answer_by: datetime) -> None:
    """Puts a question to her, unless she has been asked already: in the app, and by what she marked as safe."""
    if open_question(turn, about) is not None:
        return
    asked = Asked(about=about, why=why, since=since, answer_by=answer_by)
    turn.situation = msgspec.structs.replace(turn.situation, asked=(*turn.situation.asked, asked))
    remind(turn, about, number=1, epoch_at=since, due_at=answer_by, question=True)


def open_question(turn: Turn, about: str) -> Asked | None:
    """What she is asked about this; None when she is not."""
    return next((asked for asked in turn.situation.asked if asked.about == about), None)


def settle(turn: Turn, about: str) -> None:
    """She is not asked any more."""
    rest = tuple(asked for asked in turn.situation.asked if asked.about != about)
    if len(rest) != len(turn.situation.asked):
        turn.situation = msgspec.structs.replace(turn.situation, asked=rest)


def hide(turn: Turn, about: str) -> None:
    """Her side shows it as answered; the question stands."""
    shown = tuple(
        msgspec.structs.replace(asked, hidden=True) if asked.about == about else asked for asked in turn.situation.asked
    )
    turn.situation = msgspec.structs.replace(turn.situation, asked=shown)


def remind(
    turn: Turn,
    subject: str,
    *,
    number: int,
    epoch_at: datetime,
    due_at: datetime,
    note: str | None = None,
    question: bool = False,
) -> None:
    """A message to herself, only by what she marked as safe at this hour; else the app alone shows it."""
    zone = ZoneInfo(turn.plan.time_zone)
    methods = tuple(way for way in turn.plan.reminders if covers(way.hours, turn.now, zone))
    if not methods:
        return
    turn.effects.append(
        Notify(
            subject=subject,
            incident=None,
            recipient="person",
            purpose="question" if question else "reminder",
            epoch=int(epoch_at.timestamp()),
            step=0,
            round=number,
            methods=methods,
            urgency="timer",
            facts={"note": note, "due_at": due_at.isoformat()},
        )
    )
