"""What is kept: people, agreements, mail, deliveries, the timeline. Frozen; a store seals what identifies anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from alerts.care_plan import CarePlan, Sees
from alerts.effects import NoticeLate, Purpose
from alerts.geography import Circle
from alerts.hours import Hours
from alerts.on_call import Rota
from alerts.plan_holes import Hole
from alerts.schedule import Terms
from alerts.signal_base import Fix, Job
from alerts.signals import Signal
from alerts.situation import Incident, Situation
from alerts.track import Asks, Track, WatchedZone
from alerts.zone_rule import ZoneKind

DeliveryState = Literal["queued", "sending", "sent", "delivered", "read", "failed", "void"]
TokenKind = Literal[
    "staff", "session", "device", "panic", "enrol", "sign_in", "contact", "alert", "unlock", "tracker", "ping"
]
Role = Literal["admin", "dispatcher", "advocate", "integration"]

STAY_NEAR_CHANGED = "stay_near.changed"
"""The event that consoles are told of whom they watch; it is about no incident."""
OUTAGE_CHANGED = "outage.changed"
"""The event that consoles are told when something was noticed late because of us; it is about no incident."""
LANE_ALARM, LANE_TIMER, LANE_REST = 0, 1, 2


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of the directory. `person` is whom it belongs to, or None when it belongs to the organization."""

    id: str
    organization: str
    person: str | None = None


Safety = Literal["safe", "shared", "monitored", "unknown"]
"""Of a handset or mailbox."""


class Method(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to reach somebody; `secret` signs webhooks. A closed one wants nothing more from us, since then.

    `safety` says who reads what arrives there: nobody else, others too, somebody of whom she must be safe, or nobody
    knows; None where it was not said. With `hours`, on the clock of the person at risk, nobody else reads it then only.
    """

    id: str
    channel: str
    address: str
    secret: str | None = None
    closed_at: datetime | None = None
    hours: tuple[Hours, ...] = ()
    safety: Safety | None = None


class EmergencyNumber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number to call or text when nobody else answers."""

    label: str
    call: str | None = None
    text: str | None = None


class NamedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver that policies name as `webhook:NAME`."""

    name: str
    method: Method


class Organization(Record, frozen=True, kw_only=True, omit_defaults=True):
    """An agency. `dispatch` and `last_resort` are tried in order."""

    name: str
    dispatch: tuple[Method, ...] = ()
    last_resort: tuple[Method, ...] = ()
    call_back: str | None = None
    emergency: tuple[EmergencyNumber, ...] = ()
    webhooks: tuple[NamedWebhook, ...] = ()
    has_teams: bool = False


class Team(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Those who take turns at being on call, by the name under which policies know them.

    `formerly`: names that it had. Whatever still says one of them, such as an incident that is live, means this team.
    """

    name: str
    formerly: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    rota: Rota


class Staff(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who works for the agency; told by `methods` when a policy names a team in which it is their turn."""

    name: str
    roles: tuple[Role, ...]
    language: str = "en"
    methods: tuple[Method, ...] = ()


class Person(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody at risk. `details` holds what responders need to know: communication, reach, places, brief.

    `policy_changes` is what is different for her from the policy that is named.
    """

    name: str
    known_as: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    pin_hash: str | None = None
    duress_hash: str | None = None
    policy: str | None = None
    cancel_window_s: float | None = None
    policy_changes: Mapping[str, Any] | None = None
    hidden_from: tuple[str, ...] = ()
    details: Mapping[str, Any] = {}


class ReadsAsked(msgspec.Struct, frozen=True):
    """When a contact who agreed by a digit was asked who else reads it, and their last answer by its key.

    `method` is the handset or mailbox that was asked about, where that is known.
    """

    at: datetime
    key: str
    open: bool = True
    method: str | None = None


class Contact(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A trusted contact; told nothing but the invitation before `consent` is confirmed.

    `practised_at` is when they were asked last whether messages reach them, `heard_at` when they last said so.
    """

    name: str
    order: int
    methods: tuple[Method, ...]
    language: str = "en"
    sees: Sees = "message"
    consent: Literal["pending", "confirmed", "declined"] = "pending"
    consent_how: str | None = None
    consent_method: str | None = None
    """By which of their methods they answered the invitation, where that is known."""
    reads: Literal["nobody_else", "others", "unknown"] | None = None
    reads_asked: ReadsAsked | None = None
    job: Job | None = None
    practised_at: datetime | None = None
    heard_at: datetime | None = None

    @property
    def unheard_since(self) -> datetime | None:
        """Since when they have not answered whether messages reach them; None where they have, or were not asked."""
        asked = self.practised_at
        return None if asked is None or (self.heard_at is not None and self.heard_at >= asked) else asked


class Device(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A person's phone. `ping_allowed`: its ping completes a check-in also where the person has a PIN."""

    name: str
    ping_allowed: bool = False


class CourtOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The order that a protected place comes from; it ends with the day on which it expires, in the zone's time."""

    court: str | None = None
    number: str | None = None
    granted_on: date | None = None
    expires_on: date | None = None
    note: str | None = None


class Zone(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A place to be in, or to keep out of; see `alerts.zone_rule` for what is asked of it."""

    name: str
    kind: ZoneKind
    shape: Mapping[str, Any]
    hours: tuple[Hours, ...] = ()
    time_zone: str = "UTC"
    expected: bool = False
    wait_s: float = 0
    address: str | None = None
    order: CourtOrder | None = None


class ShownSchedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person's own side shows of a schedule since it was changed under duress; without terms: nothing."""

    terms: Terms | None = None


class Schedule(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A recurring schedule as it truly is, and what the person's side shows where that is something else."""

    terms: Terms
    shown: ShownSchedule | None = None

    @property
    def for_her(self) -> Terms | None:
        """The terms as the person may see them; None where it looks deleted."""
        return self.terms if self.shown is None else self.shown.terms


class PolicyText(Record, frozen=True, kw_only=True, omit_defaults=True):
    """An escalation policy by its name, in the form that `alerts.policy_text` writes, and as staff wrote it."""

    name: str
    document: Mapping[str, Any]
    text: str | None = None


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a provider has taken over, and under which reference."""

    delivery: str
    channel: str
    reference: str


class OpenPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose plan has holes, since when that has been known."""

    person: str
    since: datetime
    holes: tuple[Hole, ...]


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bearer may do. Only the hash of the token itself is kept."""

    kind: TokenKind
    organization: str
    subject: str
    person: str | None = None
    roles: tuple[Role, ...] = ()
    name: str = ""
    incident: str | None = None
    expires_at: datetime | None = None


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that waits to be decided; `number` is its place in the inbox, 0 for one that never lay there."""

    number: int
    signal: Signal


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """The records behind a care plan: what was agreed with and about one person when they were read."""

    organization: Organization
    person: Person
    contacts: tuple[Contact, ...]
    teams: tuple[Team, ...] = ()
    staff: Mapping[str, Staff] = {}
    """Those of the teams, by their ids."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One person, locked, with all her mail in the order in which it came.

    `agreed` is None where the records cannot be read: dispatch and the last resort are left, by `plan`.
    """

    organization: str
    person: str
    situation: Situation
    plan: CarePlan
    agreed: Agreed | None
    mail: tuple[Mail, ...]
    undecodable: tuple[int, ...] = ()


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the positions of somebody who is followed, and what is known of where she is."""

    organization: str
    asks: Asks
    zones: tuple[WatchedZone, ...]
    track: Track


class Journey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where somebody is going, sealed under a key of the journey's own. `share` limits what contacts may see of it."""

    id: str
    organization: str
    person: str
    begun_at: datetime
    destination: Circle
    label: str | None = None
    note: str | None = None
    share: Sees = "live"


class KeptTrail(msgspec.Struct, frozen=True, kw_only=True):
    """Until when somebody's trail is kept as evidence, and until when her own side says that it is."""

    until: datetime | None = None
    shown_until: datetime | None = None


class TimerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A timer of one person."""

    organization: str
    person: str
    name: str
    generation: int
    due_at: datetime


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one method of one recipient; `position` is its place among the recipient's `methods`."""

    id: str
    organization: str
    person: str
    subject: str
    incident: str | None
    recipient: str
    method: str
    channel: str
    purpose: Purpose
    epoch: int
    step: int
    round: int
    position: int
    methods: int
    lane: int
    drill: bool
    due_at: datetime
    give_up_at: datetime
    created_at: datetime
    state: DeliveryState = "queued"
    attempts: int = 0
    why: str | None = None
    settled_at: datetime | None = None
    facts: Mapping[str, Any] = {}


class JournalLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a timeline; `values` are names and words to be put into the reader's language."""

    at: datetime
    what: str
    incident: str | None = None
    by: str | None = None
    values: Mapping[str, Any] = {}


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that consoles must redraw; `number` grows without ever being used twice."""

    number: int
    organization: str
    person: str
    incident: str
    event: str
    at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message between the person and the responders."""

    id: str
    at: datetime
    writer: Literal["person", "responder"]
    text: str
    incident: str | None = None
    name: str | None = None


class Outcome(msgspec.Struct, kw_only=True):
    """Everything that deciding one person's mail changes, to be written in one transaction."""

    organization: str
    person: str
    before: Situation
    situation: Situation
    handled: list[tuple[int, str]] = []
    timers: list[TimerRow] = []
    cleared: list[str] = []
    deliveries: list[Delivery] = []
    journal: list[JournalLine] = []
    events: list[str] = []
    void: bool = False
    close_alarm: bool = False
    check_ins: list[Any] = []
    messages: list[Message] = []
    fixes: list[Fix] = []
    operator_alarms: list[str] = []
    journeys_over: list[str] = []
    """Those that ended as they should: their keys are to be destroyed."""
    stay_near_changed: bool = False
    late: list[NoticeLate] = []
    asks: Asks | None = None
    """What is asked of her positions, where that has changed."""


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """What came due for one agency while nobody was at work, and was noticed between two instants.

    `since` is when the first of it was due; `asked` how many people were asked once more, `told` for how many others
    were told at once.
    """

    id: str
    since: datetime
    noticed_from: datetime
    noticed_until: datetime
    asked: int
    told: int


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One look, or one act: who, what, about what, when."""

    at: datetime
    what: str
    staff: str
    subject: str


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """An incident with what reading it needs: whose it is, and what became of its messages."""

    organization: str
    person: str
    incident: Incident
    number: int
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
