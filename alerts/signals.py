"""What happened: facts in the past tense, frozen and versioned, a closed union.

Every signal has an `id` (made by the sender where it can), the `person` it is about, `at` (when it happened, by the
sender's clock corrected by `sent_at`), `received_at` (our clock) and, where a device counts, its `sequence`.
"""

from __future__ import annotations

from datetime import datetime

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
from alerts.schedule import Terms
from alerts.signal_base import Fix, SignalBase, Verdict, Worry
from alerts.zone_rule import ZoneRule


class PanicPressed(SignalBase, frozen=True, kw_only=True, tag="panic_pressed"):
    """A press. `incident` and `window_ends` are what the phone was told when the press was accepted."""

    incident: str
    window_ends: datetime | None
    silent: bool = False
    drill: bool = False
    fix: Fix | None = None
    battery: float | None = None


class FixReported(SignalBase, frozen=True, kw_only=True, omit_defaults=True, tag="fix_reported"):
    """The newest position of somebody who is followed; `still` where she has not moved for a while."""

    fix: Fix
    still: bool = False


class ZoneSet(SignalBase, frozen=True, kw_only=True, tag="zone_set"):
    """A zone was made or changed. With a new shape (`redrawn`) nobody knows any more on which side she is."""

    rule: ZoneRule
    redrawn: bool


class ZoneRemoved(SignalBase, frozen=True, kw_only=True, tag="zone_removed"):
    """A zone was taken away."""

    zone: str


class ZoneSeemed(SignalBase, frozen=True, kw_only=True, tag="zone_seemed"):
    """One fix says that she is inside, or outside; if no other comes, it is all that is known."""

    zone: str
    inside: bool
    fix: Fix


class ZoneEntered(SignalBase, frozen=True, kw_only=True, tag="zone_entered"):
    """She is inside since `at`; `fix` is the one that made it certain."""

    zone: str
    fix: Fix


class ZoneLeft(SignalBase, frozen=True, kw_only=True, tag="zone_left"):
    """She is outside since `at`; `fix` is the one that made it certain."""

    zone: str
    fix: Fix


class TrackingSet(SignalBase, frozen=True, kw_only=True, tag="tracking_set"):
    """From now on silence of her phone is noticed after so long, in milliseconds; None: no more."""

    lost_after_ms: int | None
    ask_ms: int = 0


class JourneyBegun(SignalBase, frozen=True, kw_only=True, omit_defaults=True, tag="journey_begun"):
    """She is under way, and will be there by then; where that is lies sealed with the journey. Times in milliseconds.

    `ask_ms` is how long she has to answer where something is odd, `lost_after_ms` how long her phone may be silent.
    """

    journey: str
    arrive_by: datetime
    grace_ms: int
    remind_ms: tuple[int, ...]
    extend_at_most_ms: int
    ask_again_ms: int
    ask_ms: int
    lost_after_ms: int


class JourneyArrived(SignalBase, frozen=True, kw_only=True, tag="journey_arrived"):
    """She is there."""

    journey: str


class JourneyProgressed(SignalBase, frozen=True, kw_only=True, tag="journey_progressed"):
    """She moves on, and at this pace is there by then."""

    journey: str
    expected_at: datetime


class JourneyWorried(SignalBase, frozen=True, kw_only=True, tag="journey_worried"):
    """Something is odd since `at`."""

    journey: str
    worry: Worry


class JourneyCalmed(SignalBase, frozen=True, kw_only=True, tag="journey_calmed"):
    """It is not odd any more."""

    journey: str
    worry: Worry


class StayNearAsked(SignalBase, frozen=True, kw_only=True, omit_defaults=True, tag="stay_near_asked"):
    """She asked staff to watch until then."""

    stay_near: str
    until: datetime
    note: str | None = None


class StayNearEnded(SignalBase, frozen=True, kw_only=True, tag="stay_near_ended"):
    """She said that it is over."""

    verdict: Verdict


class AllRightSaid(SignalBase, frozen=True, kw_only=True, omit_defaults=True, tag="all_right_said"):
    """She answered a question of ours: all is well. Without `about`, to whatever she is asked."""

    verdict: Verdict
    about: str | None = None


class PinStarted(SignalBase, frozen=True, kw_only=True, tag="pin_started"):
    """The first PIN digit was entered while the window ran."""


class CancelEntered(SignalBase, frozen=True, kw_only=True, tag="cancel_entered"):
    """A cancel with a right PIN or its twin. Covers presses up to `panic`, else those made before it."""

    verdict: Verdict
    panic: str | None = None


class PinRefused(SignalBase, frozen=True, kw_only=True, tag="pin_refused"):
    """A wrong PIN, wherever one was asked for."""

    occasion: str


class DuressEntered(SignalBase, frozen=True, kw_only=True, tag="duress_entered"):
    """The twin was entered where nothing but the look of things follows (unlock, change of PIN, a deletion)."""

    occasion: str


class CheckInPlanned(SignalBase, frozen=True, kw_only=True, tag="check_in_planned"):
    """A check-in was planned. Times in milliseconds; `remind_ms` counts back from the due time."""

    check_in: str
    due_at: datetime
    grace_ms: int
    remind_ms: tuple[int, ...]
    extend_at_most_ms: int
    ask_again_ms: int
    note: str | None = None
    destination: str | None = None


class ScheduleSet(SignalBase, frozen=True, kw_only=True, tag="schedule_set"):
    """A recurring schedule was made or changed.

    With the verdict `duress` only what the person sees becomes so. With `behind` only what she does not see does: staff
    changed the true schedule while her side shows another.
    """

    terms: Terms
    verdict: Verdict = "none"
    behind: bool = False


class ScheduleRemoved(SignalBase, frozen=True, kw_only=True, tag="schedule_removed"):
    """A recurring schedule was taken away; with the verdict `duress` only from what the person sees."""

    schedule: str
    verdict: Verdict = "none"


class CheckInCompleted(SignalBase, frozen=True, kw_only=True, tag="check_in_completed"):
    """The person said that all is well."""

    check_in: str
    verdict: Verdict


class CheckInExtended(SignalBase, frozen=True, kw_only=True, tag="check_in_extended"):
    """The person asked for more time."""

    check_in: str
    due_at: datetime
    verdict: Verdict


class CheckInCancelled(SignalBase, frozen=True, kw_only=True, tag="check_in_cancelled"):
    """The person called a check-in off."""

    check_in: str
    verdict: Verdict


class TimerDue(SignalBase, frozen=True, kw_only=True, tag="timer_due"):
    """A timer that was set came due; stale when `generation` is no longer the one that is set."""

    name: str
    generation: int


class DeliveryFailed(SignalBase, frozen=True, kw_only=True, tag="delivery_failed"):
    """A message came to nothing. `others_alive`: another one of this incident was, or may still be, received."""

    incident: str
    delivery: str
    recipient: str
    others_alive: bool


class FaultRaised(SignalBase, frozen=True, kw_only=True, tag="fault_raised"):
    """Something of this person's could not be decided; somebody must look."""

    what: str


Signal = (
    PanicPressed
    | FixReported
    | ZoneSet
    | ZoneRemoved
    | ZoneSeemed
    | ZoneEntered
    | ZoneLeft
    | TrackingSet
    | JourneyBegun
    | JourneyArrived
    | JourneyProgressed
    | JourneyWorried
    | JourneyCalmed
    | StayNearAsked
    | StayNearEnded
    | AllRightSaid
    | PinStarted
    | CancelEntered
    | PinRefused
    | DuressEntered
    | CheckInPlanned
    | CheckInCompleted
    | CheckInExtended
    | CheckInCancelled
    | ScheduleSet
    | ScheduleRemoved
    | TimerDue
    | IncidentAcknowledged
    | NoteAdded
    | MessageWritten
    | PersonWrote
    | ResponderMoved
    | ResponderDeclined
    | EscalatedNow
    | PolicyApplied
    | CardAsked
    | CardAnswered
    | IncidentResolved
    | ContactAnswered
    | ContactWrote
    | ContactConfirmed
    | DeliveryFailed
    | FaultRaised
)
