"""The one thread that writes: group commit, a savepoint per request, lanes.

Requests that wait are committed together, a slice at a time: one fsync for all. A request that fails is rolled back to
its own savepoint and fails alone. Presses, cancels and answers go before timers, and those before everything else; of
everything else only so much may wait, and what comes on top is refused and comes again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from streams.sql.transaction import SqlTransaction
from streams.store import NotKept

SLICES = (128, 128, 32)
"""At most so many of each lane at once: a press waits for one slice, and the last lane's requests may be large."""
MOST_WAITING = 4096
"""In the last lane."""

Work = Callable[[SqlTransaction], Coroutine[Any, Any, Any]]
Job = tuple[Work, "asyncio.Future[Any]"]
Done = tuple["asyncio.Future[Any]", Any, BaseException | None]


def run_to_end(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Drives a coroutine that never waits: every operation of this store's transactions is carried out at once."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("work inside a transaction may await nothing but the transaction")


class Writer:
    """Runs requests in a thread of its own and answers when they are on disk."""

    def __init__(
        self, connection: sqlite3.Connection, transaction: SqlTransaction, committed: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._transaction = transaction
        self._committed = committed
        self._idle = False
        self._lanes: tuple[deque[Job], ...] = tuple(deque() for _ in SLICES)
        self._wake = threading.Condition()
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="porchlight-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Work, lane: int) -> Any:
        """Carries out `work` in a transaction; returns its result once that is durable."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._stopping:
            raise NotKept("the store is closing")
        if lane == len(SLICES) - 1 and len(self._lanes[lane]) >= MOST_WAITING:
            raise NotKept("too much is waiting")
        self._lanes[lane].append((work, future))
        if self._idle:
            # While the thread works it looks again by itself; the lock is needed only to wake it.
            with self._wake:
                self._wake.notify()
        return await future

    async def close(self) -> None:
        """Carries out what was handed in, then ends the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while True:
            jobs = self._take()
            if not jobs:
                with self._wake:
                    self._idle = True
                    while not any(self._lanes) and not self._stopping:
                        self._wake.wait()
                    self._idle = False
                jobs = self._take()
            if not jobs:
                return
            done = self._carry_out(jobs)
            self._loop.call_soon_threadsafe(_answer, done)

    def _take(self) -> list[Job]:
        jobs: list[Job] = []
        for lane, most in zip(self._lanes, SLICES, strict=True):
            while lane and len(jobs) < most:
                jobs.append(lane.popleft())
            if jobs:
                # One lane at a time: a press never waits for more than the slice that is under way.
                return jobs
        return jobs

    def _carry_out(self, jobs: list[Job]) -> list[Done]:
        execute = self._connection.execute
        done: list[Done] = []
        try:
            execute("BEGIN IMMEDIATE")
            for work, future in jobs:
                done.append(self._one(work, future))
            execute("COMMIT")
        except sqlite3.Error as error:
            # The disk is full or broken: nobody is told that anything was kept.
            if self._connection.in_transaction:
                execute("ROLLBACK")
            self._transaction.forget()
            return [(future, None, NotKept(str(error))) for _, future in jobs]
        self._committed()
        return done

    def _one(self, work: Work, future: asyncio.Future[Any]) -> Done:
        execute = self._connection.execute
        execute("SAVEPOINT request")
        try:
            result = run_to_end(work(self._transaction))
        except BaseException as error:
            if not self._connection.in_transaction:
                # The disk is full: SQLite has rolled everything back already.
                raise
            execute("ROLLBACK TO request")
            execute("RELEASE request")
            self._transaction.forget()
            full = isinstance(error, sqlite3.OperationalError)
            return future, None, NotKept(str(error)) if full else error
        execute("RELEASE request")
        return future, result, None


def _answer(done: list[Done]) -> None:
    for future, result, error in done:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
