"""Group commit: requests that are about different people share a transaction, and its statements share exchanges.

Each request runs as it would alone. Whenever all of them wait for a statement, equal statements go to the server
together, in one exchange, in the order of the people they are about (so that two groups never wait in a ring). When
anything fails, nothing of the group was kept, and each request is run again by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from streams.postgres.connection import numbered
from streams.sql.connection import Row

TOGETHER = 64

Work = Callable[[Any], Coroutine[Any, Any, Any]]


class Broken(Exception):
    """Something in the group failed: whoever was in it is run alone."""


class Asked(msgspec.Struct):
    """One statement of one request. `values` are a tuple, or a list of them where it is to be run for each."""

    about: str
    sql: str
    values: Any
    each: bool
    answer: asyncio.Future[Any]


class Member:
    """The connection as one request of a group sees it."""

    def __init__(self, group: Group, about: str) -> None:
        self._group = group
        self._about = about

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row that it returns."""
        found: Sequence[Row] = await self._group.ask(self._about, sql, values)
        return found

    async def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found = await self._group.ask(self._about, sql, values)
        return found[0] if found else None

    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        returning = sql if "RETURNING" in sql else f"{sql} RETURNING 1"
        return len(await self._group.ask(self._about, returning, values))

    async def many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> None:
        """The same statement for each tuple of values."""
        if values:
            await self._group.ask(self._about, sql, list(values), each=True)

    async def each(self, sql: str, values: Sequence[tuple[Any, ...]]) -> Sequence[Row]:
        """The same, with the rows that all of them return."""
        return [row for one in values for row in await self.rows(sql, *one)]


class Group:
    """The requests of one transaction, run side by side on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._asked: list[Asked] = []
        self._running = 0
        self._all_wait = asyncio.Event()

    async def run(self, members: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Runs them to their ends; their results. Raises `Broken`, or what the server raised."""
        self._running = len(members)
        tasks = [asyncio.ensure_future(member) for member in members]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            while self._running:
                await self._all_wait.wait()
                self._all_wait.clear()
                await self._answer()
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        results = await asyncio.gather(*tasks, return_exceptions=True)
        if any(isinstance(result, BaseException) for result in results):
            raise Broken
        return results

    async def ask(self, about: str, sql: str, values: Any, *, each: bool = False) -> Any:
        """Hands a statement in, and waits for its answer."""
        asked = Asked(about, sql, values, each, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._look()
        return await asked.answer

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running -= 1
        if not task.cancelled() and task.exception() is not None:
            # Nothing of it may stay, and there is but one transaction.
            for asked in self._asked:
                if not asked.answer.done():
                    asked.answer.set_exception(Broken())
            self._asked.clear()
        self._look()

    def _look(self) -> None:
        if len(self._asked) >= self._running:
            self._all_wait.set()

    async def _answer(self) -> None:
        asked, self._asked = self._asked, []
        kinds: dict[tuple[str, bool], list[Asked]] = {}
        for one in sorted(asked, key=lambda one: one.about):
            kinds.setdefault((one.sql, one.each), []).append(one)
        for (sql, each), alike in kinds.items():
            if each:
                await self._connection.executemany(numbered(sql), [v for one in alike for v in one.values])
                answers: list[Any] = [None] * len(alike)
            elif len(alike) == 1:
                answers = [await self._connection.fetch(numbered(sql), *alike[0].values)]
            else:
                answers = await self._together(sql, alike)
            for one, answer in zip(alike, answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(answer)

    async def _together(self, sql: str, alike: list[Asked]) -> list[Any]:
        """The rows come back in one list: each says to which of the requests it belongs."""
        number = f"${len(alike[0].values) + 1}"
        answers: list[list[Row]] = [[] for _ in alike]
        for row in await self._connection.fetchmany(
            f"WITH found AS ({numbered(sql)}) SELECT {number}::int, found.* FROM found",
            [(*one.values, place) for place, one in enumerate(alike)],
        ):
            answers[row[0]].append(row[1:])
        return answers


class Waiting(msgspec.Struct):
    """A request that waits for its group."""

    about: str
    work: Work
    result: asyncio.Future[Any]


class GroupCommit:
    """Gathers requests while the group before them is at work."""

    def __init__(self, run_group: Callable[[list[Waiting]], Coroutine[Any, Any, None]]) -> None:
        self._run_group = run_group
        self._waiting: deque[Waiting] = deque()
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, work: Work, about: str) -> Any:
        """Runs `work`, which is about this person alone; its result once that is durable."""
        waiting = Waiting(about, work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._next(), name="GroupCommit")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.result

    async def _next(self) -> None:
        async with self._turn:
            while group := self._take():
                await self._run_group(group)

    def _take(self) -> list[Waiting]:
        """The next of each person, in the order in which they came; a second of the same person waits."""
        group: dict[str, Waiting] = {}
        later: list[Waiting] = []
        while self._waiting and len(group) < TOGETHER:
            one = self._waiting.popleft()
            if one.result.done():
                continue
            if one.about in group:
                later.append(one)
            else:
                group[one.about] = one
        self._waiting.extendleft(reversed(later))
        return list(group.values())
