"""Workers share the work, hand it over, and replace an app that has stopped working."""

from __future__ import annotations

import asyncio

import pytest

from streams.kafka.stream_worker import StreamWorker
from tests.streams.kafka.town import HARBOUR, Corner, Listener, person, until

pytestmark = pytest.mark.timeout(120)


def parted(one: StreamWorker, two: StreamWorker) -> bool:
    """Whether each has its half."""
    return len(one.assigned) == len(two.assigned) == 2 and not set(one.assigned) & set(two.assigned)


async def test_two_share_and_one_that_leaves_loses_nothing(corner: Corner) -> None:
    """Everything that was sent before, meanwhile and after is heard by somebody."""
    first, second = Listener(), Listener()
    sent: list[str] = []

    def wake_some(count: int) -> None:
        for _ in range(count):
            sent.append(person())
            publisher.wake(HARBOUR, sent[-1], 0)

    def all_heard() -> bool:
        return set(sent) <= {who for listener in (first, second) for _, who, _ in listener.woken}

    async with corner.publisher() as publisher, corner.listening(first) as one:
        async with corner.listening(second) as two:
            await until(lambda: parted(one, two), "they did not share")
            wake_some(200)
            await until(all_heard, "somebody was not woken")
            assert first.woken
            assert second.woken
            wake_some(200)
        wake_some(200)
        await until(lambda: len(one.assigned) == 4, "nobody took over")
        wake_some(200)
        await until(all_heard, "somebody was lost with the one who left")
        assert one.replaced == two.replaced == 0


async def test_an_app_that_crashed_is_replaced(corner: Corner) -> None:
    """The process goes on; a new app reads on."""
    mia, listener = person(), Listener()
    async with corner.publisher() as publisher, corner.listening(listener) as worker:
        first = worker.current
        assert first is not None
        await first.app.crash(RuntimeError("as Faust does"))
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")
        assert worker.current is not first
        assert worker.replaced == 1


async def test_an_app_that_reads_no_more_is_replaced(corner: Corner) -> None:
    """It says nothing, and messages wait: after some looks that is enough."""
    mia, listener = person(), Listener()
    async with corner.publisher() as publisher, corner.listening(listener, patience=2) as worker:
        first = worker.current
        assert first is not None
        first.app.flow_control.suspend()
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was never woken", within=60)
        assert worker.current is not first
        assert worker.replaced == 1


async def test_an_app_that_has_nothing_to_do_is_left_alone(corner: Corner) -> None:
    """Silence is no fault, as long as nothing waits."""
    mia, listener = person(), Listener()
    async with corner.publisher() as publisher, corner.listening(listener, patience=1) as worker:
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")
        watch = worker._watch
        assert watch is not None
        asked = 0
        waiting = watch._waiting

        async def counted() -> dict[int, int]:
            nonlocal asked
            found = await waiting()
            asked += 1
            return found

        watch._waiting = counted  # type: ignore[method-assign]
        await until(lambda: asked >= 3, "it never asked")
        assert worker.replaced == 0


async def test_an_app_that_cannot_start_is_tried_again(corner: Corner) -> None:
    """With a new one."""
    listener, made = Listener(), []

    def make() -> object:
        app = corner.signals(listener)
        made.append(app)
        if len(made) == 1:

            async def refuse() -> None:
                raise OSError("not today")

            app.app.on_start = refuse
        return app

    worker = StreamWorker(corner.broker, make, listener.tally, name="signals")  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run())
    try:
        await until(lambda: worker.healthy and worker.assigned, "it never worked")
        assert worker.replaced == 1
    finally:
        await worker.stop()
    assert task.done()
