"""The rows that go through the whole cluster: PostgreSQL, Kafka, and every role as a process of its own."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import msgspec

from services.assembly import assemble, clock_for
from services.settings import read_settings
from tests.bench.measuring import Row, Sink, cpu_seconds, milliseconds, percentile, sink
from tests.bench.server import Plan, seed
from tests.cluster.cluster import Cluster

KEY = "00" * 32


@asynccontextmanager
async def cluster(receiver: Sink, people: int, **roles: int) -> AsyncIterator[tuple[Cluster, list[str]]]:
    """A cluster with people in it, each with one contact; and their panic tokens."""
    environment = {**os.environ, "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8", "PORCHLIGHT_MASTER_KEY": KEY}
    if hasattr(os, "sched_setaffinity"):
        # So many processes share all the cores there are, load and all.
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    made = Cluster(roles={"api": 2, "worker": 2, "scheduler": 1, **roles}, environment=environment)
    try:
        await made.start()
        yield made, await _people(made, receiver, people)
    finally:
        await made.close()


async def _people(made: Cluster, receiver: Sink, people: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "PORCHLIGHT_DATA": folder,
            "PORCHLIGHT_STORE": made.postgres.url("porchlight"),
            "PORCHLIGHT_MASTER_KEY": KEY,
        }
        settings = read_settings(given)
        assembly = await assemble(settings, clock_for(settings))
        try:
            plan = Plan(data=folder, sink=receiver.url, people=people)
            panics, _ = await seed(assembly, made.organization, plan)
        finally:
            await assembly.close()
    connection = await asyncpg.connect(made.postgres.url("porchlight"))
    await connection.execute("ANALYZE")
    await connection.close()
    return panics


async def _press(http: aiohttp.ClientSession, url: str, token: str) -> None:
    async with http.post(f"{url}/v1/panic", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 202, await answer.text()


async def p2_cluster() -> list[Row]:
    """Press to webhook through PostgreSQL and Kafka, idle."""
    count, spans = 200, []
    async with sink() as receiver, cluster(receiver, count) as (made, tokens), aiohttp.ClientSession() as http:
        for number, token in enumerate(tokens):
            began = time.time()
            await _press(http, made.api[number % 2], token)
            await receiver.wait_for(number + 1, 5)
            spans.append(receiver.times.get(f"/{number}", began + 5) - began)
            await asyncio.sleep(0.02)
    p50, p99 = percentile(spans[20:], 0.5), percentile(spans[20:], 0.99)
    return [
        Row(
            name="P2k",
            what="press -> webhook received through PostgreSQL and Kafka, idle: p50 / p99",
            measured=f"{milliseconds(p50)} / {milliseconds(p99)}",
            goal="<= 30 ms / <= 150 ms",
            against="the sweeper alone: 2-3 s",
            reached=p50 <= 0.03 and p99 <= 0.15,
        )
    ]


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """What a burst of presses cost."""

    cpu: float
    """Seconds of the workers' CPU for each press."""
    rate: float
    locked: float
    """The share of the time of all sessions that do anything which went into waiting for locks."""


async def _storm(workers: int, count: int) -> Storm:
    async with sink() as receiver, cluster(receiver, count, worker=workers) as (made, tokens):
        pids = made.pids["worker"]
        watching = asyncio.create_task(_watch_locks(made.postgres.url("porchlight", "postgres")))
        before, began = sum(map(cpu_seconds, pids)), time.time()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32)) as http:
            for start in range(0, count, 200):
                batch = tokens[start : start + 200]
                await asyncio.gather(*(_press(http, made.api[n % 2], token) for n, token in enumerate(batch)))
        await receiver.wait_for(count, 60)
        assert receiver.count >= count, f"{receiver.count} of {count} told"
        took = max(receiver.times.values()) - began
        cpu = sum(map(cpu_seconds, pids)) - before
        watching.cancel()
        active, locked = (await asyncio.gather(watching, return_exceptions=True))[0] or (1, 0)  # type: ignore[misc]
    return Storm(cpu=cpu / count, rate=count / took, locked=locked / max(1, active))


async def _watch_locks(url: str) -> tuple[int, int]:
    """Looks every 20 ms: how many sessions were at work, and how many of these waited for a lock."""
    connection = await asyncpg.connect(url)
    active = locked = 0
    try:
        while True:
            row = await connection.fetchrow(
                "SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity "
                "WHERE state = 'active' AND pid <> pg_backend_pid()"
            )
            active, locked = active + row[0], locked + row[1]
            await asyncio.sleep(0.02)
    except asyncio.CancelledError:
        return active, locked
    finally:
        await connection.close()


async def p10_workers() -> list[Row]:
    """What a second worker costs."""
    count = 1500
    one, two = await _storm(1, count), await _storm(2, count)
    ratio = two.cpu / one.cpu
    return [
        Row(
            name="P10",
            what="CPU of the workers for each press, two workers against one; waiting for locks",
            measured=f"x{ratio:.2f} ({two.cpu * 1e6:,.0f} µs against {one.cpu * 1e6:,.0f} µs), {two.locked:.1%}",
            goal="<= 1.15, < 5 %",
            against=f"{two.rate:,.0f}/s against {one.rate:,.0f}/s told, all on two cores",
            reached=ratio <= 1.15 and two.locked < 0.05,
        )
    ]
