"""Looking up what messages need before they go out: whoever asks while a look is under way shares the next one.

Many messages at once are often about one person, or about many people at once; either way one reading of the store
answers all who asked before it began. Nobody is answered by what was read before they asked.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from streams.clock import Clock
from streams.delivery_context import DeliveryContext, Impossible, context_from, context_of, with_named
from streams.records import Delivery
from streams.sealing import Unreadable
from streams.store import Store, Transaction

AT_A_TIME = 128

Answer = DeliveryContext | Impossible


class ContextLookup:
    """Answers for one delivery at a time, reads for as many as asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._asked: list[tuple[Delivery, asyncio.Future[Answer]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def context(self, delivery: Delivery) -> Answer:
        """What sending it needs, or why it must not be sent, by what stands in the store now.

        Raises what the store raises, `Unreadable` or a `msgspec` error for records that cannot be read.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append((delivery, answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_until_nobody_asks())
        return await answer

    async def _read_until_nobody_asks(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked[:AT_A_TIME], self._asked[AT_A_TIME:]
                await self._answer([one for one in asked if not one[1].done()])
        finally:
            self._reading = None

    async def _answer(self, asked: list[tuple[Delivery, asyncio.Future[Answer]]]) -> None:
        deliveries = [delivery for delivery, _ in asked]
        now = self._clock.now()
        found: list[Answer | Exception]
        try:
            found = await self._store.read(lambda tx: _contexts(tx, deliveries, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, each who asked hears of it
            found = [error] * len(asked)
        except BaseException:
            for _, answer in asked:
                answer.cancel()
            raise
        for (_, answer), known in zip(asked, found, strict=True):
            if answer.done():
                continue
            if isinstance(known, Exception):
                answer.set_exception(known)
            else:
                answer.set_result(known)


async def _contexts(tx: Transaction, deliveries: list[Delivery], now: datetime) -> list[Answer | Exception]:
    people = list({(d.organization, d.person): None for d in deliveries})
    agreed = await tx.all_agreed(people)
    about = {(d.organization, d.incident): None for d in deliveries if d.incident is not None}
    incidents = await tx.incidents_at(list(about))
    found: list[Answer | Exception] = []
    for delivery in deliveries:
        who = agreed.get(delivery.person)
        incident = incidents.get(delivery.incident or "")
        if who is not None and (delivery.incident is None or incident is not None):
            try:
                found.append(context_from(await with_named(tx, who, delivery), delivery, incident, now))
            except (msgspec.MsgspecError, Unreadable, ValueError, KeyError) as error:
                # What stands in one record is wrong: the others do not suffer from it.
                found.append(error)
        else:
            # Unknown, or not to be read: alone it says which.
            found.append(await _alone(tx, delivery, now))
    return found


async def _alone(tx: Transaction, delivery: Delivery, now: datetime) -> Answer | Exception:
    try:
        return await context_of(tx, delivery, now)
    except (msgspec.MsgspecError, Unreadable) as error:
        return error
