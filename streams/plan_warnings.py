"""Advocates hear in the morning in whose plan something has become open: one message each.

What is open and untold is kept in the store until then, so that a warning outlives whatever ends meanwhile, and what
was closed before anybody was told is not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from alerts.audience import staff_key
from alerts.care_plan import RINGS, MethodRef
from alerts.wall_time import wall_of
from streams.apart_from_alarms import message_apart
from streams.clock import Clock
from streams.practice import ASKED_AT
from streams.records import Delivery, Person, Staff
from streams.store import Store, Transaction

log = structlog.get_logger()

UNTIL = time(17)
"""On the wall of the person's time zone; what comes later waits for the next morning."""
TRIED_FOR = timedelta(hours=6)
AT_A_TIME = 200


class PlanWarnings:
    """Tells the advocates of every agency."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def warn_all(self) -> int:
        """Everybody for whom it is time; how many. What goes wrong in one agency keeps no other waiting."""
        told = 0
        for organization in await self._store.read(lambda tx: tx.organizations()):
            try:
                told += await self._warn(organization)
            except Exception:
                log.exception("advocates were not told of open plans", action="plan_warning_failed")
        return told

    async def _warn(self, organization: str) -> int:
        advocates = await self._advocates(organization)
        people = await self._untold(organization) if advocates else []
        if not people:
            return 0
        now = self._clock.now()
        made = [one for advocate in advocates for one in _warning(organization, advocate, people, now)]

        async def work(tx: Transaction) -> None:
            await tx.put_deliveries(made)
            await tx.plans_told([person.id for person in people if _is_seen(person, advocates)], now)

        await self._store.write(work)
        return len({one.recipient for one in made})

    async def _untold(self, organization: str) -> list[Person]:
        """In whose plan something is open of which nobody was told, where it is day."""
        found: list[Person] = []
        after, now = "", self._clock.now()
        while True:

            async def page(tx: Transaction, after: str = after) -> tuple[list[str], list[Person | None]]:
                known = await tx.plans_untold(organization, after, AT_A_TIME)
                return known, [await tx.get(Person, organization, one) for one in known]

            known, people = await self._store.read(page)
            found += [person for person in people if person is not None and _is_time(person, now)]
            if len(known) < AT_A_TIME:
                return found
            after = known[-1]

    async def _advocates(self, organization: str) -> list[tuple[Staff, tuple[MethodRef, ...]]]:
        """Each with the ways that can be used here; nobody is rung for this."""
        found: list[tuple[Staff, tuple[MethodRef, ...]]] = []
        after: int | None = 0
        while after is not None:

            async def page(tx: Transaction, after: int = after) -> tuple[list[tuple[int, Staff]], frozenset[str]]:
                return await tx.listed(Staff, organization, after=after, limit=AT_A_TIME), tx.reachable - RINGS

            listed, usable = await self._store.read(page)
            for _, staff in listed:
                methods = tuple(MethodRef(m.id, m.channel) for m in staff.methods if m.channel in usable)
                if methods and "advocate" in staff.roles:
                    found.append((staff, methods))
            after = listed[-1][0] if len(listed) == AT_A_TIME else None
        return found


def _is_time(person: Person, now: datetime) -> bool:
    return ASKED_AT <= wall_of(now, ZoneInfo(person.time_zone or "UTC")).time() < UNTIL


def _is_seen(person: Person, advocates: list[tuple[Staff, tuple[MethodRef, ...]]]) -> bool:
    """Whether somebody was told of her; else it waits until somebody can be."""
    return any(advocate.id not in person.hidden_from for advocate, _ in advocates)


def _warning(
    organization: str, told: tuple[Staff, tuple[MethodRef, ...]], people: list[Person], now: datetime
) -> Iterator[Delivery]:
    """What this advocate hears: the first whom they may see by name, and how many others."""
    advocate, methods = told
    visible = [person for person in people if advocate.id not in person.hidden_from]
    if not visible:
        return
    made = message_apart(
        organization,
        visible[0].id,
        subject=advocate.id,
        recipient=staff_key(advocate.id),
        purpose="plan_open",
        number=int(now.timestamp()),
        methods=methods,
        at=now,
        facts={"others": len(visible) - 1},
    )
    for one in made:
        yield msgspec.structs.replace(one, give_up_at=now + TRIED_FOR)
