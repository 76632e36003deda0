"""The broker comes and goes; publisher, workers and feed come back by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.kafka.broker import KafkaCluster
from tests.streams.kafka.conftest import broker_of
from tests.streams.kafka.test_feed_wakeups import open_ears
from tests.streams.kafka.town import HARBOUR, Corner, Keeper, Listener, later, person, until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def shaky(own_kafka: KafkaCluster) -> AsyncIterator[Corner]:
    """A corner on a broker that may be stopped; afterwards it runs again."""
    corner = Corner(broker_of(own_kafka))
    await corner.declare()
    yield corner
    own_kafka.resume(0)
    if not own_kafka.nodes[0].running:
        await own_kafka.start(0)


async def test_a_broker_that_comes_up_late_just_works(own_kafka: KafkaCluster, shaky: Corner) -> None:
    """Whoever starts before it waits for it, and says so once."""
    mia, listener = person(), Listener()
    await own_kafka.stop(0)
    with capture_logs() as lines:
        async with (
            shaky.publisher(connected=False) as publisher,
            shaky.listening(listener, working=False) as worker,
        ):
            await until(lambda: worker.state == "waiting", "it does not wait")
            assert not publisher.connected
            await own_kafka.start(0)
            await until(lambda: publisher.connected and worker.healthy and worker.assigned, "it did not begin")
            publisher.wake(HARBOUR, mia, 0)
            await until(lambda: listener.heard(mia), "she was not woken")
            assert worker.replaced == 0
    said = [(line["part"], line["action"]) for line in lines]
    for part in ("publisher", "signals"):
        assert [action for who, action in said if who == part] == ["broker_away", "broker_back"]


async def test_after_a_restart_of_the_broker_all_go_on(own_kafka: KafkaCluster, shaky: Corner) -> None:
    """Without anybody's help, and without a new app."""
    mia, ben, listener, keeper = person(), person(), Listener(), Keeper()
    async with (
        shaky.publisher() as publisher,
        shaky.listening(listener) as signals,
        shaky.keeping(keeper) as locations,
        open_ears(shaky) as ears,
    ):
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")
        await own_kafka.stop(0)
        await until(lambda: not publisher.connected, "the publisher did not notice")
        await until(lambda: signals.state == locations.state == "away", "the workers did not notice")
        assert not signals.healthy
        publisher.wake(HARBOUR, mia, 0)
        assert publisher.dropped == 1
        assert not await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        await own_kafka.start(0)
        await until(lambda: publisher.connected, "the publisher did not come back")
        await until(lambda: signals.healthy and locations.healthy, "the workers did not come back")
        publisher.wake(HARBOUR, ben, 0)
        assert await publisher.put_fixes(HARBOUR, ben, b"bridge", at=later(2))
        await until(lambda: listener.heard(ben), "he was not woken")
        await until(lambda: [fixes.person for fixes in keeper.kept] == [ben], "his fixes were not kept")
        before = ears.pokes
        publisher.poke()
        await until(lambda: ears.pokes > before, "the feed is not heard")
        assert signals.replaced == locations.replaced == 0


async def test_a_broker_that_stands_still_holds_nobody_up(own_kafka: KafkaCluster, shaky: Corner) -> None:
    """Its connections are open, and nothing comes back: fixes go elsewhere after a second, wakes at once."""
    mia, listener = person(), Listener()
    async with shaky.publisher() as publisher, shaky.listening(listener):
        own_kafka.pause(0)
        async with asyncio.timeout(3):
            while await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1)):
                """It has not come to a stand yet."""
        await until(lambda: not publisher.connected, "the publisher did not notice")
        async with asyncio.timeout(0.1):
            assert not await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        own_kafka.resume(0)
        await until(lambda: publisher.connected, "the publisher did not come back")
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")


async def test_a_crash_while_no_broker_answers_is_mended_when_one_does(own_kafka: KafkaCluster, shaky: Corner) -> None:
    """Not before: nothing would come of it."""
    mia, listener = person(), Listener()
    async with shaky.publisher() as publisher, shaky.listening(listener) as worker:
        first = worker.current
        assert first is not None
        await own_kafka.stop(0)
        await first.app.crash(RuntimeError("as Faust does"))
        await until(lambda: worker.state == "away", "it did not notice")
        assert worker.current is first
        await own_kafka.start(0)
        await until(lambda: worker.current is not first and worker.healthy and publisher.connected, "it was not mended")
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")
        assert worker.replaced == 1


async def test_all_can_stop_while_the_broker_is_away(own_kafka: KafkaCluster, shaky: Corner) -> None:
    """Within limits, without holding up the loop."""
    async with asyncio.timeout(60):
        async with (
            shaky.publisher() as publisher,
            shaky.listening(Listener()) as signals,
            shaky.keeping(Keeper()) as locations,
        ):
            await own_kafka.stop(0)
            await until(lambda: not publisher.connected, "the publisher did not notice")
            began = asyncio.get_running_loop().time()
        took = asyncio.get_running_loop().time() - began
    assert took < 15
    assert signals.state == locations.state == "stopped"
