"""Where people are goes over the broker: the newest is at hand, all of them are kept."""

from __future__ import annotations

import pytest

from streams.kafka import faust_app
from streams.kafka.faust_app import LastFixes
from streams.kafka.stream_worker import StreamWorker
from tests.streams.kafka.town import HARBOUR, Corner, Keeper, later, person, until


def last(worker: StreamWorker) -> LastFixes:
    """The table of the app that runs now."""
    assert worker.current is not None
    assert worker.current.last_fixes is not None
    return worker.current.last_fixes


async def test_all_are_kept_and_the_newest_wins(corner: Corner) -> None:
    """Whatever the order in which they come."""
    mia, keeper = person(), Keeper()
    async with corner.publisher() as publisher, corner.keeping(keeper) as worker:
        for minute, words in ((1, b"pier"), (3, b"station"), (2, b"bridge")):
            assert await publisher.put_fixes(HARBOUR, mia, words, at=later(minute))
        await until(lambda: len(keeper.kept) == 3, "not all were kept")
        newest = last(worker).of(mia)
        assert last(worker).of(person()) is None
    assert [fixes.sealed for fixes in keeper.kept] == [b"pier", b"station", b"bridge"]
    assert {(fixes.organization, fixes.person) for fixes in keeper.kept} == {(HARBOUR, mia)}
    assert newest is not None
    assert (newest.at, newest.sealed) == (later(3), b"station")


async def test_the_newest_is_known_again_after_a_restart(corner: Corner) -> None:
    """From the changelog: the fixes themselves are not read again."""
    people, first, second = [person() for _ in range(20)], Keeper(), Keeper()
    async with corner.publisher() as publisher:
        async with corner.keeping(first):
            for minute in (1, 2):
                for who in people:
                    assert await publisher.put_fixes(HARBOUR, who, b"pier", at=later(minute))
            await until(lambda: len(first.kept) == 40, "not all were kept")
        async with corner.keeping(second) as worker:
            found = [last(worker).of(who) for who in people]
    assert [fixes and fixes.at for fixes in found] == [later(2)] * 20
    assert second.kept == []


async def test_fixes_that_nobody_takes_are_offered_again(corner: Corner) -> None:
    """A store that is away for a moment costs nothing."""
    mia, keeper = person(), Keeper()
    keeper.trouble = 2
    async with corner.publisher() as publisher, corner.keeping(keeper):
        assert await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        await until(lambda: len(keeper.kept) == 1, "it was not offered again")
    assert keeper.alarms == []
    assert (keeper.tally.handled, keeper.tally.failed) == (1, 0)


async def test_fixes_that_nobody_ever_takes_are_counted_and_told(
    corner: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not silently; and those after them arrive."""
    monkeypatch.setattr(faust_app, "KEEP_AGAIN", (0.01, 0.01))
    mia, keeper = person(), Keeper()
    keeper.trouble = 3
    async with corner.publisher() as publisher, corner.keeping(keeper):
        assert await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        await until(lambda: keeper.alarms == ["fixes_lost"], "nobody was told")
        assert await publisher.put_fixes(HARBOUR, mia, b"bridge", at=later(2))
        await until(lambda: len(keeper.kept) == 1, "the next did not arrive")
    assert [fixes.sealed for fixes in keeper.kept] == [b"bridge"]
    assert (keeper.tally.handled, keeper.tally.failed) == (1, 1)


async def test_poison_among_fixes_costs_the_others_nothing(corner: Corner) -> None:
    """It is counted and dropped."""
    mia, keeper = person(), Keeper()
    async with corner.publisher() as publisher, corner.keeping(keeper):
        await corner.send(corner.topics.locations.name, (mia.encode(), b"x" * 99), (None, b"y"), (mia.encode(), None))
        assert await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        await until(lambda: len(keeper.kept) == 1, "the good one did not arrive")
        await until(lambda: keeper.tally.unreadable == 3, "not all were counted")


async def test_what_is_another_workers_is_not_remembered_here(corner: Corner) -> None:
    """A cache that forgets nothing would answer with what was long ago."""
    people, first, second = [person() for _ in range(24)], Keeper(), Keeper()
    async with corner.publisher() as publisher, corner.keeping(first) as one:
        for who in people:
            assert await publisher.put_fixes(HARBOUR, who, b"pier", at=later(1))
        await until(lambda: len(first.kept) == 24, "not all were kept")
        async with corner.keeping(second) as two:
            await until(lambda: len(one.assigned) == len(two.assigned) == 2, "they did not share")

            def shared() -> bool:
                known = [{who for who in people if last(worker).of(who)} for worker in (one, two)]
                return known[0] | known[1] == set(people) and not known[0] & known[1]

            await until(shared, "somebody is known twice, or not at all")
