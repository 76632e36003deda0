"""Limits that lose no cancellation, and tasks that end for certain.

A task that is cancelled at the very moment at which what it waits for is answered may go on as if nothing had happened:
`asyncio.wait_for` before Python 3.12 returns the answer and forgets the cancellation. Whoever then waits for its end
waits for ever. So nothing of ours uses it; and since libraries do, whoever ends a task tells it until it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")
AGAIN_AFTER = 1.0


async def in_time(what: Awaitable[T], seconds: float) -> T:
    """The result, if it comes within so many seconds. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        return await what


async def end(*tasks: asyncio.Task[Any] | None, again_after: float = AGAIN_AFTER) -> None:
    """Cancels these tasks and returns when all have ended, however they did."""
    wanted = [task for task in tasks if task is not None]
    pending = {task for task in wanted if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_after)
    await asyncio.gather(*wanted, return_exceptions=True)
