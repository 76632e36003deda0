"""The port to what is remembered. SQLite bears it on one machine, PostgreSQL on many.

`Store.write(work)` runs `work(transaction)` and returns only once everything it did is durable; when it raises, nothing
of it is. Work may be carried out more than once, so it must do nothing but talk to its transaction. Of the
store itself, `NotKept` means "nothing was kept, try again"; `Unreadable` means "never".
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from alerts.care_plan import CarePlan
from alerts.journey_progress import Progress
from alerts.person_side import PersonSide
from alerts.plan_holes import Hole
from alerts.policy import Policy
from alerts.signal_base import Fix
from alerts.signals import Signal
from alerts.situation import CheckIn, Incident, Situation, StayNear
from alerts.track import Track, WatchedZone
from streams.records import (
    Agreed,
    AuditLine,
    Contact,
    Delivery,
    FeedEvent,
    HandedOver,
    IncidentView,
    JournalLine,
    Journey,
    KeptTrail,
    Message,
    OpenPlan,
    Outage,
    Outcome,
    Person,
    PolicyText,
    Record,
    TimerRow,
    Token,
    TokenKind,
    Whereabouts,
    Work,
)
from streams.sealing import Sealer

SETTLES_WITHIN = 1.5
"""Seconds after a store has come back in which others still bring what happened meanwhile: PINs and answers that lie in
their spools, messages that were sent from there, tries whose lease ran out and which ended well.
"""


class InUse(Exception):
    """Another process runs the engine on this store."""


class NotKept(Exception):
    """Nothing of it was kept (the disk is full or broken, the store is closing): the same work may be tried again."""


class Unreachable(NotKept):
    """The store cannot be reached, or did not answer in time: it may be kept, it may not; it may be tried again."""


T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Transaction(Protocol):
    """What can be done inside a transaction. Every method that names an organization keeps to it."""

    # The directory
    async def put(self, record: Record) -> None:
        """Adds a record, or puts it in the place of the one with its id; makes its key first."""

    async def get(self, kind: type[R], organization: str, record: str) -> R | None:
        """The record; None when this organization has none of this id."""

    async def listed(
        self, kind: type[R], organization: str, *, person: str | None = None, after: int = 0, limit: int = 200
    ) -> list[tuple[int, R]]:
        """Records in the order in which they were made, each with the number that `after` takes."""

    async def list_contacts(self, organization: str, person: str) -> list[tuple[int, Contact]]:
        """The contacts of one person."""

    async def remove(self, kind: type[Record], organization: str, record: str, at: datetime) -> bool:
        """Takes a record away, with its tokens and addresses. False when there is none."""

    async def know_addresses(self, record: Record) -> None:
        """Makes the index of whom the addresses of a contact, staff or agency reach anew; nothing else changes."""

    async def owners_at(self, address: str) -> list[tuple[str, str]]:
        """Organization and id of the contacts, staff and agencies whom this address reaches."""

    async def letters_at(self, address: str, about: Iterable[str], now: datetime) -> dict[str, int]:
        """The places in the alphabet of those who are asked about at this address now; who had one keeps it."""

    async def staff_told_of(self, organization: str, staff: str, since: datetime) -> list[str]:
        """The incidents of which somebody of the staff was told by name since then, the oldest first."""

    async def policy_named(self, organization: str, name: str) -> PolicyText | None:
        """The policy of this name, or None."""

    async def policy_of(self, who: Person) -> Policy:
        """Her policy: the one that is named, with what is different for her."""

    async def agreed(self, organization: str, person: str) -> Agreed | None:
        """The records of what is agreed for this person now; None when there is no such person."""

    async def all_agreed(self, people: Sequence[tuple[str, str]]) -> dict[str, Agreed]:
        """The same for many pairs of an organization and a person; who is unknown, or cannot be read, is left out."""

    async def plan_of(self, agreed: Agreed, policy: Policy | None = None) -> CarePlan:
        """The care plan that these records make; by this policy, or hers where none is named."""

    async def care_plan(self, organization: str, person: str) -> CarePlan:
        """What is agreed for this person now."""

    async def put_token(self, hashed: bytes, token: Token) -> None:
        """Keeps a token by its hash."""

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do, expired or not; None when unknown."""

    async def spend_token(self, hashed: bytes) -> Token | None:
        """Takes a one-time code; whoever comes second gets None."""

    async def drop_tokens(self, subject: str, kind: TokenKind | None = None) -> None:
        """Makes the tokens of a subject dead at once."""

    async def person_tokens_gone(self, person: str) -> None:
        """Makes every token that belongs to a person dead at once."""

    # Mail and decisions
    async def put_mail(
        self, organization: str, person: str, lane: int, signal: Signal, answer: bytes | None = None
    ) -> bool:
        """Keeps a signal with its sender's answer; False when its id was kept before."""

    async def first_answer(self, person: str, signal: str) -> bytes | None:
        """What was answered to this signal; None when it never came."""

    async def person_side(self, person: str) -> PersonSide:
        """What the person's own screen shows."""

    async def save_person_side(self, organization: str, person: str, side: PersonSide) -> None:
        """Keeps what the person's own screen shows."""

    async def waiting(self, limit: int, received_before: datetime | None = None) -> list[tuple[int, str, str]]:
        """People with unhandled mail: lane, organization, person; the most urgent first."""

    async def take(
        self, people: Sequence[tuple[str, str]], also: Mapping[str, Sequence[Signal]] = {}, *, wait: bool = True
    ) -> tuple[list[Work], list[tuple[str, str]]]:
        """Locks these people and takes ALL their unhandled mail in inbox order, then the signals of `also`.

        Without `wait`, whoever is locked by another transaction is left out and returned beside.
        """

    async def situation(self, person: str) -> Situation:
        """What is true of this person now."""

    async def settle_all(self, outcomes: list[Outcome], at: datetime) -> None:
        """Writes everything that deciding changed."""

    async def take_due_timers(self, now: datetime, limit: int, *, without_check_ins: bool = False) -> list[TimerRow]:
        """Takes away what is due and returns it; the deadlines of check-ins can be left where they are."""

    async def next_due(self) -> datetime | None:
        """When the earliest timer is due; None without any."""

    async def check_ins(self, person: str, limit: int = 50) -> list[CheckIn]:
        """Check-ins as the person may see them, the latest due first."""

    async def check_in(self, person: str, check_in: str) -> CheckIn | None:
        """One check-in as the person may see it."""

    async def next_check_in(self, person: str) -> CheckIn | None:
        """The one due soonest of those that are not over; None without any."""

    # Deliveries
    async def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
        """Takes deliveries that are due, the most urgent first."""

    async def renew(self, claimed: Iterable[tuple[str, int]], until: datetime) -> None:
        """Keeps leases (delivery and attempt) alive."""

    async def succeeded(self, settled: Sequence[tuple[Delivery, str]], now: datetime) -> set[str]:
        """Settles tries that went well, each in its state; the ids of those that no other try has meanwhile."""

    async def failed_once(self, delivery: Delivery, why: str, again_at: datetime | None, now: datetime) -> bool:
        """Settles a try that failed; True when nothing of its incident is left that can have been received."""

    async def void(self, delivery: Delivery, why: str, now: datetime) -> None:
        """It must not be sent any more."""

    async def next_delivery_due(self) -> datetime | None:
        """When the next queued delivery or lease is due."""

    async def delivery(self, delivery: str) -> Delivery | None:
        """The delivery of this id, or None."""

    reachable: frozenset[str]
    """The channels that are configured."""

    async def hand_over(self, taken: Sequence[HandedOver], ask_at: datetime) -> None:
        """A provider took these over; the reference of the last try counts."""

    async def anything_to_ask_about(self, now: datetime) -> bool:
        """Whether it is time to ask about any."""

    async def to_ask_about(self, now: datetime, again_at: datetime, most: int, limit: int) -> list[HandedOver]:
        """Takes those about which it is time to ask; each again at `again_at`, `most` times in all."""

    async def receive(self, delivery: str, state: str, why: str | None, now: datetime) -> Delivery | None:
        """Takes what a provider says later; the delivery where it has changed anything. A state never goes back."""

    async def go_on_after(self, failed: Delivery, now: datetime) -> bool:
        """The next method of a message that came to nothing after all starts at once.

        Returns whether nothing of its incident is left that was, or may still be, received.
        """

    async def void_subject(self, subject: str, now: datetime) -> None:
        """What has not left of this incident or check-in, or to this contact apart from any, must not leave now."""

    async def deliveries_of(self, incident: str) -> list[Delivery]:
        """All deliveries of an incident."""

    # Timelines and what is read
    async def timeline(self, person: str, incident: str) -> list[JournalLine]:
        """The timeline of an incident, in order."""

    async def feed(self, after: int, limit: int) -> list[FeedEvent]:
        """What consoles must redraw since `after`."""

    async def feed_span(self) -> tuple[int, int]:
        """The first and last number that the feed still has."""

    async def messages(self, person: str, limit: int = 200) -> list[Message]:
        """The newest messages of a thread, the oldest of them first."""

    async def put_fixes(self, organization: str, person: str, fixes: Sequence[Fix]) -> None:
        """Adds positions to the trail."""

    async def followed(self, people: Sequence[str]) -> set[str]:
        """Whose positions anything is asked of."""

    async def whereabouts(self, people: Sequence[str]) -> dict[str, Whereabouts]:
        """What is known of those of them who are followed; nobody else takes their positions meanwhile."""

    async def save_track(self, person: str, track: Track) -> None:
        """Keeps what is known of where she is, while she is followed."""

    async def save_watched(self, organization: str, person: str, zones: tuple[WatchedZone, ...]) -> None:
        """From now on these borders are watched, and no others."""

    async def put_journey(self, journey: Journey) -> None:
        """Keeps a journey, under a new key of its own."""

    async def journeys_of(self, person: str) -> list[tuple[Journey, Progress]]:
        """Those of this person that are not over and can be read; nobody else changes how they go meanwhile."""

    async def save_progress(self, journey: str, progress: Progress) -> None:
        """Keeps how a journey goes."""

    async def put_journey_fixes(self, organization: str, journey: str, fixes: Sequence[Fix]) -> None:
        """Adds positions to the trail of a journey."""

    async def journey_trail(self, journey: str, limit: int = 500) -> list[Fix]:
        """The newest positions of a journey, in the order in which they came."""

    async def journeys_over(self, before: datetime, limit: int) -> list[str]:
        """Those whose keys are to be destroyed: over, or failed with an incident that was closed before then."""

    async def drop_journeys(self, journeys: Sequence[str]) -> None:
        """Nothing of them is left, once their keys are gone."""

    async def watched(self, organization: str, limit: int = 200) -> list[tuple[str, StayNear]]:
        """Whom the staff of this agency watch now, whoever ends soonest first; person and what she asked."""

    async def keep_holes(self, organization: str, person: str, found: list[Hole], at: datetime) -> None:
        """What is open in her plan now; since when, and who was told, is kept for as long as anything is."""

    async def plans_untold(self, organization: str, after: str, limit: int) -> list[str]:
        """The people in whose plan something is open of which no advocate was told, in the order of their ids."""

    async def plans_told(self, people: Sequence[str], at: datetime) -> None:
        """Advocates were told of what is open in the plans of these people."""

    async def open_plans(self, organization: str, limit: int) -> list[OpenPlan]:
        """The plans in which something is open, the oldest first."""

    async def last_outage(self, organization: str, since: datetime) -> Outage | None:
        """What was noticed late, since then, because nobody was at work; None when there was nothing."""

    async def trail(self, person: str, since: datetime, limit: int = 500) -> list[Fix]:
        """The positions since then, in order."""

    async def incident(self, organization: str, incident: str) -> IncidentView | None:
        """The incident of this id or alias; None when this organization has none."""

    async def last_incident(self, organization: str, person: str) -> IncidentView | None:
        """The last incident of this person, live or closed."""

    async def incidents_at(self, named: Sequence[tuple[str, str]]) -> dict[str, Incident]:
        """Of these pairs of an organization and an incident's own id those that are there and can be read, by id."""

    async def incidents(
        self, organization: str, states: Sequence[str], *, after: str | None = None, limit: int = 200
    ) -> list[IncidentView]:
        """Incidents in these states, in the order in which they opened."""

    async def kept_answer(self, actor: str, key: str) -> tuple[bytes, int, bytes] | None:
        """Fingerprint, status and body of the first answer to this idempotency key."""

    async def keep_answer(
        self, organization: str, actor: str, key: str, fingerprint: bytes, status: int, body: bytes, at: datetime
    ) -> None:
        """Keeps an answer for repeats."""

    async def audit(
        self, organization: str, person: str, what: str, staff: str, session: str, subject: str, at: datetime
    ) -> None:
        """Records a look or an act: one row per staff member, subject and session."""

    async def audited(self, person: str) -> list[AuditLine]:
        """Who has looked at this person's data, in order. Raises `ValueError` when the chain was tampered with."""

    async def publish(self, organization: str, person: str, incident: str, event: str, at: datetime) -> None:
        """Lets the consoles know that something changed."""

    async def publish_progress(self, deliveries: Iterable[Delivery], at: datetime) -> None:
        """The same for the incidents of these deliveries, once for each."""

    async def known_deliveries(self, ids: Sequence[str]) -> set[str]:
        """Which of these deliveries are there already."""

    async def put_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        """Queues deliveries; one that is there already stays as it is."""

    async def organizations(self) -> list[str]:
        """The ids of all organizations."""

    async def beat(self, name: str, at: datetime) -> None:
        """Writes a sign of life."""

    async def last_beat(self, kind: str) -> datetime | None:
        """The newest sign of life among those named `kind:…`; None without any."""

    async def figures(self, now: datetime) -> dict[str, float]:
        """How much waits: mail, overdue timers, deliveries that are due, and those that are under way."""

    async def forget_trails(self, before: datetime, now: datetime, limit: int) -> int:
        """Destroys the positions of people whose last incident closed before then, `limit` at most; how many went.

        Whoever keeps hers as evidence until later than `now` keeps it.
        """

    async def keep_trail(self, organization: str, person: str, kept: KeptTrail) -> None:
        """From now on the trail is kept so, and no longer."""

    async def kept_trail(self, person: str) -> KeptTrail:
        """Until when the trail is kept."""

    async def forget_before(self, at: datetime, limit: int) -> int:
        """Drops handled mail and kept answers that are older, `limit` of each kind at most; how many went."""


class Store(Protocol):
    """Durable work. `up` says whether it was there, and took writes, when somebody last looked."""

    up: bool

    def back_for(self) -> float:
        """Seconds since it came back within reach; without end where it was never away."""
        ...

    async def start(self) -> None:
        """Gets ready for work; a store that is out of reach just now does not fail it."""

    async def write(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int = 2, *, about: str | None = None
    ) -> T:
        """Runs `work` in a transaction; returns its result once that is durable.

        Work that is `about` one person, and touches nothing of anybody else's, may share its transaction.
        """
        ...

    async def read(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on a consistent view; it must not write."""
        ...

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do, expired or not; may be remembered, and is forgotten the moment it dies."""
        ...

    async def sealer(self, subject: str) -> Sealer:
        """What seals for this person or organization. Raises `Unreadable`."""
        ...

    async def destroy_key(self, subject: str, at: datetime) -> None:
        """Makes everything sealed for this person or organization unreadable for good."""

    async def close(self) -> None:
        """Finishes what was handed in and lets go."""


def just_back(store: Store) -> bool:
    """Whether others may still be bringing what the store does not know yet: until then nothing old is acted on."""
    return store.back_for() < SETTLES_WITHIN
