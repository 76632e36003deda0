"""Sending: claimed deliveries go out, each try is settled where it stands in the store, leases are kept alive.

A try whose outcome is unknown (the process died, the lease ran out) is made again under the same delivery id: it may
reach somebody twice, never zero times. Results are settled together: many at once cost one commit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from streams.breaker import SUSPECT_AFTER, Breaker
from streams.channel import Channel, Delivered, Outcome, OutgoingMessage, Refused, Retry, Sent
from streams.clock import Clock
from streams.context_lookup import ContextLookup
from streams.delivery_context import Composer, DeliveryContext
from streams.ending import in_time
from streams.opting_out import close_method
from streams.processor import LEASE, Claimed
from streams.receipt_asker import FIRST_AFTER
from streams.receipts import say_failed
from streams.records import Delivery, HandedOver
from streams.sending_order import SendingOrder
from streams.store import NotKept, Store, Transaction, just_back

log = structlog.get_logger()

CLAIM = 128
ROOM, HELD_AT_MOST = 4096, 16_384
"""So many may be claimed for sending from memory; with those that wait behind an other side that hangs, so many."""
SETTLED_TOGETHER = 256
SLOW_AFTER = 0.5
SILENT = "not tried: the other side is silent at present"
LOOK_EVERY = 1.0
LOOK_WHILE_BEHIND = 0.02
GATHER, GATHER_WHILE_BEHIND = 0.004, 0.05
TRY_AT_MOST = 15.0
FRESH = timedelta(seconds=1)
FAULTS, SETTLE_AGAIN = 20, 0.5
BACK_OFF = (0.5, 1.0, 2.0, 4.0, 5.0)


class Result(msgspec.Struct, frozen=True):
    """How one try ended."""

    delivery: Delivery
    outcome: Outcome | None
    void: str | None = None


class Sender:
    """Makes tries, many at once, in the order of `SendingOrder`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        composer: Composer,
        *,
        wake: Callable[[str, str, int], None],
        changed: Callable[[], None],
        tried: Callable[[str, str], None],
        alarm: Callable[[str], None],
        behind: Callable[[], bool] = lambda: False,
        claims: bool = True,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._store = store
        self._clock = clock
        self._channels = channels
        self._composer = composer
        self._wake_person = wake
        self._changed = changed
        self._tried = tried
        self._alarm = alarm
        self._behind = behind
        self._claims = claims
        self._look_every = look_every
        self._moved = asyncio.Event()
        self._order = SendingOrder(clock.monotonic)
        self._lookup = ContextLookup(store, clock)
        self._held: dict[str, Delivery] = {}
        self._ended: set[str] = set()
        self.cycled_at = clock.monotonic()
        """When it last looked for what is due without an error (monotonic)."""
        self._results: list[Result] = []
        self._settling = asyncio.Event()
        self._look = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def room(self) -> bool:
        """Whether more may be claimed for sending from memory.

        What waits behind an other side that hangs, or has ended and is only to be written down, takes nobody's room.
        """
        held = len(self._held)
        return held - self._order.parked - len(self._results) < ROOM and held < HELD_AT_MOST

    @property
    def busy(self) -> bool:
        """Whether a message is under way."""
        return bool(self._held)

    def left_alone(self) -> dict[str, int]:
        """For each channel how many other sides are left alone at present, silent or broken as they are."""
        left = self._order.left_alone()
        return {channel: left[channel] for channel in self._channels}

    def send(self, claimed: list[Claimed]) -> None:
        """Sends deliveries that were claimed for this process."""
        if claimed:
            self._idle.clear()
        for one in claimed:
            self._held[one.delivery.id] = one.delivery
            self._order.put(self._side(one.delivery), one)
        self._moved.set()

    def look(self) -> None:
        """Something was queued: look now rather than at the next second."""
        self._look.set()

    async def run(self) -> None:
        """Until it is cancelled: workers, claims, leases, results.

        When it is started again after a fault, what it held is found by its lease, and sent again.
        """
        self._held.clear()
        self._order = SendingOrder(self._clock.monotonic)
        self._idle.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._dispatch(tasks))
            if self._claims:
                tasks.create_task(self._claim_for_ever())
            tasks.create_task(self._renew_for_ever())
            tasks.create_task(self._settle_for_ever())

    async def drain(self) -> None:
        """Waits until nothing is under way any more; called with a limit at shutdown."""
        await self._idle.wait()

    async def claim(self) -> int:
        """Claims what is due; returns how many."""

        async def work(tx: Transaction) -> list[Delivery]:
            return await tx.claim(self._clock.now(), LEASE, CLAIM)

        began = self._clock.monotonic()
        claimed = await self._store.write(work, 0)
        if self._clock.monotonic() - began > LEASE.total_seconds() / 2:
            # The store stood still. Whoever had these before may be about to say that they were received.
            return 0
        self.send([Claimed(d) for d in claimed if d.id not in self._held])
        return len(claimed)

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            self._moved.clear()
            behind = self._behind()
            self._order.look_again()
            while (given := self._order.take(behind=behind)) is not None:
                side, breaker, claimed = given
                if breaker.refuses:
                    # Of a side that has fallen silent there may be thousands: each costs next to nothing.
                    self._end(side, Result(claimed.delivery, _not_now(breaker)))
                else:
                    tasks.create_task(self._send_one(side, breaker, claimed))
            if len(self._order):
                # Places come free by tries that end, and by there being nobody left to decide.
                await self._wait_for(self._moved, LOOK_WHILE_BEHIND)
            else:
                await self._moved.wait()

    def _side(self, delivery: Delivery) -> tuple[str, str]:
        channel = self._channels.get(delivery.channel)
        if channel is None or channel.shared:
            return delivery.channel, ""
        return delivery.channel, f"{delivery.organization} {delivery.recipient} {delivery.method}"

    async def _send_one(self, side: tuple[str, str], breaker: Breaker, claimed: Claimed) -> None:
        slow = False

        def slowed() -> None:
            nonlocal slow
            slow = True
            self._order.slowed()
            self._moved.set()

        alarm = asyncio.get_running_loop().call_later(SLOW_AFTER, slowed)
        try:
            result = await self._try(claimed, breaker)
        except BaseException:
            self._order.ended(side, slow=slow)
            raise
        finally:
            alarm.cancel()
            self._moved.set()
        self._end(side, result, slow=slow)

    def _end(self, side: tuple[str, str], result: Result, *, slow: bool = False) -> None:
        self._order.ended(side, slow=slow)
        outcome = result.outcome
        self._tried(result.delivery.channel, type(outcome).__name__.lower() if outcome else "void")
        self._results.append(result)
        self._settling.set()

    async def _try(self, claimed: Claimed, breaker: Breaker) -> Result:
        delivery = claimed.delivery
        if breaker.refuses:
            # Before anything is looked up: the next method waits for this answer.
            return Result(delivery, _not_now(breaker))
        try:
            ready = claimed.context
            context: DeliveryContext | str | None = ready
            if ready is None or self._clock.now() - ready.now > FRESH:
                # What waited for its turn may be forbidden by now: closed, withdrawn, removed.
                context = await self._lookup.context(delivery)
            if not isinstance(context, DeliveryContext):
                return Result(delivery, None, void=context)
            message = self._composer.compose(context)
            if not breaker.lets_through():
                return Result(delivery, _not_now(breaker))
            return Result(delivery, await self._send_once(delivery, message, breaker))
        except asyncio.CancelledError:
            raise
        except NotKept:
            return Result(delivery, Retry("the store was out of reach"))
        except Exception:
            log.exception("try failed", action="try_failed", channel=delivery.channel)
            return Result(delivery, Retry("our own fault"))

    async def _send_once(self, delivery: Delivery, message: OutgoingMessage, breaker: Breaker) -> Outcome:
        channel = self._channels.get(delivery.channel)
        if channel is None:
            return Refused("channel not configured")
        try:
            with _suspecting(breaker):
                outcome = await in_time(channel.send(message), TRY_AT_MOST)
        except TimeoutError:
            outcome = Retry("no answer in time", down=True)
        except BaseException:
            breaker.nothing_learnt()
            raise
        if self._learn(breaker, outcome):
            log.warning("left alone for now: silent or broken", action="breaker_opened", channel=channel.name)
            if channel.shared:
                self._alarm("channel_silent")
        return outcome

    def _learn(self, breaker: Breaker, outcome: Outcome) -> bool:
        """True when this is what shows that the other side is down."""
        if isinstance(outcome, Retry):
            if outcome.down:
                return breaker.silent(outcome.after_seconds)
            if outcome.after_seconds is not None:
                breaker.overloaded(outcome.after_seconds)
                return False
        breaker.answered()
        return False

    async def _claim_for_ever(self) -> None:
        while True:
            self._look.clear()
            more, wait = False, LOOK_WHILE_BEHIND
            try:
                if just_back(self._store):
                    # Whoever has a lease that ran out meanwhile says first how its try has ended.
                    await asyncio.sleep(self._look_every)
                    continue
                if self.room() and await self._seconds_to_next() <= 0:
                    more = await self.claim() == CLAIM
                if not more and self.room():
                    wait = max(0.005, await self._seconds_to_next())
                self.cycled_at = self._clock.monotonic()
            except NotKept:
                log.debug("the store is out of reach", action="claim_failed")
                wait = self._look_every
            except Exception:
                log.exception("claim failed", action="claim_failed")
                wait = self._look_every
            if not more:
                await self._wait_for(self._look, wait)

    async def _seconds_to_next(self) -> float:
        async def work(tx: Transaction) -> datetime | None:
            return await tx.next_delivery_due()

        due = await self._store.read(work)
        if due is None:
            return self._look_every
        return min(self._look_every, (due - self._clock.now()).total_seconds())

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await in_time(event.wait(), seconds)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            # What is being settled this very moment is locked by that, and needs no lease any more.
            held = [(d.id, d.attempts) for d in self._held.values() if d.id not in self._ended]
            if held:
                until = self._clock.now() + LEASE

                async def work(tx: Transaction, held: list[tuple[str, int]] = held, until: datetime = until) -> None:
                    await tx.renew(held, until)

                try:
                    await self._store.write(work, 0)
                except NotKept:
                    log.debug("the store is out of reach", action="renew_failed")
                except Exception:
                    log.exception("renewal failed", action="renew_failed")

    async def _settle_for_ever(self) -> None:
        while True:
            await self._settling.wait()
            # A commit costs the same for one result as for many.
            await asyncio.sleep(GATHER_WHILE_BEHIND if self._behind() else GATHER)
            self._settling.clear()
            # Not too many together: whoever claims what comes next waits for one commit.
            results, self._results = self._results[:SETTLED_TOGETHER], self._results[SETTLED_TOGETHER:]
            if self._results:
                self._settling.set()
            self._ended = {result.delivery.id for result in results}
            await self._settle_in_the_end(results)
            self._ended = set()
            for result in results:
                self._held.pop(result.delivery.id, None)
            if not self._held:
                self._idle.set()
            self._look.set()

    async def _settle_in_the_end(self, results: list[Result]) -> None:
        """As long as the store is out of reach it is tried again: what is not settled is sent once more by somebody."""
        faults = 0
        while faults < FAULTS:
            try:
                await self.settle(results)
            except NotKept:
                log.debug("the store is out of reach", action="settle_failed")
            except Exception:
                faults += 1
                log.exception("settling failed", action="settle_failed", again=faults)
            else:
                return
            await asyncio.sleep(SETTLE_AGAIN)

    async def settle(self, results: list[Result]) -> None:
        """Writes how tries ended."""
        now = self._clock.now()
        failed: list[Delivery] = []
        told = [(r.delivery, _state(r.outcome)) for r in results if isinstance(r.outcome, Delivered | Sent)]
        taken = [
            HandedOver(delivery=r.delivery.id, channel=r.delivery.channel, reference=r.outcome.reference)
            for r in results
            if isinstance(r.outcome, Sent) and r.outcome.reference is not None
        ]
        rest = [r for r in results if not isinstance(r.outcome, Delivered | Sent)]

        async def work(tx: Transaction) -> None:
            failed.clear()
            await tx.succeeded(told, now)
            await tx.hand_over(taken, now + FIRST_AFTER)
            failed.extend([r.delivery for r in rest if await self._settle_one(tx, r, now)])
            await tx.publish_progress([delivery for delivery, _ in told], now)

        await self._store.write(work, min((r.delivery.lane for r in results), default=2))
        for delivery in failed:
            self._wake_person(delivery.organization, delivery.person, 0)
        self._changed()

    async def _settle_one(self, tx: Transaction, result: Result, now: datetime) -> bool:
        """True when the failure is final and the person's situation has to hear of it."""
        delivery, outcome = result.delivery, result.outcome
        if result.void is not None or not isinstance(outcome, Retry | Refused):
            await tx.void(delivery, result.void or "", now)
            return False
        if isinstance(outcome, Refused) and outcome.opted_out:
            await close_method(tx, delivery, now)
        again_at = self._again_at(delivery, outcome, now)
        nobody_left = await tx.failed_once(delivery, outcome.why, again_at, now)
        if again_at is not None or delivery.incident is None:
            return False
        await say_failed(tx, delivery, delivery.incident, others_alive=not nobody_left, now=now)
        return True

    def _again_at(self, delivery: Delivery, outcome: Retry | Refused, now: datetime) -> datetime | None:
        if isinstance(outcome, Refused):
            return None
        wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
        if outcome.after_seconds is not None:
            wait = min(max(wait, outcome.after_seconds), BACK_OFF[-1])
        again_at = now + timedelta(seconds=wait)
        return again_at if again_at <= delivery.give_up_at else None


@contextlib.contextmanager
def _suspecting(breaker: Breaker) -> Iterator[None]:
    """Tells the breaker of a try that goes on for too long while it still does."""
    alarm = asyncio.get_running_loop().call_later(SUSPECT_AFTER, breaker.suspected)
    try:
        yield
    finally:
        alarm.cancel()


def _not_now(breaker: Breaker) -> Retry:
    """Not tried: whoever tries again before the side is asked anew would only be refused once more."""
    return Retry(SILENT, after_seconds=breaker.again_in)


def _state(outcome: Delivered | Sent) -> str:
    return "delivered" if isinstance(outcome, Delivered) else "sent"
