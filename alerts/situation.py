"""What is true of one person now: frozen data that `decide()` turns into the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from alerts.policy import Policy
from alerts.question_cards import CardOnPhone
from alerts.schedule import Terms
from alerts.signal_base import ContactReply, Fix, Job, Question, TriggerKind, Worry
from alerts.zone_rule import ZoneRule

IncidentState = Literal["pending", "open", "acknowledged", "resolved", "cancelled"]
Severity = Literal["extreme", "severe", "moderate", "minor"]
CheckInState = Literal["scheduled", "completed", "missed", "cancelled"]

LIVE: frozenset[str] = frozenset({"pending", "open", "acknowledged"})

GRAVITY: dict[TriggerKind, int] = {
    "duress": 0,
    "panic": 1,
    "missed_check_in": 2,
    "zone": 3,
    "contact_lost": 4,
    "fault": 5,
}
"""Smaller is graver."""

SEVERITY: dict[TriggerKind, Severity] = {
    "duress": "extreme",
    "panic": "extreme",
    "missed_check_in": "severe",
    "zone": "severe",
    "contact_lost": "moderate",
    "fault": "severe",
}
"""The words are those of CAP 1.2 (OASIS), `severity`."""


class Trigger(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an incident is there. `source` is the press or check-in; withdrawn when the person took it back."""

    kind: TriggerKind
    at: datetime
    received_at: datetime
    source: str
    sequence: int | None = None
    withdrawn: bool = False


class Hold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody has it, until it lapses."""

    holder: str
    name: str
    since: datetime
    until: datetime
    claimed: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """When a recipient was told first and last, and how often; `lately` are the last times since they were last rung.

    They are rung when these are many in a short time.
    """

    recipient: str
    first_at: datetime
    last_at: datetime
    times: int
    lately: tuple[datetime, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a contact answered last; `job` is what they do where they can.

    With `to_ring` they asked to be rung, and have not answered anything else since; who is `quiet` had it and let it
    lapse.
    """

    contact: str
    name: str
    answer: ContactReply
    at: datetime
    job: Job | None = None
    to_ring: bool = False
    quiet: bool = False

    @property
    def helps(self) -> bool:
        """Whether they do something."""
        return self.answer in {"can_help", "on_my_way"}


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The thing that responders work on.

    `base` is the instant from which the steps of this epoch count; `rounds[i]` is how many rounds of step i are done;
    `audience` are the contacts that `contact:N` meant when it opened. `having` are the staff who have answered since
    the last hold ended, and `having_names` what they are called: steps wait once there are as many as the policy's
    quorum.
    """

    id: str
    state: IncidentState
    opened_at: datetime
    triggers: tuple[Trigger, ...]
    presses: int
    policy: Policy
    base: datetime
    rounds: tuple[int, ...]
    audience: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    drill: bool = False
    silent: bool = False
    window_ends: datetime | None = None
    window_extended: bool = False
    epoch: int = 0
    tail_round: int = 0
    contacts_told_at: datetime | None = None
    contacts_not_before: datetime | None = None
    contacts_news: str | None = None
    """What the contacts will hear who are told one step later."""
    contacts_stopped: bool = False
    next_step_at: datetime | None = None
    news: int = 0
    told: tuple[Told, ...] = ()
    staff_hold: Hold | None = None
    contacts_hold: Hold | None = None
    acknowledged_by: tuple[str, ...] = ()
    having: tuple[str, ...] = ()
    having_names: dict[str, str] = {}
    helping: tuple[str, ...] = ()
    """Contacts who can help and have not gone quiet since."""
    answers: tuple[Answer, ...] = ()
    declined: tuple[str, ...] = ()
    """Those of the staff who said that they cannot."""
    contact_first: bool = False
    nobody_reachable: bool = False
    wrong_pins: bool = False
    stood_down_at: datetime | None = None
    seen_at: datetime | None = None
    on_the_way_at: datetime | None = None
    on_scene_at: datetime | None = None
    human_contact_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: str | None = None
    fix: Fix | None = None
    battery: float | None = None
    card: CardOnPhone | None = None

    @property
    def live(self) -> bool:
        """Pending, open or acknowledged."""
        return self.state in LIVE

    @property
    def jobs_taken(self) -> tuple[Job, ...]:
        """What those contacts do who can help and have not gone quiet, each once."""
        taken = (a.job for a in self.answers if a.helps and not a.quiet and a.job is not None)
        return tuple(dict.fromkeys(taken))

    @property
    def helpers(self) -> tuple[str, ...]:
        """The contacts who can help: those who said so since the last hold of theirs ended."""
        if self.helping or self.contacts_hold is None:
            return self.helping
        # The release before did not keep who was helping.
        return tuple(answer.contact for answer in self.answers if answer.helps)

    @property
    def contacts_helping(self) -> int:
        """How many contacts can help."""
        return len(self.helpers)

    @property
    def answered(self) -> int:
        """How many of those count for the staff's steps who have answered: contacts only while one has it."""
        counted = self.policy.contacts_hold == "all" and self.contacts_hold is not None
        return len(self.having) + (self.contacts_helping if counted else 0)

    @property
    def staff_have_it(self) -> bool:
        """Whether the steps wait: a responder holds it, and enough have answered."""
        return self.staff_hold is not None and self.answered >= self.policy.quorum

    @property
    def contacts_have_it(self) -> bool:
        """Whether the contacts' steps wait, or all where the policy says so."""
        enough = self.answered if self.policy.contacts_hold == "all" else self.contacts_helping
        return self.contacts_hold is not None and enough >= self.policy.quorum

    @property
    def waits_for_somebody(self) -> bool:
        """Whether people are told until somebody answers: nobody has, or not yet enough."""
        return self.state == "open" or (
            self.state == "acknowledged" and not self.staff_have_it and not self.contacts_have_it
        )

    @property
    def standing(self) -> tuple[Trigger, ...]:
        """The triggers that nobody has taken back."""
        return tuple(trigger for trigger in self.triggers if not trigger.withdrawn)

    @property
    def gravest(self) -> TriggerKind:
        """The gravest trigger, withdrawn ones only when there is no other."""
        return min((t.kind for t in self.standing or self.triggers), key=GRAVITY.__getitem__)

    @property
    def severity(self) -> Severity:
        """CAP's word for the gravest trigger."""
        return SEVERITY[self.gravest]


class UnderWay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes a check-in a journey: she moves, and what is odd about that is asked before it is told.

    `worries` are what is odd now; `settled` are those of them that she has answered, or that others know of.
    """

    ask_ms: int
    lost_after_ms: int
    heard_at: datetime
    worries: tuple[Worry, ...] = ()
    settled: tuple[Worry, ...] = ()


class CheckIn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A promise to be heard of by `due_at`, and what follows when not. One that is *under way* is a journey.

    A *hidden* one is the true deadline behind an answer given under duress: the person's side no longer shows it. A
    *shadow* is what the person's side shows instead: it reminds and ends like an honest one and alarms nobody.
    """

    id: str
    state: CheckInState
    first_due_at: datetime
    due_at: datetime
    grace_ms: int
    remind_ms: tuple[int, ...]
    extend_at_most_ms: int
    ask_again_ms: int
    planned_at: datetime
    note: str | None = None
    destination: str | None = None
    reminded: int = 0
    asked_again_until: datetime | None = None
    ended_at: datetime | None = None
    late: bool = False
    hidden: bool = False
    shadow: bool = False
    schedule: str | None = None
    under_way: UnderWay | None = None


class RunningSchedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recurring schedule, and how far it has been planned.

    Everything up to `through` is dealt with. `planned` are the check-ins of it that have been made and are not due yet,
    whatever became of them since: completed early, one is not asked for again. *Hidden* and *shadow* are as for a
    check-in: the true schedule behind a change under duress, and what the person's side shows instead.
    """

    terms: Terms
    through: datetime
    planned: tuple[tuple[str, datetime], ...] = ()
    hidden: bool = False
    shadow: bool = False


class RunningZone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A zone, and on which side of its border somebody is since when; None: nobody knows.

    `told` says that others know of it; `excused` that she said all is well, which holds until it changes. `seems` is
    the fix that says otherwise, while it is the only one.
    """

    rule: ZoneRule
    since: datetime
    inside: bool | None = None
    told: bool = False
    excused: bool = False
    seems: Fix | None = None


class Tracking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Her phone is to be heard of again and again.

    `heard_at` is when it last was, `still` whether it kept still then, `lost` whether others have been told.
    """

    lost_after_ms: int
    ask_ms: int
    heard_at: datetime
    still: bool = False
    fix: Fix | None = None
    lost: bool = False


class StayNear(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Staff watch, and nobody else is told, until it ends by itself. A *shadow* has ended on her side, under duress."""

    id: str
    since: datetime
    until: datetime
    note: str | None = None
    fix: Fix | None = None
    shadow: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question whether all is well that she has until then to answer; *hidden* once she did so under duress."""

    about: str
    why: Question
    since: datetime
    answer_by: datetime
    hidden: bool = False


class Situation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is running for one person.

    `timers` maps the name of each timer that is set to its generation; `seen` holds the last signals, so that the
    same one changes nothing the second time.
    """

    person: str
    incident: Incident | None = None
    check_ins: tuple[CheckIn, ...] = ()
    schedules: tuple[RunningSchedule, ...] = ()
    zones: tuple[RunningZone, ...] = ()
    tracking: Tracking | None = None
    stay_near: StayNear | None = None
    asked: tuple[Asked, ...] = ()
    generation: int = 0
    timers: dict[str, int] = {}
    wrong_pins: tuple[datetime, ...] = ()
    seen: tuple[str, ...] = ()
    version: int = 1

    @property
    def live_incident(self) -> Incident | None:
        """The incident that is being worked on, or None."""
        return self.incident if self.incident is not None and self.incident.live else None
