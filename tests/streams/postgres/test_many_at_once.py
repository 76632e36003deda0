"""Many processes on one PostgreSQL: each of these would be a lost press, or somebody told twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from alerts import person_side
from alerts.person_side import VisiblePress
from alerts.responder_signals import PersonWrote
from alerts.signals import PanicPressed
from alerts.situation import Situation
from streams.postgres.database import migrate
from streams.postgres.store import PostgresStore
from streams.processor import handle
from streams.records import Organization, Outcome, Person, TimerRow
from streams.sealing import MasterKey, Unreadable
from streams.store import Unreachable
from tests.postgres.server import PostgresServer
from tests.services.jump_clock import NOON
from tests.services.town import until

KEY = MasterKey(b"k" * 32)
ORG = "org-1"
PEOPLE = [f"person-{n:03}" for n in range(40)]

Stores = Callable[[], PostgresStore]


@pytest.fixture
async def processes(database: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two processes' stores on one database, with people in it."""
    first, second = (PostgresStore(database, KEY, frozenset({"webhook"})) for _ in range(2))
    await asyncio.gather(first.start(), second.start())

    async def work(tx: Any) -> None:
        await tx.put(Organization(id=ORG, organization=ORG, name="Harbour House"))
        for person in PEOPLE:
            await tx.put(Person(id=person, organization=ORG, name=person))

    await first.write(work)
    yield first, second
    await first.close()
    await second.close()


def press(person: str, identity: str) -> PanicPressed:
    """A press without a window."""
    return PanicPressed(id=identity, person=person, at=NOON, received_at=NOON, incident=f"i-{person}", window_ends=None)


async def test_however_many_start_at_once_each_migration_runs_once(database: str) -> None:
    """The others wait for the first."""
    versions = await asyncio.gather(*(migrate(database) for _ in range(5)))
    assert len(set(versions)) == 1
    connection = await asyncpg.connect(database)
    ran = [row[0] for row in await connection.fetch("SELECT version FROM schema_versions ORDER BY at, version")]
    assert ran == list(range(1, versions[0] + 1))
    await connection.close()


async def test_the_version_before_works_beside_a_newer_one(
    database: str, processes: tuple[PostgresStore, PostgresStore]
) -> None:
    """A migration only adds: whoever does not know of it goes on, and may start again."""
    old, _ = processes
    connection = await asyncpg.connect(database)
    await connection.execute(
        "ALTER TABLE people ADD COLUMN colour TEXT; ALTER TABLE inbox ADD COLUMN weight INTEGER NOT NULL DEFAULT 0; "
        "CREATE TABLE more (id TEXT); INSERT INTO schema_versions (version) VALUES (99)"
    )
    await connection.close()
    await old.write(lambda tx: tx.put_mail(ORG, PEOPLE[0], 0, press(PEOPLE[0], "p")))
    await old.write(lambda tx: handle(tx, [(ORG, PEOPLE[0])], NOON))
    again = PostgresStore(database, KEY, frozenset())
    await again.start()
    assert (await again.read(lambda tx: tx.situation(PEOPLE[0]))).live_incident is not None
    await again.close()


async def test_two_processes_decide_each_signal_once_and_in_order(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """Each is woken for everybody; the lock leaves one of them nothing to do."""
    first, _ = processes

    async def work(tx: Any) -> None:
        for number in range(3):
            for person in PEOPLE:
                await tx.put_mail(ORG, person, 0, press(person, f"{person}-{number}"))

    await first.write(work)
    everybody = [(ORG, person) for person in PEOPLE]

    async def decide(store: PostgresStore, people: list[tuple[str, str]]) -> list[str]:
        handled = await store.write(lambda tx: handle(tx, people, NOON, claim=False), 0)
        return list(handled.decisions)

    decided = await asyncio.gather(*(decide(s, everybody[::step]) for s in processes for step in (1, -1, 1)))
    ids = [signal for part in decided for signal in part]
    assert len(ids) == len(set(ids)) == 3 * len(PEOPLE)
    for person in PEOPLE:
        mine = [signal for signal in ids if signal.startswith(person)]
        assert mine == sorted(mine)
        incident = (await first.read(lambda tx, p=person: tx.situation(p))).live_incident  # type: ignore[misc]
        assert incident is not None
        assert incident.presses == 3


async def test_who_is_being_decided_elsewhere_is_passed_over_and_a_press_does_not_wait(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """A batch skips the locked; putting mail takes no lock that a batch holds."""
    first, second = processes
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def long_batch(tx: Any) -> None:
        await tx.take([(ORG, PEOPLE[0])])
        taken.set()
        await go_on.wait()

    batch = asyncio.create_task(first.write(long_batch))
    await taken.wait()
    try:
        async with asyncio.timeout(2):
            assert await second.write(lambda tx: tx.put_mail(ORG, PEOPLE[0], 0, press(PEOPLE[0], "p")), 0)
            people = [(ORG, PEOPLE[0]), (ORG, PEOPLE[1])]
            works, skipped = await second.write(lambda tx: tx.take(people, wait=False))
        assert (works, skipped) == ([], [(ORG, PEOPLE[0])])
    finally:
        go_on.set()
        await batch
    ((work,), _) = await second.write(lambda tx: tx.take([(ORG, PEOPLE[0])], wait=False))
    assert [mail.signal.id for mail in work.mail] == ["p"]


async def test_presses_of_one_person_at_two_processes_both_count_on_her_own_side(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """Reading her side keeps the other out until it is written."""
    mia = PEOPLE[0]

    async def accept(tx: Any, identity: str) -> None:
        side = await tx.person_side(mia)
        pressed = VisiblePress(id=identity, at=NOON, stored_at=NOON)
        changed, _ = person_side.press(side, person=mia, pressed=pressed, window=timedelta(seconds=10), now=NOON)
        await tx.put_mail(ORG, mia, 0, press(mia, identity))
        await tx.save_person_side(ORG, mia, changed)

    await asyncio.gather(
        *(processes[n % 2].write(lambda tx, n=n: accept(tx, f"press-{n}"), 0) for n in range(12))  # type: ignore[misc]
    )
    side = await processes[0].read(lambda tx: tx.person_side(mia))
    assert side.alarm is not None
    assert {p.id for p in side.alarm.presses} == {f"press-{n}" for n in range(12)}


async def test_the_same_key_at_two_processes_runs_once(processes: tuple[PostgresStore, PostgresStore]) -> None:
    """Whoever is second waits, and gets the first answer."""
    ran = []

    async def once(tx: Any, name: str) -> bytes:
        kept = await tx.kept_answer("olga", "key")
        if kept is not None:
            return bytes(kept[2])
        ran.append(name)
        await asyncio.sleep(0.05)
        await tx.keep_answer(ORG, "olga", "key", b"f", 201, name.encode(), NOON)
        return name.encode()

    answers = await asyncio.gather(
        *(store.write(lambda tx, n=n: once(tx, n)) for n, store in zip("ab", processes, strict=True))  # type: ignore[misc]
    )
    assert len(ran) == 1
    assert answers == [ran[0].encode()] * 2


async def test_timers_and_deliveries_go_to_one_of_them(processes: tuple[PostgresStore, PostgresStore]) -> None:
    """Also where all are due at once."""

    async def put(tx: Any) -> None:
        for person in PEOPLE:
            blank = Situation(person=person)
            outcome = Outcome(organization=ORG, person=person, before=blank, situation=blank)
            outcome.timers = [TimerRow(organization=ORG, person=person, name="steps", generation=1, due_at=NOON)]
            await tx.settle_all([outcome], NOON)

    await processes[0].write(put)
    taken: list[str] = []
    while len(taken) < len(PEOPLE):
        rounds = await asyncio.gather(*(s.write(lambda tx: tx.take_due_timers(NOON, 7)) for s in processes * 2))
        assert any(rounds)
        taken += [timer.person for timers in rounds for timer in timers]
    assert sorted(taken) == PEOPLE


async def test_the_feed_waits_for_a_change_that_began_before_and_ends_after(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """Else a console that had seen the later one would never see the earlier."""
    first, second = processes
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Any) -> None:
        await tx.publish(ORG, PEOPLE[0], "slow", "incident.opened", NOON)
        written.set()
        await go_on.wait()

    slow_one = asyncio.create_task(first.write(slow))
    await written.wait()
    await second.write(lambda tx: tx.publish(ORG, PEOPLE[1], "quick", "incident.opened", NOON))
    assert await second.read(lambda tx: tx.feed(0, 10)) == []
    go_on.set()
    await slow_one

    async def complete() -> bool:
        return len(await second.read(lambda tx: tx.feed(0, 10))) == 2

    await until(complete, "the feed never became complete")
    events = await second.read(lambda tx: tx.feed(0, 10))
    assert [event.incident for event in events] == ["slow", "quick"]
    assert [e.incident for e in await second.read(lambda tx: tx.feed(events[0].number, 10))] == ["quick"]


async def test_a_key_that_one_process_destroys_is_soon_unknown_to_the_other(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """Though it had it at hand."""
    first, second = processes
    mia = PEOPLE[0]
    await second.write(lambda tx: tx.put_mail(ORG, mia, 0, press(mia, "p")))
    await first.destroy_key(mia, NOON)

    async def gone() -> bool:
        return second._keys.known(mia) is None

    await until(gone, "the key is still at hand")
    with pytest.raises(Unreadable):
        await second.read(lambda tx: tx.get(Person, ORG, mia))


async def test_a_server_that_goes_is_noticed_and_one_that_comes_is_used(postgres: PostgresServer) -> None:
    """Nobody waits for it meanwhile; what was committed is there."""
    store = PostgresStore(await postgres.create_database("goes_and_comes"), KEY, frozenset())
    await store.start()
    await store.write(lambda tx: tx.beat("before", NOON))
    await postgres.stop()

    async def refused() -> bool:
        try:
            await store.write(lambda tx: tx.beat("away", NOON))
        except Unreachable:
            return not store.up
        return False

    await until(refused, "it was never noticed", 15)
    await postgres.start()

    async def back() -> bool:
        return store.up

    await until(back, "it never came back", 15)
    assert await store.read(lambda tx: tx.last_beat("before")) is None
    await store.write(lambda tx: tx.beat("pump:one", NOON))
    assert await store.read(lambda tx: tx.last_beat("pump")) == NOON
    await store.close()


async def test_a_store_that_is_away_at_the_start_is_used_when_it_comes(postgres: PostgresServer) -> None:
    """The process starts all the same."""
    url = await postgres.create_database("comes_late")
    await postgres.stop()
    store = PostgresStore(url, KEY, frozenset())
    await store.start()
    assert not store.up
    with pytest.raises(Unreachable):
        await store.read(lambda tx: tx.organizations())
    await postgres.start()

    async def back() -> bool:
        return store.up

    await until(back, "it was never found", 15)
    assert await store.read(lambda tx: tx.organizations()) == []
    await store.close()


def wrote(person: str, number: int) -> PersonWrote:
    """A message."""
    return PersonWrote(id=f"{person}-w-{number}", person=person, at=NOON, received_at=NOON, text="x")


async def test_two_that_want_the_same_rows_in_different_order_both_get_them(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """The server ends one of the two, which begins anew."""
    first, second = processes
    met = asyncio.Barrier(2)
    tries = []

    async def work(tx: Any, order: list[str]) -> None:
        tries.append(order)
        for number, person in enumerate(order):
            await tx.save_person_side(ORG, person, person_side.PersonSide())
            if number == 0 and len(tries) <= 2:
                await met.wait()

    pair = PEOPLE[:2]
    await asyncio.gather(
        first.write(lambda tx: work(tx, pair)),
        second.write(lambda tx: work(tx, pair[::-1])),
    )
    assert len(tries) == 3


async def accept(tx: Any, person: str, identity: str) -> bool:
    """A press as a call takes it."""
    side = await tx.person_side(person)
    if await tx.first_answer(person, identity) is not None:
        return False
    pressed = VisiblePress(id=identity, at=NOON, stored_at=NOON)
    changed, _ = person_side.press(side, person=person, pressed=pressed, window=timedelta(0), now=NOON)
    await tx.put_mail(ORG, person, 0, press(person, identity), b"answer")
    await tx.save_person_side(ORG, person, changed)
    return True


async def test_presses_that_share_a_transaction_are_each_their_own(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """At two processes, several of each person, repeats among them."""
    wanted = [(person, f"{person}-{n % 3}") for n in range(6) for person in PEOPLE[:20]]
    answers = await asyncio.gather(
        *(
            processes[n % 2].write(lambda tx, p=p, i=i: accept(tx, p, i), 0, about=p)  # type: ignore[misc]
            for n, (p, i) in enumerate(wanted)
        )
    )
    assert sum(answers) == 3 * 20
    for person in PEOPLE[:20]:
        side = await processes[0].read(lambda tx, p=person: tx.person_side(p))  # type: ignore[misc]
        assert side.alarm is not None
        assert len(side.alarm.presses) == 3
        ((work,), _) = await processes[0].write(lambda tx, p=person: tx.take([(ORG, p)]))  # type: ignore[misc]
        assert len(work.mail) == 3


@pytest.mark.parametrize("fault", ["ours", "the server's"])
async def test_one_that_fails_in_a_group_spoils_nobody_elses(
    processes: tuple[PostgresStore, PostgresStore], fault: str
) -> None:
    """Nothing of it stays; the others are run again by themselves."""
    store = processes[0]

    async def bad(tx: Any, person: str) -> bool:
        await accept(tx, person, f"{person}-bad")
        if fault == "ours":
            raise LookupError("no")
        await tx.rows("SELECT 1 / ?::int", 0)
        return True

    work = [(person, bad if number == 7 else accept) for number, person in enumerate(PEOPLE)]
    results = await asyncio.gather(
        *(
            store.write(lambda tx, p=p, w=w: w(tx, p, f"{p}-good") if w is accept else w(tx, p), 0, about=p)  # type: ignore[misc]
            for p, w in work
        ),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [n == 7 for n in range(len(PEOPLE))]
    waiting = {row[2] for row in await store.read(lambda tx: tx.waiting(100))}
    assert waiting == set(PEOPLE) - {PEOPLE[7]}


async def test_who_goes_away_while_a_group_runs_takes_nobody_along(
    processes: tuple[PostgresStore, PostgresStore],
) -> None:
    """A phone that hangs up; what it asked for may be kept."""
    store = processes[0]
    writes = [
        asyncio.ensure_future(store.write(lambda tx, p=p: accept(tx, p, f"{p}-1"), 0, about=p))  # type: ignore[misc]
        for p in PEOPLE
    ]
    await asyncio.sleep(0)
    writes[3].cancel()
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(one, BaseException) for one in done] == [n == 3 for n in range(len(PEOPLE))]
