"""What every store promises: the port's contract, borne by each adapter."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.responder_signals import PersonWrote
from alerts.signal_base import Fix
from alerts.signals import FixReported, PanicPressed
from alerts.situation import Situation
from streams.postgres.store import PostgresStore
from streams.processor import handle
from streams.records import Contact, Delivery, Method, Organization, Outcome, Person, TimerRow, Token
from streams.sealing import MasterKey, Unreadable
from streams.sqlite.store import SqliteStore
from streams.store import InUse, NotKept, Store, Transaction
from tests.services.jump_clock import NOON

KEY = MasterKey(b"k" * 32)
ORG, OTHER, MIA, NOA = "org-1", "org-2", "mia", "noa"


@pytest.fixture(params=["sqlite", "postgres"])
def bearer(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Each adapter in turn."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "data", KEY, frozenset({"webhook"}))
    database: str = request.getfixturevalue("database")
    return lambda: PostgresStore(database, KEY, frozenset({"webhook"}))


@pytest.fixture
async def store(bearer: Callable[[], Store]) -> AsyncIterator[Store]:
    """A store with two agencies and a person in each."""
    made = bearer()
    await made.start()

    async def work(tx: Transaction) -> None:
        for agency, person in ((ORG, MIA), (OTHER, NOA)):
            await tx.put(Organization(id=agency, organization=agency, name=agency))
            await tx.put(Person(id=person, organization=agency, name=person))

    await made.write(work)
    yield made
    await made.close()


def wrote(identity: str, person: str = MIA, **fields: Any) -> PersonWrote:
    """A signal."""
    return PersonWrote(id=identity, person=person, at=NOON, received_at=NOON, text="x", **fields)


def delivery(identity: str, **fields: Any) -> Delivery:
    """A delivery that is due."""
    values: dict[str, Any] = {
        "id": identity,
        "organization": ORG,
        "person": MIA,
        "subject": "i-1",
        "incident": None,
        "recipient": "dispatch",
        "method": "m-1",
        "channel": "webhook",
        "purpose": "alert",
        "epoch": 0,
        "step": 0,
        "round": 0,
        "position": 0,
        "methods": 2,
        "lane": 0,
        "drill": False,
        "due_at": NOON,
        "give_up_at": NOON + timedelta(minutes=10),
        "created_at": NOON,
    }
    return Delivery(**{**values, **fields})


async def test_work_that_raises_leaves_nothing_behind_and_spoils_nobody_elses(store: Store) -> None:
    """A savepoint per request, though they share a commit."""

    async def good(tx: Transaction) -> bool:
        return await tx.put_mail(ORG, MIA, 0, wrote("good"))

    async def bad(tx: Transaction) -> None:
        await tx.put_mail(ORG, MIA, 0, wrote("bad"))
        raise LookupError("no")

    results = await asyncio.gather(store.write(good), store.write(bad), store.write(good), return_exceptions=True)
    assert [type(r) for r in results] == [bool, LookupError, bool]
    assert results[0] is True
    assert results[2] is False
    ((work,), _) = await store.read(lambda tx: tx.take([(ORG, MIA)]))
    assert [mail.signal.id for mail in work.mail] == ["good"]


async def test_mail_is_kept_once_and_taken_in_the_order_in_which_it_came(store: Store) -> None:
    """All of a person's, whatever its lane."""

    async def work(tx: Transaction) -> list[bool]:
        return [await tx.put_mail(ORG, MIA, lane, wrote(i), b"answer") for i, lane in (("b", 2), ("a", 0), ("b", 2))]

    assert await store.write(work) == [True, True, False]
    ((work_of_mia,), _) = await store.read(lambda tx: tx.take([(ORG, MIA), (OTHER, NOA)]))
    assert [mail.signal.id for mail in work_of_mia.mail] == ["b", "a"]
    assert await store.read(lambda tx: tx.first_answer(MIA, "b")) == b"answer"
    assert await store.read(lambda tx: tx.first_answer(NOA, "b")) is None


async def test_who_waits_comes_by_lane(store: Store) -> None:
    """The most urgent first."""

    async def work(tx: Transaction) -> None:
        await tx.put_mail(ORG, MIA, 2, wrote("slow"))
        await tx.put_mail(OTHER, NOA, 0, wrote("alarm", NOA))

    await store.write(work)
    assert [row[2] for row in await store.read(lambda tx: tx.waiting(10))] == [NOA, MIA]
    assert await store.read(lambda tx: tx.waiting(10, NOON - timedelta(seconds=1))) == []
    await store.write(lambda tx: handle(tx, [(ORG, MIA), (OTHER, NOA)], NOON))
    assert await store.read(lambda tx: tx.waiting(10)) == []


async def test_mail_is_taken_for_the_agency_that_it_belongs_to(store: Store) -> None:
    """Whoever is woken for another one finds nothing, and is not decided twice."""
    await store.write(lambda tx: tx.put_mail(ORG, MIA, 0, wrote("hers")))
    works, _ = await store.write(lambda tx: tx.take([(OTHER, MIA), (ORG, MIA)]))
    assert [(work.organization, work.person) for work in works] == [(ORG, MIA)]


async def test_a_timer_is_taken_once(store: Store) -> None:
    """The one of the same name takes the place of the one before."""

    async def put(tx: Transaction) -> None:
        outcome = Outcome(organization=ORG, person=MIA, before=Situation(person=MIA), situation=Situation(person=MIA))
        for number, name in ((1, "steps"), (2, "steps"), (3, "check-in:x")):
            due = NOON + timedelta(seconds=number)
            outcome.timers = [TimerRow(organization=ORG, person=MIA, name=name, generation=number, due_at=due)]
            await tx.settle_all([outcome], NOON)

    await store.write(put)
    assert await store.read(lambda tx: tx.next_due()) == NOON + timedelta(seconds=2)
    later = NOON + timedelta(seconds=5)
    held = await store.write(lambda tx: tx.take_due_timers(later, 10, without_check_ins=True))
    assert [(timer.name, timer.generation) for timer in held] == [("steps", 2)]
    assert [t.name for t in await store.write(lambda tx: tx.take_due_timers(later, 10))] == ["check-in:x"]
    assert await store.write(lambda tx: tx.take_due_timers(later, 10)) == []
    ((work,), _) = await store.read(lambda tx: tx.take([(ORG, MIA)], {MIA: [wrote("also")]}))
    assert [mail.number for mail in work.mail] == [0]


async def test_a_claim_holds_until_its_lease_ends_and_then_belongs_to_the_next(store: Store) -> None:
    """Whoever comes late and has failed settles nothing; what was received is received, whoever says so."""
    await store.write(lambda tx: tx.put_deliveries([delivery("d"), delivery("d"), delivery("e", lane=1)]))
    lease = timedelta(seconds=3)
    first = await store.write(lambda tx: tx.claim(NOON, lease, 10))
    assert [(d.id, d.attempts, d.state) for d in first] == [("d", 1, "sending"), ("e", 1, "sending")]
    assert await store.write(lambda tx: tx.claim(NOON + timedelta(seconds=2), lease, 10)) == []
    await store.write(lambda tx: tx.renew([("e", 1)], NOON + timedelta(seconds=60)))
    (second,) = await store.write(lambda tx: tx.claim(NOON + timedelta(seconds=3), lease, 10))
    assert (second.id, second.attempts) == ("d", 2)
    await store.write(lambda tx: tx.failed_once(first[0], "status 500", None, NOON))
    assert await store.write(lambda tx: tx.succeeded([(first[0], "delivered")], NOON)) == {second.id}
    assert await store.write(lambda tx: tx.succeeded([(second, "delivered")], NOON)) == set()
    assert await store.write(lambda tx: tx.claim(NOON + timedelta(seconds=30), lease, 10)) == []


async def test_a_success_spares_the_other_methods_and_a_failure_starts_the_next(store: Store) -> None:
    """Of the same recipient in the same round."""
    later = NOON + timedelta(seconds=3)
    rows = [delivery("one"), delivery("two", position=1, due_at=later), delivery("other", recipient="last_resort")]
    await store.write(lambda tx: tx.put_deliveries(rows))
    lease = timedelta(seconds=3)
    claimed = {d.id: d for d in await store.write(lambda tx: tx.claim(NOON, lease, 10))}
    assert set(claimed) == {"one", "other"}
    await store.write(lambda tx: tx.failed_once(claimed["one"], "status 500", later, NOON))
    (two,) = await store.write(lambda tx: tx.claim(NOON, lease, 10))
    assert two.id == "two"
    await store.write(lambda tx: tx.succeeded([(two, "sent")], NOON))
    left = await store.write(lambda tx: tx.claim(NOON + timedelta(seconds=20), lease, 10))
    assert [d.id for d in left] == ["other"]


async def test_what_was_voided_is_not_sent_but_the_all_clear_is(store: Store) -> None:
    """Closing decides both."""
    rows = [delivery("alert"), delivery("clear", purpose="all_clear")]
    await store.write(lambda tx: tx.put_deliveries(rows))
    await store.write(lambda tx: tx.void_subject("i-1", NOON))
    claimed = await store.write(lambda tx: tx.claim(NOON, timedelta(seconds=3), 10))
    assert [d.id for d in claimed] == ["clear"]


async def test_another_agencys_id_is_an_unknown_one(store: Store) -> None:
    """In every method that names an organization."""
    assert await store.read(lambda tx: tx.get(Person, OTHER, MIA)) is None
    assert await store.write(lambda tx: tx.remove(Person, OTHER, MIA, NOON)) is False
    assert [p.id for _, p in await store.read(lambda tx: tx.listed(Person, OTHER))] == [NOA]

    async def overwrite(tx: Transaction) -> None:
        await tx.put(Person(id=MIA, organization=OTHER, name="stolen"))

    await store.write(overwrite)
    kept = await store.read(lambda tx: tx.get(Person, ORG, MIA))
    assert kept is not None
    assert kept.name == MIA


async def test_tokens_are_spent_once_and_die_with_their_subject(store: Store) -> None:
    """By their hash only."""
    token = Token(kind="enrol", organization=ORG, subject="phone", person=MIA)
    await store.write(lambda tx: tx.put_token(b"hash", token))
    assert await store.write(lambda tx: tx.spend_token(b"hash")) == token
    assert await store.write(lambda tx: tx.spend_token(b"hash")) is None
    await store.write(lambda tx: tx.put_token(b"again", token))
    await store.write(lambda tx: tx.drop_tokens("phone"))
    assert await store.read(lambda tx: tx.token(b"again")) is None


async def test_a_care_plan_holds_only_what_can_be_used_now(store: Store) -> None:
    """Confirmed or not is said; a channel that is not configured is left out; who declined is no contact."""

    async def work(tx: Transaction) -> None:
        for number, (consent, channel) in enumerate(
            (("pending", "webhook"), ("confirmed", "sms"), ("declined", "webhook"))
        ):
            method = Method(id=f"m{number}", channel=channel, address="x")
            contact = Contact(
                id=f"c{number}", organization=ORG, person=MIA, name="c", order=9 - number, methods=(method,),
                consent=consent,  # type: ignore[arg-type]
            )  # fmt: skip
            await tx.put(contact)

    await store.write(work)
    plan = await store.read(lambda tx: tx.care_plan(ORG, MIA))
    assert [(c.id, c.confirmed, len(c.methods)) for c in plan.contacts] == [("c1", True, 0), ("c0", False, 1)]


async def test_what_a_destroyed_key_sealed_is_gone(store: Store) -> None:
    """From log and backups too."""
    await store.write(lambda tx: tx.put_mail(ORG, MIA, 0, wrote("x")))
    await store.destroy_key(MIA, NOON)
    with pytest.raises(Unreadable):
        await store.read(lambda tx: tx.get(Person, ORG, MIA))
    ((work,), _) = await store.read(lambda tx: tx.take([(ORG, MIA)]))
    assert work.mail == ()
    assert len(work.undecodable) == 1
    assert await store.read(lambda tx: tx.get(Person, OTHER, NOA)) is not None


async def test_the_trail_goes_when_its_time_is_over(store: Store) -> None:
    """And stays while an incident is live."""
    fix = Fix(latitude=1.0, longitude=2.0, at=NOON, received_at=NOON)
    await store.write(lambda tx: tx.put_fixes(ORG, MIA, [fix]))
    assert await store.read(lambda tx: tx.trail(MIA, NOON)) == [fix]
    signal = FixReported(id="f", person=MIA, at=NOON, received_at=NOON, fix=fix)
    assert await store.write(lambda tx: tx.put_mail(ORG, MIA, 2, signal))


async def test_a_kept_answer_is_the_first_one(store: Store) -> None:
    """For the actor who got it."""
    for body in (b"first", b"second"):
        await store.write(lambda tx, body=body: tx.keep_answer(ORG, "sam", "key", b"f", 201, body, NOON))  # type: ignore[misc]
    assert await store.read(lambda tx: tx.kept_answer("sam", "key")) == (b"f", 201, b"first")
    assert await store.read(lambda tx: tx.kept_answer("dana", "key")) is None


async def test_work_handed_in_before_the_end_is_carried_out_and_none_after(tmp_path: Path) -> None:
    """Closing drains."""
    store = SqliteStore(tmp_path / "data", KEY, frozenset())

    async def work(tx: Transaction) -> None:
        await tx.beat("x", NOON)

    pending = [asyncio.ensure_future(store.write(work)) for _ in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*pending)
    with pytest.raises(NotKept):
        await store.write(work)


async def test_a_full_disk_keeps_nothing_says_so_and_recovers(tmp_path: Path) -> None:
    """What cannot be kept is never answered with success; what is there stays readable."""
    store = SqliteStore(tmp_path / "data", KEY, frozenset())

    async def add(tx: Transaction) -> None:
        await tx.put(Organization(id=ORG, organization=ORG, name="x" * 100_000))

    await store.write(add)
    connection: sqlite3.Connection = store._write
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")

    async def more(tx: Transaction) -> None:
        await tx.put(Organization(id=OTHER, organization=OTHER, name="y" * 1_000_000))

    with pytest.raises(NotKept):
        await store.write(more)
    assert await store.read(lambda tx: tx.get(Organization, ORG, ORG)) is not None
    connection.execute("PRAGMA max_page_count = 1000000")
    await store.write(more)
    assert await store.read(lambda tx: tx.get(Organization, OTHER, OTHER)) is not None
    await store.close()


async def test_only_one_process_runs_the_engine_on_a_folder(tmp_path: Path) -> None:
    """A command may add a token beside it."""
    store = SqliteStore(tmp_path / "data", KEY, frozenset())
    with pytest.raises(InUse):
        SqliteStore(tmp_path / "data", KEY, frozenset())
    beside = SqliteStore(tmp_path / "data", KEY, frozenset(), exclusive=False)
    await beside.write(lambda tx: tx.beat("beside", NOON))
    await beside.close()
    await store.close()


async def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    """And says so rather than guessing."""
    store = SqliteStore(tmp_path / "data", KEY, frozenset())
    await store.write(lambda tx: tx.put(Organization(id=ORG, organization=ORG, name="x")))
    await store.close()
    other = SqliteStore(tmp_path / "data", MasterKey(b"l" * 32), frozenset())
    with pytest.raises(Unreadable):
        await other.read(lambda tx: tx.get(Organization, ORG, ORG))
    await other.close()


async def test_incidents_are_found_together_each_for_its_own_agency(store: Store) -> None:
    pressed = PanicPressed(id="p-1", person=MIA, at=NOON, received_at=NOON, incident="i-1", window_ends=None)
    await store.write(lambda tx: handle(tx, [(ORG, MIA)], NOON, also={MIA: [pressed]}))
    (known,) = await store.read(lambda tx: tx.incidents(ORG, ["pending", "open"]))
    one = known.incident.id
    assert (await store.read(lambda tx: tx.incidents_at([(ORG, one), (ORG, "never")])))[one] == known.incident
    assert await store.read(lambda tx: tx.incidents_at([(OTHER, one)])) == {}
    assert await store.read(lambda tx: tx.incidents_at([])) == {}
