"""What messages need before they go out is read for many at once, and never from before it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from streams.context_lookup import ContextLookup
from streams.delivery_context import DeliveryContext
from streams.records import Contact, Method, Organization, Person
from streams.sqlite.store import SqliteStore
from streams.store import NotKept, Store, Transaction
from tests.services.jump_clock import NOON, JumpClock
from tests.streams.test_store_contract import KEY, MIA, NOA, ORG, OTHER, delivery

NEIGHBOURS = 40


class Counted:
    """The store, with its readings counted; one can be held up, or fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.readings = 0
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.away = False

    async def read(self, work: Callable[[Transaction], Coroutine[Any, Any, Any]]) -> Any:
        """One reading; its end may be waited for."""
        self.readings += 1
        if self.away:
            raise NotKept("the store is out of reach")
        answer: Any = await self._store.read(work)
        self.began.set()
        await self.may_end.wait()
        return answer


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Mia with many neighbours who have agreed; Noa lives in another town."""
    made = SqliteStore(tmp_path / "data", KEY, frozenset({"webhook"}))
    await made.start()

    async def work(tx: Transaction) -> None:
        for agency, person in ((ORG, MIA), (OTHER, NOA)):
            await tx.put(Organization(id=agency, organization=agency, name=agency))
            await tx.put(Person(id=person, organization=agency, name=person))
        for number in range(NEIGHBOURS):
            await tx.put(neighbour(number))

    await made.write(work)
    yield made
    await made.close()


def neighbour(number: int, consent: Literal["confirmed", "declined"] = "confirmed") -> Contact:
    """One of those who have agreed to be told."""
    method = Method(id=f"m-{number}", channel="webhook", address=f"http://127.0.0.1:1/{number}")
    return Contact(
        id=f"c-{number}",
        organization=ORG,
        person=MIA,
        name=f"Neighbour {number}",
        order=number,
        methods=(method,),
        consent=consent,
    )


def to(number: int, **fields: Any) -> Any:
    """A message to this neighbour."""
    return delivery(f"d-{number}", recipient=f"contact:c-{number}", method=f"m-{number}", **fields)


def looking(counted: Counted) -> ContextLookup:
    """Whoever looks things up in this store."""
    return ContextLookup(counted, JumpClock(NOON))  # type: ignore[arg-type]  # only `read` is asked of it


async def test_forty_neighbours_are_looked_up_in_one_reading(store: SqliteStore) -> None:
    counted = Counted(store)
    lookup = looking(counted)
    found = await asyncio.gather(*(lookup.context(to(number)) for number in range(NEIGHBOURS)))
    assert counted.readings == 1
    assert [f.contact.name for f in found if isinstance(f, DeliveryContext) and f.contact is not None] == [
        f"Neighbour {number}" for number in range(NEIGHBOURS)
    ]


async def test_whoever_asks_after_a_withdrawal_is_told_of_it_though_a_look_was_under_way(store: SqliteStore) -> None:
    counted = Counted(store)
    lookup = looking(counted)
    counted.may_end.clear()
    before = asyncio.create_task(lookup.context(to(1)))
    await counted.began.wait()
    await store.write(lambda tx: tx.put(neighbour(1, consent="declined")))
    after = asyncio.create_task(lookup.context(to(1)))
    await asyncio.sleep(0)
    counted.may_end.set()
    assert await after == "recipient_gone"
    await before
    assert counted.readings == 2


async def test_a_stranger_to_this_agency_does_not_disturb_the_others(store: SqliteStore) -> None:
    lookup = looking(Counted(store))
    stranger = msgspec.structs.replace(to(2), person=NOA)
    of_nobody = msgspec.structs.replace(to(3), person="nobody")
    closed = to(4, incident="never-was")
    found = await asyncio.gather(*(lookup.context(one) for one in (to(1), stranger, of_nobody, closed)))
    assert isinstance(found[0], DeliveryContext)
    assert found[1:] == ["recipient_gone", "recipient_gone", "incident_closed"]


async def test_a_store_that_is_away_is_said_to_each_and_asked_again_by_the_next(store: SqliteStore) -> None:
    counted = Counted(store)
    lookup = looking(counted)
    counted.away = True
    found = await asyncio.gather(lookup.context(to(1)), lookup.context(to(2)), return_exceptions=True)
    assert [type(one) for one in found] == [NotKept, NotKept]
    counted.away = False
    assert isinstance(await lookup.context(to(1)), DeliveryContext)


async def test_whoever_no_longer_waits_keeps_nobody_from_an_answer(store: SqliteStore) -> None:
    lookup = looking(Counted(store))
    gone, waits = asyncio.create_task(lookup.context(to(1))), asyncio.create_task(lookup.context(to(2)))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await waits, DeliveryContext)
