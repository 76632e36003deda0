"""A cancellation is never lost, and whoever loses one ends all the same."""

from __future__ import annotations

import asyncio

import pytest

from streams.ending import end, in_time


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_a_cancellation_that_comes_with_the_result_is_not_lost(turns: int) -> None:
    """The loop that waits must end, however far the news of what it waited for has come by then."""
    came = asyncio.Event()

    async def loop() -> None:
        while True:
            await in_time(came.wait(), 60)
            came.clear()

    task = asyncio.create_task(loop())
    for _ in range(5):
        await asyncio.sleep(0)
    came.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=1)
    task.cancel()
    assert done


async def test_a_limit_is_a_limit() -> None:
    """And what came in time comes back."""
    with pytest.raises(TimeoutError):
        await in_time(asyncio.Event().wait(), 0.01)
    assert await in_time(asyncio.sleep(0, "here"), 5) == "here"


async def test_a_task_that_is_deaf_is_told_again() -> None:
    """A library may take a cancellation for its own."""
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        for _ in range(3):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end(task, None, again_after=0.01)
    assert (task.done(), heard) == (True, 3)


async def test_how_a_task_ended_is_nobodys_business_any_more() -> None:
    """Neither its error nor its end is raised here."""

    async def fails() -> None:
        raise RuntimeError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end(task)
    assert task.done()
