"""The net beneath the engine, and the tidying up, which APScheduler runs.

A tick each second wakes what waits for the clock and starts again whatever has stopped. It goes by the monotonic clock:
APScheduler goes by the wall clock, and when that is set back by an hour it is silent for an hour. With its defaults a
run that comes due while the process is busy would be dropped; hence `misfire_grace_time=None` and `coalesce`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from streams.clock import Clock
from streams.engine import Engine
from streams.journeys_over import sweep_journeys
from streams.known_addresses import index_addresses
from streams.plan_checks import PlanChecks
from streams.plan_warnings import PlanWarnings
from streams.practice import Practice
from streams.store import Store, Transaction

log = structlog.get_logger()

ANSWERS_KEPT = timedelta(days=7)
TRAIL_KEPT = timedelta(hours=72)
INDEX_AGAIN = 60.0
TICK_EVERY = 1.0
SLICE = 2_000


class Housekeeping:
    """Ticks every second, tidies and warns every quarter of an hour, looks through all plans at night."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        engine: Engine,
        plans: PlanChecks,
        practice: Practice,
        alarm: Callable[[str], None],
        *,
        tidies: bool = True,
    ) -> None:
        self._plans = plans
        self._warnings = PlanWarnings(store, clock)
        self._practice = practice
        self._store = store
        self._clock = clock
        self._engine = engine
        self._alarm = alarm
        self._tidies = tidies
        self._ticking: asyncio.Task[None] | None = None
        self._once: asyncio.Task[None] | None = None
        self._scheduler: Any = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        """Starts the jobs."""
        self._ticking = asyncio.create_task(self._tick_for_ever(), name="Housekeeping")
        if self._tidies:
            self._scheduler.add_job(self.tidy, "interval", minutes=15)
            self._scheduler.add_job(self.warn, "interval", minutes=15)
            self._scheduler.add_job(self.check_plans, "cron", hour=3, minute=17)
            self._once = asyncio.create_task(self.index_addresses(), name="index_addresses")
        self._scheduler.start()

    def stop(self) -> None:
        """Stops them."""
        for task in (self._ticking, self._once):
            if task is not None:
                task.cancel()
        self._scheduler.shutdown(wait=False)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY)
            try:
                await self.tick()
            except Exception:
                log.exception("tick failed", action="tick_failed")

    async def tick(self) -> None:
        """Wakes what waits, revives what has stopped, finds out who pumps."""
        if self._engine.revive():
            self._alarm("engine_stopped")
        await self._engine.duty.look()
        self._engine.look()

    async def check_plans(self) -> None:
        """Asks contacts whether messages still reach them, and looks through every plan."""
        try:
            asked = await self._practice.ask_all()
            found = await self._plans.check_all()
        except Exception:
            log.exception("checking plans failed", action="plan_check_failed")
        else:
            log.info("plans checked", action="plans_checked", open=found, practice=asked)

    async def warn(self) -> None:
        """Tells advocates what is open in plans, where it is day."""
        try:
            told = await self._warnings.warn_all()
        except Exception:
            log.exception("advocates were not told of open plans", action="plan_warning_failed")
        else:
            if told:
                log.info("advocates told of open plans", action="plans_warned", told=told)

    async def index_addresses(self) -> None:
        """Makes staff and agencies known by their numbers who were there before these could answer."""
        while True:
            try:
                made = await index_addresses(self._store)
            except Exception:
                log.exception("addresses were not indexed", action="addresses_not_indexed")
                await asyncio.sleep(INDEX_AGAIN)
            else:
                break
        if made:
            log.info("addresses indexed", action="addresses_indexed", records=made)

    async def tidy(self) -> int:
        """Forgets what is no longer needed; returns how many rows went."""
        now = self._clock.now()

        async def work(tx: Transaction) -> int:
            gone = await tx.forget_before(now - ANSWERS_KEPT, SLICE)
            return gone + await tx.forget_trails(now - TRAIL_KEPT, now, SLICE)

        gone = 0
        try:
            while slice_ := await self._store.write(work):
                gone += slice_
            while slice_ := await sweep_journeys(self._store, now):
                gone += slice_
        except Exception:
            log.exception("tidying failed", action="tidy_failed")
        if gone:
            log.info("tidied", action="tidied", rows=gone)
        return gone
