"""What the person's own screen shows of her presses: a small machine of its own, folded when a call is accepted.

It never learns what a PIN meant. The honest PIN and its twin are one and the same `cancel` here, and everything later
follows from that; so no sequence of later calls on this side can tell them apart.

    (nothing)  --press-->  pending or open      pending: while the cancel window runs
    pending    --press-->  open                 a second press ends the window
    pending    --window over-->  open           by the clock alone, nothing is stored for it
    pending, open --cancel-->  cancelled        a next press begins anew
    pending, open --closed by responders-->  resolved
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alerts.ids import incident_id_for_press

AlarmState = Literal["pending", "open", "acknowledged", "cancelled", "resolved"]
PIN_GRACE = timedelta(seconds=15)
SENDING_AFTER_CANCEL = timedelta(minutes=30)
PRESSES_KEPT = 50


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """How far it has come: instants, or None when not that far yet."""

    sent: datetime | None = None
    delivered: datetime | None = None
    seen: datetime | None = None
    on_the_way: datetime | None = None


class VisiblePress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A press as the phone made it."""

    id: str
    at: datetime
    stored_at: datetime
    sequence: int | None = None


class VisibleAlarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the person sees of one alarm; `id` may be an alias of the incident that responders work on."""

    id: str
    presses: tuple[VisiblePress, ...]
    opened_at: datetime
    state: Literal["pending", "open", "cancelled", "resolved"]
    cancel_until: datetime | None = None
    extended: bool = False
    closed_at: datetime | None = None
    marks: Marks = Marks()
    """Kept from the moment when it closed; while it is live they are asked for afresh."""

    @property
    def live(self) -> bool:
        """Neither called off nor closed by the responders."""
        return self.state in {"pending", "open"}


class PersonSide(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest alarm as the person may see it, and those before it (the newest first)."""

    alarm: VisibleAlarm | None = None
    earlier: tuple[VisibleAlarm, ...] = ()
    unlock_until: datetime | None = None


class PressAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the phone is told about a press."""

    incident: str
    state: AlarmState
    cancel_until: datetime | None


def press(
    side: PersonSide,
    *,
    person: str,
    pressed: VisiblePress,
    window: timedelta,
    now: datetime,
) -> tuple[PersonSide, PressAnswer]:
    """A press: joins the alarm that is live here and ends its window, else begins one. `window` zero means none."""
    alarm = side.alarm
    if alarm is not None and alarm.live:
        presses = (*alarm.presses[: PRESSES_KEPT - 1], pressed)
        joined = msgspec.structs.replace(alarm, state="open", cancel_until=None, presses=presses)
        return (
            msgspec.structs.replace(side, alarm=joined),
            PressAnswer(incident=alarm.id, state="open", cancel_until=None),
        )
    ends = now + window if window > timedelta(0) else None
    begun = VisibleAlarm(
        id=incident_id_for_press(person, pressed.id),
        presses=(pressed,),
        opened_at=now,
        state="pending" if ends else "open",
        cancel_until=ends,
    )
    earlier = (alarm, *side.earlier)[:20] if alarm is not None else side.earlier
    return (
        msgspec.structs.replace(side, alarm=begun, earlier=earlier),
        PressAnswer(incident=begun.id, state=begun.state, cancel_until=ends),
    )


def cancel(
    side: PersonSide,
    *,
    panic: str | None,
    at: datetime,
    sequence: int | None,
    marks: Marks,
    now: datetime,
) -> PersonSide:
    """A cancel with a PIN that was taken, whichever it was. It never covers a press made after it."""
    alarm = side.alarm
    if alarm is None or not alarm.live:
        return side
    if not covers_all(alarm, panic=panic, at=at, sequence=sequence):
        return side
    closed = msgspec.structs.replace(
        alarm,
        state="cancelled",
        cancel_until=None,
        closed_at=now,
        marks=shown_marks(alarm, marks, now),
    )
    return msgspec.structs.replace(side, alarm=closed)


def covers_all(alarm: VisibleAlarm, *, panic: str | None, at: datetime, sequence: int | None) -> bool:
    """Whether a cancel covers every press of this alarm."""
    ids = [p.id for p in alarm.presses]
    if panic is not None:
        return panic in ids and ids.index(panic) == len(ids) - 1
    last = alarm.presses[-1]
    if sequence is not None and last.sequence is not None:
        return last.sequence < sequence
    return last.at <= at


def start_pin(side: PersonSide, now: datetime) -> PersonSide:
    """The first digit of a PIN: fifteen seconds more, once."""
    alarm = side.alarm
    if alarm is None or alarm.state != "pending" or alarm.extended or alarm.cancel_until is None:
        return side
    if now >= alarm.cancel_until:
        return side
    longer = msgspec.structs.replace(alarm, cancel_until=alarm.cancel_until + PIN_GRACE, extended=True)
    return msgspec.structs.replace(side, alarm=longer)


def close(
    side: PersonSide,
    *,
    incident: str,
    aliases: tuple[str, ...],
    marks: Marks,
    now: datetime,
) -> PersonSide:
    """The responders closed it; what she had called off already stays as it is."""
    alarm = side.alarm
    if alarm is None or not alarm.live or alarm.id not in {incident, *aliases}:
        return side
    shown = shown_marks(alarm, marks, now)
    closed = msgspec.structs.replace(alarm, state="resolved", cancel_until=None, closed_at=now, marks=shown)
    return msgspec.structs.replace(side, alarm=closed)


def shown_state(alarm: VisibleAlarm, marks: Marks, now: datetime) -> AlarmState:
    """The state in words, by the clock: a window that is over shows as open, one that was seen as acknowledged."""
    if not alarm.live:
        return alarm.state
    if alarm.state == "pending" and alarm.cancel_until is not None and now < alarm.cancel_until:
        return "pending"
    return "acknowledged" if shown_marks(alarm, marks, now).seen is not None else "open"


def shown_marks(alarm: VisibleAlarm, marks: Marks, now: datetime) -> Marks:
    """The marks as this alarm may show them: nothing before its own window is over, and no instant before that.

    An alarm that joined an older incident must not show that others knew of it already.
    """
    if not alarm.live:
        return alarm.marks
    if alarm.state == "pending" and alarm.cancel_until is not None:
        if now < alarm.cancel_until:
            return Marks()
        floor = alarm.cancel_until
    else:
        floor = alarm.opened_at
    return Marks(
        sent=_not_before(marks.sent, floor),
        delivered=_not_before(marks.delivered, floor),
        seen=_not_before(marks.seen, floor),
        on_the_way=_not_before(marks.on_the_way, floor),
    )


def _not_before(at: datetime | None, floor: datetime) -> datetime | None:
    return None if at is None else max(at, floor)
