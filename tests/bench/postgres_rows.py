"""The rows that go through PostgreSQL: the server's own CPU is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.measuring import Row, cpu_seconds, cpu_seconds_of_all, milliseconds, service, wrk
from tests.bench.server import Plan
from tests.postgres.server import PostgresServer

PEOPLE = 10_000


@asynccontextmanager
async def postgres() -> AsyncIterator[PostgresServer]:
    """A server that syncs every commit."""
    server = PostgresServer()
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def p1c() -> list[Row]:
    """Presses accepted durably on PostgreSQL, workers idle."""
    async with postgres() as server:
        store = await server.create_database("bench")
        plan = Plan(data="", sink="", store=store, people=PEOPLE, contacts=0, engine=False)
        async with service(plan) as town:
            await wrk(town.port, "/v1/panic", town.panic, seconds=2)
            ours, theirs = cpu_seconds(town.pid), cpu_seconds_of_all(server.pid)
            load = await wrk(town.port, "/v1/panic", town.panic, seconds=8)
            ours, theirs = cpu_seconds(town.pid) - ours, cpu_seconds_of_all(server.pid) - theirs
    assert load.failed == 0, f"{load.failed} presses failed"
    per_core = load.requests / (ours + theirs)
    return [
        Row(
            name="P1c",
            what="presses accepted per core·s on PostgreSQL, its CPU counted",
            measured=f"{per_core:,.0f} (wall {load.requests / load.seconds:,.0f}/s, p99 {milliseconds(load.p99)})",
            goal=">= 1,500",
            against=f"of it ours {ours / (ours + theirs):.0%}, PostgreSQL {theirs / (ours + theirs):.0%}",
            reached=per_core >= 1500,
        )
    ]
