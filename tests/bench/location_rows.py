"""P7: positions. Through one machine's calls, and through Faust beside an agent that does nothing but keep a table."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alerts.signal_base import Fix
from streams.fix_stream import FixStream
from streams.kafka.connection import Broker
from streams.kafka.faust_app import StreamApp, Tally, make_locations_app
from streams.kafka.faust_parts import new_app, new_table
from streams.kafka.messages import Fixes, key_of, seal_fixes
from streams.kafka.stream_worker import StreamWorker
from streams.kafka.topics import Topics, declare, topics
from streams.postgres.store import PostgresStore
from streams.sealing import MasterKey
from tests.bench.measuring import Row, cpu_seconds, service, wrk
from tests.bench.postgres_rows import postgres
from tests.bench.server import Plan
from tests.kafka.broker import KafkaCluster

PEOPLE, ZONES, FIXES, PARTITIONS = 1000, 5, 20_000, 8
KEY = MasterKey(b"k" * 32)


async def p7() -> list[Row]:
    """Both ways."""
    return [*await _by_calls(), await _through_faust()]


async def _by_calls() -> list[Row]:
    """Of people with five zones each, one of them near enough for its border to be reckoned with."""
    rows = []
    async with service(Plan(data="", sink="", people=PEOPLE, contacts=0, zones=ZONES)) as town:
        for count, goal in ((1, 4000), (50, 10_000)):
            body = _walk(count, datetime.now(UTC) - timedelta(hours=12))
            await wrk(town.port, "/v1/locations", town.device, seconds=1, body=body)
            body = _walk(count, datetime.now(UTC) - timedelta(hours=6))
            before = cpu_seconds(town.pid)
            load = await wrk(town.port, "/v1/locations", town.device, seconds=5, body=body)
            per_core = count * load.requests / (cpu_seconds(town.pid) - before)
            assert load.failed == 0, f"{load.failed} calls failed"
            rows.append(
                Row(
                    name="P7",
                    what=f"fixes per core·s, {count} a request, one machine, five zones a person",
                    measured=f"{per_core:,.0f} (p99 {load.p99 * 1000:.1f} ms)",
                    goal=f">= {goal:,}",
                    reached=per_core >= goal,
                )
            )
    return rows


def _walk(count: int, began: datetime) -> str:
    """So many fixes a request, each some metres and a second after the one before it, in Lua."""
    fix = (
        """string.format('{"latitude":%.6f,"longitude":-87.629,"accuracy":12.5,"at":"%sZ"}', """
        f"""41.88 + (t % 300) / 10000, os.date("!%Y-%m-%dT%H:%M:%S", {int(began.timestamp())} + t))"""
    )
    return (
        f"(function() local all = {{}} for i = 0, {count - 1} do local t = math.floor(n / #tokens) * {count} + i "
        f"""all[#all + 1] = {fix} end return '{{"fixes":[' .. table.concat(all, ",") .. ']}}' end)()"""
    )


async def _through_faust() -> Row:
    cluster = KafkaCluster(1)
    await cluster.start()
    try:
        async with postgres() as server:
            store = PostgresStore(await server.create_database("bench"), KEY, frozenset())
            await store.start()
            broker = Broker(servers=tuple(cluster.servers.split(",")))
            bare = await _rate(broker, store, ours=False)
            ours = await _rate(broker, store, ours=True)
            await store.close()
    finally:
        await cluster.close()
    return Row(
        name="P7",
        what="fixes/s through Faust: opened, newest kept in the table, those with a live incident looked for",
        measured=f"{ours:,.0f}/s",
        goal=">= 80 % of bare",
        against=f"bare table agent {bare:,.0f}/s: {ours / bare:.0%}",
        reached=ours >= 0.8 * bare,
    )


async def _rate(broker: Broker, store: PostgresStore, *, ours: bool) -> float:
    """Fixes a second, from the first to the last of those that lie in the topic when the app starts."""
    wanted = topics(f"bench-{uuid.uuid4().hex[:8]}.", signals=1, locations=PARTITIONS)
    await declare(broker, wanted)
    await _fill(broker, wanted)
    tally, times = Tally(), _Times()
    if ours:
        stream = FixStream(store, _NoClock(), _NoStream(), lambda *_: None)

        async def keep(batch: list[Fixes]) -> None:
            await stream.keep(batch)
            times.add(len(batch))

        def make() -> StreamApp:
            return make_locations_app(broker, KEY.sealer("kafka"), keep, tally, alarm=lambda _: None, topics=wanted)
    else:

        def make() -> StreamApp:
            return _bare(broker, wanted, times, tally)

    worker = StreamWorker(broker, make, tally, name="bench")
    running = asyncio.create_task(worker.run())
    deadline = time.perf_counter() + 120
    while times.count < FIXES and time.perf_counter() < deadline:
        await asyncio.sleep(0.01)
    await worker.stop()
    running.cancel()
    assert times.count >= FIXES, f"{times.count} of {FIXES} came"
    return times.count / (times.last - times.first)


class _Times:
    def __init__(self) -> None:
        self.count = 0
        self.first = self.last = 0.0

    def add(self, count: int) -> None:
        """So many more."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.count += count


class _NoClock:
    """What is measured asks no clock."""

    def now(self) -> datetime:
        """Any."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Any."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """At once."""


class _NoStream:
    """What is measured hands nothing over."""

    async def put_fixes(self, organization: str, person: str, sealed: bytes, *, at: datetime) -> bool:
        """No."""
        return False


def _bare(broker: Broker, wanted: Topics, times: _Times, tally: Tally) -> StreamApp:
    """An agent that puts each message into its table, and does nothing else."""
    group = f"bare-{uuid.uuid4().hex[:8]}"
    app = new_app(group, broker)
    table = new_table(app, "last_fix", wanted.last_fixes)

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            table[event.key] = event.value
            times.add(1)
            tally.handled += 1

    app.agent(app.topic(wanted.locations.name, partitions=PARTITIONS), name="bare")(agent)
    return StreamApp(app=app, group=group, reads=wanted.locations, needs=(wanted.locations, wanted.last_fixes))


async def _fill(broker: Broker, wanted: Topics) -> None:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - as the service does

    sealer, people = KEY.sealer("kafka"), [str(uuid.uuid4()) for _ in range(PEOPLE)]
    began = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    producer = AIOKafkaProducer(**broker.options(), linger_ms=5)
    await producer.start()
    try:
        sent = []
        for number in range(FIXES):
            person, at = people[number % PEOPLE], began + timedelta(seconds=number)
            fix = Fix(latitude=41.88, longitude=-87.62, at=at, received_at=at, accuracy=12.5)
            sealed = sealer.seal(msgspec.json.encode((fix,)), "locations|fixes")
            message = seal_fixes(sealer, Fixes(organization="org", person=person, at=at, sealed=sealed))
            sent.append(await producer.send(wanted.locations.name, message, key=key_of(person)))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
