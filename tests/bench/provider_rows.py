"""Many incidents at once while one provider is dead: whoever has another method is told by it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.bench.measuring import Row, Sink, percentile, service, sink
from tests.bench.server import Plan, Seeded

INCIDENTS, RECIPIENTS = 1_000, 5
SILENT_FOR = 3.0
"""After so long the next method starts beside the first (`api.md`)."""


class _Dead:
    """Where it is, and when it was asked first."""

    url = ""
    asked_at = 0.0


@asynccontextmanager
async def _dead(*, hangs: bool) -> AsyncIterator[_Dead]:
    """A provider that takes every request and answers none, or answers each with an error."""
    over, dead = asyncio.Event(), _Dead()

    async def take(_: web.BaseRequest) -> web.Response:
        dead.asked_at = dead.asked_at or time.time()
        if hangs:
            await over.wait()
        return web.Response(status=503)

    runner = web.ServerRunner(web.Server(take), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    try:
        dead.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield dead
    finally:
        over.set()
        await runner.cleanup()


async def _told(town: Seeded, receiver: Sink) -> tuple[list[float], float]:
    """Everybody presses at once; seconds from each press to each of its recipients, and of all presses together."""
    pressed: dict[int, float] = {}
    limit = asyncio.Semaphore(50)
    began = time.time()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def press(number: int, token: str) -> None:
            async with limit:
                pressed[number] = time.time()
                body = b'{"id":"%s"}' % str(uuid.uuid4()).encode()
                url = f"http://127.0.0.1:{town.port}/v1/panic"
                async with http.post(url, data=body, headers={"Authorization": f"Bearer {token}"}) as answer:
                    assert answer.status == 202, await answer.text()

        await asyncio.gather(*(press(number, token) for number, token in enumerate(town.panic)))
    accepted = time.time() - began
    await receiver.wait_for(INCIDENTS * RECIPIENTS, 60)
    spans = [
        receiver.times[f"/{number}/{order}"] - at
        for number, at in pressed.items()
        for order in range(1, RECIPIENTS + 1)
        if f"/{number}/{order}" in receiver.times
    ]
    return spans, accepted


async def dead_provider() -> list[Row]:
    """1,000 incidents, 5 recipients each, the first method of each by a provider that is well, hangs, or is broken."""
    rows = []
    for how in ("none", "hangs", "answers 503"):
        async with sink() as receiver, _dead(hangs=how == "hangs") as dead:
            plan = Plan(data="", sink=receiver.url, people=INCIDENTS, contacts=RECIPIENTS)
            plan.apart, plan.provider = True, None if how == "none" else dead.url
            async with service(plan) as town:
                spans, accepted = await _told(town, receiver)
        spans.sort()
        missing = INCIDENTS * RECIPIENTS - len(spans)
        first, half, most = spans[0], percentile(spans, 0.5), percentile(spans, 0.99)
        silent = min(receiver.times.values()) - dead.asked_at if dead.asked_at else 0.0
        what = "no other method first" if how == "none" else f"a provider that {how} first"
        rows.append(
            Row(
                name="R2",
                what=f"{INCIDENTS:,} incidents at once, {RECIPIENTS} recipients each, {what}",
                measured=f"first {first:.2f} s, p50 {half:.1f} s, p99 {most:.1f} s; {missing} missing",
                goal="0 missing" + ("; the next method under way 3 s after the first" if how == "hangs" else ""),
                against=f"presses accepted in {accepted:.1f} s"
                + (f"; the first next method {silent:.2f} s after the provider was asked" if silent else ""),
                reached=missing == 0 and (how != "hangs" or silent <= SILENT_FOR + 0.1),
            )
        )
    return rows
