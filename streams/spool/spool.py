"""The spool of one process: takes over when the store is away, tells by itself, and moves everything when it is back.

While the store is out of reach, an engine of its own runs on the spool: what has lain there for two seconds, and whose
window is over, is decided by the sealed copy and told, again and again by the plan, until the store is back. Whatever
an earlier process left in the folder is moved the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog

from streams.clock import Clock
from streams.ending import end, in_time
from streams.engine import Engine
from streams.sealing import Unreadable
from streams.spool.drain import Batch, put_batch, read_batch
from streams.spool.intake import PostedStore, SpoolingIntake
from streams.spool.mirror import Copy, Mirror
from streams.store import NotKept

log = structlog.get_logger()

LOOK_EVERY = 0.2
PEOPLE = 100
ENGINE_ENDS_WITHIN = 3.0
HELD_FOR = 5.0
"""Seconds for which a PIN waits for the press that it is about, which may lie in another process's spool."""


class Spool:
    """Watches the store, runs the spool's own engine while that is away, and drains in order."""

    def __init__(
        self,
        store: PostedStore,
        local: Copy,
        clock: Clock,
        *,
        engine: Callable[[], Engine],
        wake: Callable[[str, str, int], None],
        alarm: Callable[[str], None],
    ) -> None:
        self._store = store
        self._local = local
        self._clock = clock
        self._make_engine = engine
        self._wake = wake
        self._alarm = alarm
        self._engine: Engine | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = asyncio.Event()
        self._back_at: float | None = None
        self.mirror = Mirror(store, local)
        self._mirror_task: asyncio.Task[None] | None = None
        self.intake = SpoolingIntake(store, local, self._takes_over)
        self.hurry = asyncio.Event()
        """Set by somebody who will not wait for the drain any longer: it is all on disk."""

    def start(self) -> None:
        """Starts watching and copying."""
        self._task = asyncio.create_task(self._run(), name="Spool")
        self._mirror_task = asyncio.create_task(self.mirror.run(), name="Mirror")

    async def stop(self) -> None:
        """Waits until everything has been moved to the store, or until somebody is in a hurry."""
        while not self.hurry.is_set() and (waiting := (await self.figures())[0]):
            log.warning("waiting for the store to take over the spool", action="spool_waits", mail=waiting)
            with contextlib.suppress(TimeoutError):
                await in_time(self.hurry.wait(), 1.0)
        await end(self._task, self._mirror_task)
        await self._end_engine()
        await self._local.close()

    async def figures(self) -> tuple[int, float]:
        """How much mail lies here, and for how many seconds the oldest has."""
        count, oldest = await self._local.read(lambda tx: tx.spooled_figures())
        return count, (self._clock.now() - oldest).total_seconds() if oldest is not None else 0.0

    def _takes_over(self) -> None:
        log.warning("the spool takes over", action="spool_begins")
        self._alarm("spooling")
        self.mirror.pause()
        self._began.set()

    async def _run(self) -> None:
        if (await self.figures())[0]:
            self.intake.begin()
        while True:
            await self._began.wait()
            try:
                await self._step()
            except NotKept:
                self._back_at = None
            except Exception:
                log.exception("spool failed", action="spool_failed")
                self._alarm("spool_stuck")
            await asyncio.sleep(LOOK_EVERY)

    async def _step(self) -> None:
        if not self._store.up:
            self._back_at = None
            if self._engine is None:
                self._engine = self._make_engine()
                self._engine.start()
            return
        if self._back_at is None:
            self._back_at = self._clock.monotonic()
        await self._end_engine()
        moved = await self._drain()
        if not moved and not (await self.figures())[0] and self.intake.end():
            self._began.clear()
            self._back_at = None
            self.mirror.go_on()
            log.info("the spool is empty", action="spool_ends")

    async def _end_engine(self) -> None:
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.stop(ENGINE_ENDS_WITHIN)

    async def _drain(self) -> int:
        moved = 0
        for organization, person in await self._local.read(lambda tx: tx.spooled_people(PEOPLE)):
            try:
                batch = await self._read(organization, person)
                if await self._must_wait(batch):
                    continue
                await self._move(batch)
                moved += 1
            except NotKept:
                raise
            except Exception:
                log.exception("one person's spool cannot be moved", action="spool_stuck")
                self._alarm("spool_stuck")
        return moved

    async def _read(self, organization: str, person: str) -> Batch:
        try:
            return await self._local.read(lambda tx: read_batch(tx, organization, person))
        except Unreadable:
            # She was erased meanwhile: what her key sealed is nobody's any more.
            log.warning("what lay here was erased", action="spool_erased")
            return Batch(organization=organization, person=person, mail=(), deliveries=(), told=False)

    async def _must_wait(self, batch: Batch) -> bool:
        """Whether all that is here is about a press that another process may be about to bring."""
        if not batch.only_cancels or self._back_at is None:
            return False
        if self._clock.monotonic() - self._back_at > HELD_FOR:
            return False
        side = await self._store.read(lambda tx: tx.person_side(batch.person))
        return side.alarm is None or not side.alarm.live

    async def _move(self, batch: Batch) -> None:
        async def put(tx: Any) -> None:
            await put_batch(tx, batch, self._clock.now())

        await self._store.write(put, 0)
        await self._local.write(lambda tx: tx.forget_spooled(batch.person, batch.until), 0)
        self._wake(batch.organization, batch.person, 0)
