"""The store on many machines: PostgreSQL through a pool; a transaction to each request."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg
import structlog

from streams.ending import end, in_time
from streams.postgres.connection import READING, WRITING, PostgresConnection
from streams.postgres.database import AWAY, migrate, pool_of
from streams.postgres.group import Broken, Group, GroupCommit, Member, Waiting
from streams.postgres.keys import PostgresKeyRing
from streams.postgres.tokens import TokenLookup
from streams.postgres.transaction import PostgresTransaction
from streams.records import Token
from streams.sealing import MasterKey, Sealer
from streams.sql.connection import Connection, Dialect
from streams.store import Unreachable
from streams.store_clock import StoreClock

log = structlog.get_logger()

T = TypeVar("T")
CONNECTIONS = 12
FOR_THE_REST = 8
"""So many of them at most for what is no alarm: a storm leaves the others to presses."""
TRIES = 6
PAUSE = 0.01
LOOK_EVERY = 1.0
COME_BACK_WITHIN = 0.5


class PostgresStore:
    """Runs work in transactions. `start` connects and migrates; without a server it goes on trying."""

    def __init__(self, url: str, master: MasterKey, reachable: frozenset[str], clock: StoreClock | None = None) -> None:
        self._url = url
        self.reachable = reachable
        self._clock = clock
        self._pool = pool_of(url, size=CONNECTIONS)
        self._key_pool = pool_of(url, size=2)
        self._keys = PostgresKeyRing(self._key_pool, master)
        self._rest = asyncio.Semaphore(FOR_THE_REST)
        self._groups = GroupCommit(self._group)
        self._tokens = TokenLookup(self._pool)
        self._look: asyncio.Task[None] | None = None
        self._migrated = False
        self._back_at: float | None = None
        self.up = False
        """Whether the last look found the server there, and able to write."""

    def back_for(self) -> float:
        """Seconds since a look found it there again; without end where no look ever failed."""
        return math.inf if self._back_at is None else asyncio.get_running_loop().time() - self._back_at

    async def start(self) -> None:
        """Connects, migrates, and from then on looks every second whether the server is there."""
        await self._pool
        await self._key_pool
        with contextlib.suppress(*AWAY):
            await self.check()
        self._look = asyncio.create_task(self._look_for_ever(), name="PostgresStore")

    async def check(self) -> None:
        """One look: the schema is there, the clock is read, keys that were destroyed elsewhere are let go of."""
        if not self._migrated:
            await migrate(self._url)
            self._migrated = True
        async with self._pool.acquire(timeout=2) as connection:
            began = self._clock.monotonic() if self._clock is not None else 0.0
            at, standby = await connection.fetchrow("SELECT clock_timestamp(), pg_is_in_recovery()", timeout=2)
            if self._clock is not None:
                self._clock.read(at, began)
        await self._keys.forget_destroyed()
        self.up = not standby

    async def write(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int = 2, *, about: str | None = None
    ) -> T:
        """Runs `work` in a transaction and returns what it returned once that is durable."""
        if about is not None:
            self._expect()
            result: T = await self._groups.submit(work, about)
            return result
        return await self._alone(work, lane)

    async def _alone(self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int) -> T:
        async with contextlib.AsyncExitStack() as stack:
            if lane > 0:
                await stack.enter_async_context(self._rest)
            for again in range(TRIES):
                try:
                    return await self._once(work, "BEGIN", WRITING)
                except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                    # Two waited for one another: the server has ended one, which begins anew.
                    await asyncio.sleep(PAUSE * 2**again)
        raise Unreachable("the same rows were wanted elsewhere again and again")

    async def read(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on a consistent view of what is durable; it must not write."""
        return await self._once(work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", READING)

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do. Looked up each time: another process may have made it dead a moment ago."""
        self._expect()
        with _out_of_reach():
            return await self._tokens.find(hashed)

    async def sealer(self, subject: str) -> Sealer:
        """What seals for this person or organization. Raises `Unreadable`."""
        with _out_of_reach():
            return self._keys.known(subject) or await self._keys.find(subject)

    async def destroy_key(self, subject: str, at: Any) -> None:
        """Makes everything sealed for this subject unreadable for good; by the store's own clock."""
        del at
        with _out_of_reach():
            await self._keys.destroy(subject)

    async def close(self) -> None:
        """Lets go of every connection."""
        await end(self._look)
        for pool in (self._pool, self._key_pool):
            with contextlib.suppress(*AWAY):
                await in_time(pool.close(), 3)
            pool.terminate()

    def suspect(self) -> None:
        """Somebody waited in vain: it counts as away until the next look."""
        self.up = False

    def _expect(self) -> None:
        """Nobody waits for a server that was not there when it was last looked for."""
        if not self.up:
            raise Unreachable("the store is out of reach")

    async def _once(self, work: Callable[[Any], Coroutine[Any, Any, T]], begin: str, dialect: Dialect) -> T:
        self._expect()
        with _out_of_reach():
            async with self._pool.acquire(timeout=2) as connection:
                await connection.execute(begin)
                try:
                    result = await work(self._transaction(PostgresConnection(connection), dialect))
                    await connection.execute("COMMIT")
                except BaseException as error:
                    await self._roll_back(connection, error)
                    raise
                return result

    async def _group(self, group: list[Waiting]) -> None:
        """One transaction for all of them; each alone when that fails."""
        results: list[Any] | None = None
        if len(group) > 1:
            try:
                results = await self._together(group)
            except (Broken, Unreachable, asyncpg.PostgresError):
                log.debug("a group is run one by one", action="group_broken", together=len(group))
            except Exception:
                # Whatever it is, nobody who waits may be left waiting.
                log.exception("a group failed", action="group_failed", together=len(group))
        if results is not None:
            for one, result in zip(group, results, strict=True):
                if not one.result.done():
                    one.result.set_result(result)
            return
        await asyncio.gather(*(self._answer_alone(one) for one in group))

    async def _together(self, group: list[Waiting]) -> list[Any]:
        with _out_of_reach():
            async with self._pool.acquire(timeout=2) as connection:
                await connection.execute("BEGIN")
                try:
                    together = Group(connection)
                    results = await together.run(
                        [one.work(self._transaction(Member(together, one.about), WRITING)) for one in group]
                    )
                    await connection.execute("COMMIT")
                except BaseException as error:
                    await self._roll_back(connection, error)
                    raise
        return results

    async def _answer_alone(self, one: Waiting) -> None:
        try:
            result = await self._alone(one.work, 0)
        except BaseException as error:
            if not one.result.done():
                one.result.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            if not one.result.done():
                one.result.set_result(result)

    def _transaction(self, connection: Connection, dialect: Dialect) -> PostgresTransaction:
        return PostgresTransaction(connection, self._keys, dialect, self.reachable, remembers=True)

    async def _roll_back(self, connection: Any, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            # Whoever gave up on the server does not wait for it once more.
            connection.terminate()
            return
        try:
            await in_time(connection.execute("ROLLBACK"), 2)
        except asyncio.CancelledError:
            connection.terminate()
            raise
        except (*AWAY, asyncpg.PostgresError):
            connection.terminate()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY if self.up else COME_BACK_WITHIN)
            before = self.up
            try:
                await self.check()
            except (*AWAY, asyncpg.PostgresError) as error:
                self.up = False
                if before:
                    log.warning("the store is out of reach", action="store_away", why=type(error).__name__)
                continue
            if self.up and not before:
                self._back_at = asyncio.get_running_loop().time()
                log.info("the store is there", action="store_there")


@contextlib.contextmanager
def _out_of_reach() -> Iterator[None]:
    """Tells what is wrong with the server from what is wrong with the work."""
    try:
        yield
    except asyncpg.DataError:
        raise
    except AWAY as error:
        raise Unreachable(f"the store is out of reach ({type(error).__name__})") from error
