"""P6: check-ins that are far from due cost nothing but their rows."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import msgspec

from tests.bench.measuring import Row, Sink, milliseconds, percentile, service, sink
from tests.bench.server import Plan, Seeded, in_seconds

PENDING = int(os.environ.get("PENDING", "100000"))
"""The goal speaks of a million; seeding so many takes some minutes: `PENDING=1000000`."""
LAGS = 30


async def p6() -> list[Row]:
    """Memory, start-up and lag with many that are pending against none; and how fast plans are taken."""
    async with sink() as receiver:
        none = await _town(receiver, 0)
        many = await _town(receiver, PENDING)
    per_pending = (many.memory - none.memory) / PENDING
    growth = many.lag / none.lag
    return [
        Row(
            name="P6",
            what=f"{PENDING:,} check-ins pending: memory for each",
            measured=f"{per_pending:,.0f} bytes ({none.memory / 1e6:,.0f} -> {many.memory / 1e6:,.0f} MB)",
            goal="no memory per pending check-in",
            against="APScheduler 800 bytes",
            reached=per_pending < 20,
        ),
        Row(
            name="P6",
            what="durable plans a second, decided and committed",
            measured=f"{many.plans:,.0f}/s",
            goal=">= 4,000/s",
            against="APScheduler 795/s",
            reached=many.plans >= 4000,
        ),
        Row(
            name="P6",
            what=f"start-up with {PENDING:,} pending",
            measured=f"{milliseconds(many.start_up)} (with none {milliseconds(none.start_up)})",
            goal="<= 2 s",
            reached=many.start_up <= 2,
        ),
        Row(
            name="P6",
            what=f"deadline -> webhook with {PENDING:,} pending, p50",
            measured=f"{milliseconds(many.lag)} (with none {milliseconds(none.lag)})",
            goal="unchanged",
            reached=growth <= 1.25,
        ),
    ]


class _Measured(msgspec.Struct, frozen=True):
    memory: float
    plans: float
    start_up: float
    lag: float


async def _town(receiver: Sink, pending: int) -> _Measured:
    """Everybody's check-in is due tomorrow; those of thirty more come due one by one."""
    receiver.times.clear()
    receiver.count = 0
    due = in_seconds(0) + timedelta(days=1)
    plan = Plan(data="", sink=receiver.url, people=pending, due=due if pending else None, more=LAGS, anew=True)
    async with service(plan) as town:
        memory = _resident(town.pid)
        lag = await _lag(town, receiver)
    return _Measured(memory, town.plans, town.start_up, lag)


async def _lag(town: Seeded, receiver: Sink) -> float:
    late = []
    async with aiohttp.ClientSession() as http:
        for number, token in enumerate(town.device[-LAGS:], start=len(town.device) - LAGS):
            due = in_seconds(0.15)
            body = {"due_at": due, "grace_seconds": 0, "remind_seconds": 0}
            headers = {"Authorization": f"Bearer {token}"}
            url = f"http://127.0.0.1:{town.port}/v1/check-ins"
            async with http.post(url, data=msgspec.json.encode(body), headers=headers) as answer:
                assert answer.status == 201, await answer.text()
            began = time.time()
            while f"/{number}" not in receiver.times and time.time() - began < 5:
                await asyncio.sleep(0.001)
            late.append(receiver.times[f"/{number}"] - due.timestamp())
    return percentile(late, 0.5)


def _resident(pid: int) -> float:
    """Bytes of memory that the process holds."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return float(lines["VmRSS"].split()[0]) * 1024
