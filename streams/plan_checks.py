"""Every plan is looked through each night: what has become open is kept, and shown to those who can close it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import structlog

from alerts.audience import contact_key
from alerts.care_plan import CarePlan, MethodRef
from alerts.plan_holes import Hole, holes
from streams.clock import Clock
from streams.records import Person
from streams.store import NotKept, Store, Transaction

log = structlog.get_logger()

AT_A_TIME = 50
BREATH = 0.01
"""Between two plans that had to be gone through: whoever presses meanwhile does not wait for it."""


class PlanChecks:
    """Goes through the plans of an agency, or of all."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[int]] = {}

    async def check_all(self) -> int:
        """Every plan of every agency; how many have a hole. What goes wrong in one agency keeps no other waiting."""
        organizations = await self._store.read(lambda tx: tx.organizations())
        return sum([await self._check_quietly(organization) for organization in organizations])

    def begin(self, organization: str) -> None:
        """Checks this agency's plans without keeping anybody waiting; once at a time."""
        if organization not in self._under_way:
            task = asyncio.create_task(self._check_quietly(organization))
            self._under_way[organization] = task
            task.add_done_callback(lambda _: self._under_way.pop(organization, None))

    async def close(self) -> None:
        """Leaves the rest to the next night."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def check(self, organization: str) -> int:
        """Every plan of this agency; how many have a hole."""
        found, after = 0, 0
        alike: dict[bytes, list[Hole]] = {}
        while True:
            page = await self._page(organization, after)
            if not page:
                return found
            checked = [(person, await self._holes(plan, alike)) for _, person, plan in page]
            await self._keep(organization, checked)
            found += sum(1 for _, open_ in checked if open_)
            after = page[-1][0]

    async def _check_quietly(self, organization: str) -> int:
        try:
            return await self.check(organization)
        except NotKept:
            log.warning("the store is out of reach", action="plan_check_failed")
        except Exception:
            log.exception("checking plans failed", action="plan_check_failed")
        return 0

    async def _page(self, organization: str, after: int) -> list[tuple[int, str, CarePlan]]:
        async def work(tx: Transaction) -> list[tuple[int, str, CarePlan]]:
            people = await tx.listed(Person, organization, after=after, limit=AT_A_TIME)
            return [(number, person.id, await tx.care_plan(organization, person.id)) for number, person in people]

        return await self._store.read(work)

    async def _holes(self, plan: CarePlan, alike: dict[bytes, list[Hole]]) -> list[Hole]:
        """Most plans of an agency are like another one but for the names."""
        nameless = _nameless(plan)
        key = msgspec.json.encode(nameless)
        known = alike.get(key)
        if known is None:
            known = alike[key] = holes(nameless, self._clock.now())
            await asyncio.sleep(BREATH)
        return [_renamed(hole, plan) for hole in known]

    async def _keep(self, organization: str, checked: list[tuple[str, list[Hole]]]) -> None:
        now = self._clock.now()

        async def work(tx: Transaction) -> None:
            for person, found in checked:
                await tx.keep_holes(organization, person, found, now)

        await self._store.write(work)


def _nameless(plan: CarePlan) -> CarePlan:
    contacts = tuple(
        msgspec.structs.replace(contact, id=str(number), name="", methods=_channels(contact.methods))
        for number, contact in enumerate(plan.contacts)
    )
    return msgspec.structs.replace(plan, contacts=contacts, reminders=())


def _channels(methods: tuple[MethodRef, ...]) -> tuple[MethodRef, ...]:
    return tuple(MethodRef("", method.channel) for method in methods)


def _renamed(hole: Hole, plan: CarePlan) -> Hole:
    recipient: Any = hole.values.get("recipient", "")
    if hole.step is not None or not recipient.startswith("contact:"):
        return hole
    contact = plan.contacts[int(recipient.removeprefix("contact:"))]
    return msgspec.structs.replace(hole, values={**hole.values, "recipient": contact_key(contact.id)})
