"""Practice: every ninety days each contact is asked whether messages reach them. Silence becomes a visible hole.

Rung is only who is reached in no other way: at eleven, and once more in the evening.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from alerts.audience import contact_key
from alerts.care_plan import RINGS, MethodRef
from streams.apart_from_alarms import message_apart
from streams.clock import Clock
from streams.quiet_hours import next_at
from streams.reading import read_by
from streams.records import Contact, Delivery, Method, Person
from streams.store import Store, Transaction

log = structlog.get_logger()

EVERY = timedelta(days=90)
ASKED_AT = time(11)
"""On the wall of the person's time zone: a message in the night frightens."""
RUNG_AGAIN_AT = time(18)
TRIED_FOR = timedelta(hours=1)
AT_A_TIME = 50


class Practice:
    """Asks whoever has not been asked for ninety days."""

    def __init__(self, store: Store, clock: Clock, *, texts_answered: bool) -> None:
        self._store = store
        self._clock = clock
        # A text that comes from a name instead of a number cannot be answered.
        self._digits_by = RINGS | ({"sms"} if texts_answered else set())

    async def ask_all(self) -> int:
        """Everybody of every agency for whom it is time; how many."""
        asked = 0
        for organization in await self._store.read(lambda tx: tx.organizations()):
            after: int | None = 0
            while after is not None:
                count, after = await self._page(organization, after)
                asked += count
        return asked

    async def _page(self, organization: str, after: int) -> tuple[int, int | None]:
        now = self._clock.now()
        page = await self._store.read(lambda tx: tx.listed(Contact, organization, after=after, limit=AT_A_TIME))
        due = [contact.id for _, contact in page if contact.consent == "confirmed" and _is_time(contact, now)]

        async def work(tx: Transaction) -> int:
            return sum([await self._ask(tx, organization, contact, now) for contact in due])

        asked = await self._store.write(work) if due else 0
        return asked, page[-1][0] if len(page) == AT_A_TIME else None

    async def _ask(self, tx: Transaction, organization: str, known: str, now: datetime) -> bool:
        contact = await tx.get(Contact, organization, known)
        if contact is None:
            return False
        person = await tx.get(Person, contact.organization, contact.person or "")
        able = [m for m in contact.methods if self._can_be_asked(m, contact, tx.reachable)]
        method = min(able, key=lambda m: m.channel in RINGS, default=None)
        if person is None or method is None:
            return False
        zone = ZoneInfo(person.time_zone)
        at = next_at(ASKED_AT, now, zone)
        made = _practice(contact, method, at)
        if method.channel in RINGS:
            made += _practice(contact, method, next_at(RUNG_AGAIN_AT, at, zone))
        await tx.put_deliveries(made)
        await tx.put(msgspec.structs.replace(contact, practised_at=at))
        return True

    def _can_be_asked(self, method: Method, contact: Contact, reachable: frozenset[str]) -> bool:
        """Where others may read it, if only at some hours, there is no link, and only a digit can be the answer."""
        if method.closed_at is not None or method.safety == "monitored" or method.channel not in reachable:
            return False
        if method.channel in self._digits_by:
            return True
        return method.channel != "sms" and read_by(contact, method) != "others" and not method.hours


async def answered(tx: Transaction, contact: Contact, now: datetime) -> None:
    """It reached them; of whoever has declined meanwhile, or is only to be asked later, nothing is noted."""
    if contact.consent == "confirmed" and (contact.practised_at is None or contact.practised_at <= now):
        await tx.put(msgspec.structs.replace(contact, heard_at=now))
        await tx.void_subject(contact.id, now)


def is_unheard(contact: Contact, now: datetime) -> bool:
    """Whether they have been asked whether messages reach them, and have not said so."""
    return contact.unheard_since is not None and contact.unheard_since <= now


def _is_time(contact: Contact, now: datetime) -> bool:
    return contact.practised_at is None or contact.practised_at <= now - EVERY


def _practice(contact: Contact, method: Method, at: datetime) -> list[Delivery]:
    made = message_apart(
        contact.organization,
        contact.person or "",
        subject=contact.id,
        recipient=contact_key(contact.id),
        purpose="practice",
        number=int(at.timestamp()) // 3600,
        methods=(MethodRef(method.id, method.channel),),
        at=at,
    )
    return [msgspec.structs.replace(one, give_up_at=at + TRIED_FOR) for one in made]
