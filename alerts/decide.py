"""The automaton: what a signal makes of a situation, and what it asks for.

    decide(situation, signal, care_plan, now) -> Decision(situation, effects, refusal)

Nothing here reads a clock, the disk or chance: the same arguments give the same decision. Two rules hold throughout.
A signal that was decided before changes nothing. An illegal move is no error: it changes nothing and says why.

The incident of one person (at most one is live; everything that happens to her joins it):

    state         signal                         becomes        and
    ------------  -----------------------------  -------------  -----------------------------------------------------
    (none)        press, with a window           pending        window timer
    (none)        press, no window               open           first step told
    (none)        duress, miss, third wrong PIN  open           first step told; never a window
    (none)        fault                          open           told by the default policy
    pending       window over                    open           first step told, counted from the window's end
    pending       press, miss, duress, 3rd PIN   open           the same, at once
    pending       PIN                            cancelled      nobody was told, nobody is
    pending       staff acknowledge              pending        held; acknowledged when the window is over
    open          step due                       open           told; the next one is timed
    open          staff acknowledge, claim       acknowledged   no step while the hold lasts
    open          contact can help               acknowledged   contacts' steps wait, the staff's go on
    open, ack.    PIN                            (the same)     a claim: contacts' steps stop, staff see it stood down
    open          press                          open           those told hear of it, at most every 30 s
    open          duress, miss                   open           those told hear of it at once
    acknowledged  press, duress, miss            open           holds end; all whose step had passed hear at once
    acknowledged  hold lapses, escalate          open           new epoch: staff first, contacts one step later
    acknowledged  note, message, on the way …    acknowledged   hold renewed
    any live      resolve                        resolved       unsent messages void; all-clear to everybody told
    closed        anything                       (the same)     refused; a new press opens a new incident

Timers carry a generation: one that was replaced or cleared is stale and changes nothing. Every new press, graver
trigger, lapse and jump begins a new epoch, which is part of every delivery's id: deciding twice cannot tell twice, and
a real new alarm is never taken for an old one.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from alerts import (
    answers,
    check_in,
    contact_loss,
    incidents,
    journeys,
    responders,
    scheduling,
    standing_down,
    stay_near,
    zones,
)
from alerts.care_plan import CarePlan
from alerts.effects import Effect
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
from alerts.signals import (
    AllRightSaid,
    CancelEntered,
    CheckInCancelled,
    CheckInCompleted,
    CheckInExtended,
    CheckInPlanned,
    DeliveryFailed,
    DuressEntered,
    FaultRaised,
    FixReported,
    JourneyArrived,
    JourneyBegun,
    JourneyCalmed,
    JourneyProgressed,
    JourneyWorried,
    PanicPressed,
    PinRefused,
    PinStarted,
    ScheduleRemoved,
    ScheduleSet,
    Signal,
    StayNearAsked,
    StayNearEnded,
    TimerDue,
    TrackingSet,
    ZoneEntered,
    ZoneLeft,
    ZoneRemoved,
    ZoneSeemed,
    ZoneSet,
)
from alerts.situation import Situation
from alerts.timers import timer_due
from alerts.turn import Refusal, Turn

SEEN_KEPT = 32


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a signal; with a `refusal` nothing but the record of it changed."""

    situation: Situation
    effects: tuple[Effect, ...]
    refusal: Refusal | None = None
    repeated: bool = False


def decide(situation: Situation, signal: Signal, plan: CarePlan, now: datetime) -> Decision:
    """What `signal` makes of `situation` under `plan`, at `now`."""
    mark = signal.id
    if mark in situation.seen:
        return Decision(situation=situation, effects=(), repeated=True)
    turn = Turn(situation, plan, now)
    _dispatch(turn, signal)
    seen = (*turn.situation.seen, mark)[-SEEN_KEPT:]
    return Decision(
        situation=msgspec.structs.replace(turn.situation, seen=seen),
        effects=tuple(turn.effects),
        refusal=turn.refusal,
    )


def _dispatch(turn: Turn, signal: Signal) -> None:  # noqa: C901, PLR0912, PLR0915 - a table: one line for each signal
    match signal:
        case PanicPressed():
            incidents.press(turn, signal)
        case FixReported():
            incidents.note_fix(turn, signal.fix)
            contact_loss.heard(turn, signal)
            journeys.heard(turn, signal)
            stay_near.note_fix(turn, signal)
        case ZoneSet():
            zones.set_zone(turn, signal)
        case ZoneRemoved():
            zones.remove_zone(turn, signal)
        case ZoneSeemed():
            zones.seem(turn, signal)
        case ZoneEntered() | ZoneLeft():
            zones.cross(turn, signal)
        case TrackingSet():
            contact_loss.set_tracking(turn, signal)
        case JourneyBegun() | JourneyArrived() | JourneyProgressed() | JourneyWorried() | JourneyCalmed():
            journeys.take(turn, signal)
        case StayNearAsked():
            stay_near.ask(turn, signal)
        case StayNearEnded():
            stay_near.end(turn, signal)
        case AllRightSaid():
            answers.all_right(turn, signal)
        case PinStarted():
            incidents.extend_window(turn, signal)
        case CancelEntered():
            standing_down.cancel(turn, signal)
        case PinRefused():
            standing_down.refuse_pin(turn, signal)
        case DuressEntered():
            incidents.raise_duress(turn, signal)
        case CheckInPlanned():
            check_in.plan(turn, signal)
        case CheckInCompleted():
            check_in.complete(turn, signal)
        case CheckInExtended():
            check_in.extend(turn, signal)
        case CheckInCancelled():
            check_in.cancel(turn, signal)
        case ScheduleSet():
            scheduling.set_schedule(turn, signal)
        case ScheduleRemoved():
            scheduling.remove_schedule(turn, signal)
        case TimerDue():
            timer_due(turn, signal)
        case (
            IncidentAcknowledged()
            | NoteAdded()
            | MessageWritten()
            | ResponderMoved()
            | ResponderDeclined()
            | EscalatedNow()
            | PolicyApplied()
            | CardAsked()
            | IncidentResolved()
            | ContactAnswered()
            | ContactWrote()
        ):
            responders.answer(turn, signal)
        case CardAnswered():
            responders.hear_card(turn, signal)
        case PersonWrote():
            responders.hear_person(turn, signal)
        case ContactConfirmed():
            responders.welcome_contact(turn, signal)
        case DeliveryFailed():
            responders.delivery_failed(turn, signal)
        case FaultRaised():
            incidents.raise_fault(turn, signal)
        case _:
            assert_never(signal)
