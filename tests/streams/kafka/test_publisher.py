"""Publishing never makes anybody wait."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from streams.kafka import publisher as publishing
from streams.kafka.connection import Broker
from tests.cluster.ports import reserve
from tests.kafka.broker import KafkaCluster
from tests.streams.kafka.conftest import broker_of
from tests.streams.kafka.town import HARBOUR, Corner, Listener, later, person, until


@pytest.fixture
def nowhere() -> Corner:
    """A corner where no broker is."""
    return Corner(Broker(servers=(f"127.0.0.1:{reserve(1)[0]}",)))


async def test_without_a_broker_everything_is_dropped_and_nothing_waits(nowhere: Corner) -> None:
    """The sweeper, the store and the feed's own look are there for it."""
    async with nowhere.publisher(connected=False) as publisher:
        for _ in range(1000):
            publisher.wake(HARBOUR, person(), 0)
            publisher.poke()
        assert publisher.dropped == 1000
        async with asyncio.timeout(0.1):
            assert not await publisher.put_fixes(HARBOUR, person(), b"pier", at=later(1))
        assert not publisher.connected


async def test_until_somebody_declares_the_topics_it_waits(kafka: KafkaCluster) -> None:
    """It says what to do; then it begins by itself."""
    corner = Corner(broker_of(kafka))
    with capture_logs() as lines:
        async with corner.publisher(connected=False) as publisher:
            await until(lambda: lines, "it said nothing")
            assert not publisher.connected
            await corner.declare()
            await until(lambda: publisher.connected, "it did not begin")
    assert [line["event"] for line in lines] == ["the broker lacks topics", "the broker is back"]
    assert "porchlight topics" in lines[0]["why"]


async def test_many_for_one_person_are_one(corner: Corner) -> None:
    """As long as they wait together: to have mail once says it all. Lanes are kept apart."""
    mia, listener = person(), Listener()
    async with corner.listening(listener), corner.publisher() as publisher:
        for _ in range(100):
            publisher.wake(HARBOUR, mia, 0)
            publisher.wake(HARBOUR, mia, 1)
        await until(lambda: listener.tally.handled == 2, "it did not arrive")
    assert sorted(lane for _, _, lane in listener.woken) == [0, 1]


async def test_no_more_wait_than_may(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond are dropped and counted."""
    monkeypatch.setattr(publishing, "WAITING", 10)
    async with corner.publisher() as publisher:
        for _ in range(25):
            publisher.wake(HARBOUR, person(), 2)
        assert publisher.dropped == 15
        await until(lambda: publisher.published == 10, "the others were not sent")


async def test_a_press_overtakes_a_storm(corner: Corner) -> None:
    """The most urgent lane first."""
    mia, listener = person(), Listener()
    async with corner.publisher() as publisher:
        for _ in range(2000):
            publisher.wake(HARBOUR, person(), 1)
        publisher.wake(HARBOUR, mia, 0)
        assert publisher._next() is not None
        assert not publisher._lanes[0]
        async with corner.listening(listener):
            publisher.wake(HARBOUR, mia, 0)
            await until(lambda: listener.heard(mia), "she was not woken")


async def test_pokes_are_few_and_the_last_one_counts(corner: Corner) -> None:
    """One at once, one after the last."""
    consumer = AIOKafkaConsumer(**corner.broker.options(), auto_offset_reset="earliest")
    await consumer.start()
    place = TopicPartition(corner.topics.feed.name, 0)
    try:
        async with corner.publisher() as publisher:
            for _ in range(500):
                publisher.poke()
            await until(lambda: publisher.published == 2, "the last one was not told")
            assert (await consumer.end_offsets([place]))[place] == 2
            publisher.poke()
            await until(lambda: publisher.published == 3, "it poked no more")
    finally:
        await consumer.stop()


async def test_what_waits_is_sent_before_it_leaves(corner: Corner) -> None:
    """A stop is no reason to let the sweeper find it."""
    people, listener = [person() for _ in range(300)], Listener()
    async with corner.publisher() as publisher:
        for who in people:
            publisher.wake(HARBOUR, who, 0)
    assert publisher.published == 300
    async with corner.listening(listener):
        await until(lambda: listener.heard(*people), "not all were sent")


async def test_a_producer_that_gave_up_is_replaced(corner: Corner) -> None:
    """With it goes what it had not delivered; whoever comes after finds a new one."""
    mia, listener = person(), Listener()
    async with corner.listening(listener), corner.publisher() as publisher:
        first = publisher._producer
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lost.set_exception(RuntimeError("out of order"))
        publisher._in_flight += 1
        publisher._settled(first, lost)
        assert publisher.dropped == 1
        await until(lambda: publisher.connected and publisher._producer is not first, "it was not replaced")
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.heard(mia), "she was not woken")
        assert publisher._in_flight == 0


async def test_a_producer_to_which_nothing_is_acknowledged_is_replaced(
    corner: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the broker answers: after some looks another one may fare better."""
    monkeypatch.setattr(publishing, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(publishing, "MUTE_FOR", 3)
    async with corner.publisher() as publisher:
        first = publisher._producer
        publisher._in_flight += 1
        await until(lambda: not publisher.connected, "it did not notice")
        assert not await publisher.put_fixes(HARBOUR, person(), b"pier", at=later(1))
        await until(lambda: publisher.connected and publisher._producer is not first, "it was not replaced")
        assert await publisher.put_fixes(HARBOUR, person(), b"pier", at=later(1))
