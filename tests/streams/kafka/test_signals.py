"""That a person has mail goes over the broker: to whoever has her partition, readable by us alone."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer

from streams.kafka.messages import seal_mail
from streams.sealing import MasterKey
from tests.streams.kafka.town import HARBOUR, Corner, Listener, person, until


async def everything(corner: Corner, topic: str, count: int) -> list[Any]:
    """What anybody reads who reaches the broker."""
    consumer = AIOKafkaConsumer(topic, **corner.broker.options(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def test_a_wake_arrives_with_what_it_was_given(corner: Corner) -> None:
    """Organization, person, lane."""
    mia, ben, listener = person(), person(), Listener()
    async with corner.publisher() as publisher, corner.listening(listener):
        publisher.wake(HARBOUR, mia, 0)
        publisher.wake(HARBOUR, ben, 2)
        await until(lambda: listener.heard(mia, ben), "nobody was woken")
    assert sorted(listener.woken) == sorted([(HARBOUR, mia, 0), (HARBOUR, ben, 2)])
    assert listener.tally.handled == 2


async def test_who_reads_the_broker_learns_nothing(corner: Corner) -> None:
    """The key is an identifier that says nothing; the rest is sealed."""
    mia = person()
    async with corner.publisher() as publisher:
        publisher.wake(HARBOUR, mia, 0)
        (message,) = await everything(corner, corner.topics.signals.name, 1)
    assert message.key == mia.encode()
    assert HARBOUR.encode() not in message.value
    assert not message.headers


async def test_a_poisoned_message_harms_nobody(corner: Corner) -> None:
    """What is not ours is counted and dropped, whatever it is; the next one arrives."""
    mia, listener = person(), Listener()
    foreign = seal_mail(MasterKey(b"x" * 32).sealer("kafka"), HARBOUR, mia, 0)
    moved = seal_mail(corner.sealer, HARBOUR, person(), 0)
    lane = seal_mail(corner.sealer, HARBOUR, mia, 9)
    poison: list[tuple[bytes | None, bytes | None]] = [
        (None, b"{}"),
        (mia.encode(), b""),
        (mia.encode(), b"\xff" * 100_000),
        (b"\xff\xfe", b"x" * 64),
        (mia.encode(), None),
        (mia.encode(), foreign),
        (mia.encode(), moved),
        (mia.encode(), lane),
    ]
    async with corner.listening(listener) as worker, corner.publisher() as publisher:
        await corner.send(corner.topics.signals.name, *poison)
        publisher.wake(HARBOUR, mia, 1)
        await until(lambda: listener.heard(mia), "the good one never arrived")
        await until(lambda: listener.tally.unreadable == len(poison), "not all were counted")
        assert worker.replaced == 0
    assert listener.woken == [(HARBOUR, mia, 1)]


async def test_a_callback_that_fails_loses_itself_only(corner: Corner) -> None:
    """The agent goes on."""
    mia, ben, listener = person(), person(), Listener()
    wake = listener.wake

    def fails_for_mia(organization: str, who: str, lane: int) -> None:
        if who == mia:
            raise RuntimeError(who)
        wake(organization, who, lane)

    listener.wake = fails_for_mia  # type: ignore[method-assign]
    async with corner.listening(listener), corner.publisher() as publisher:
        publisher.wake(HARBOUR, mia, 0)
        await until(lambda: listener.tally.failed == 1, "it was not counted")
        publisher.wake(HARBOUR, ben, 0)
        await until(lambda: listener.heard(ben), "the agent stopped")


async def test_duplicates_are_woken_twice_and_that_is_all(corner: Corner) -> None:
    """A wake says that there is mail; to look twice is harmless."""
    mia, listener = person(), Listener()
    sealed = seal_mail(corner.sealer, HARBOUR, mia, 0)
    async with corner.listening(listener):
        await corner.send(corner.topics.signals.name, *[(mia.encode(), sealed)] * 3)
        await until(lambda: len(listener.woken) == 3, "not all arrived")
    assert set(listener.woken) == {(HARBOUR, mia, 0)}


async def test_a_restart_reads_on_where_it_stopped(corner: Corner) -> None:
    """What was read is not read again, what was not is."""
    mia, ben, first, second = person(), person(), Listener(), Listener()
    async with corner.publisher() as publisher:
        async with corner.listening(first):
            publisher.wake(HARBOUR, mia, 0)
            await until(lambda: first.heard(mia), "the first never heard")
        publisher.wake(HARBOUR, ben, 0)
        async with corner.listening(second):
            await until(lambda: second.heard(ben), "the second never heard")
    assert second.woken == [(HARBOUR, ben, 0)]
