"""The bare ceiling: the same libraries doing nothing but the unavoidable.

    python -m tests.bench.ceiling DATA SINK

`POST /accept` parses a press, commits one row (group commit in a writer thread, synchronous=FULL) and answers.
`POST /pass` does that and then POSTs to the sink before it answers. `GET /stream` sends whatever `POST /tell` is told.
`POST /fan-out?count=N` POSTs so many messages to the sink, 200 at once.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
from collections import deque
from typing import Any

import aiohttp
import msgspec
import uvloop
from aiohttp import web

MESSAGE = b'{"data":"' + b"x" * 600 + b'"}'


class Press(msgspec.Struct):
    """What is parsed."""

    id: str = ""


class Rows:
    """One table, one thread, one commit for all who wait."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE rows (id TEXT, body BLOB)")
        self._waiting: deque[tuple[tuple[str, bytes], asyncio.Future[None]]] = deque()
        self._wake = threading.Condition()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def add(self, row: tuple[str, bytes]) -> None:
        """Returns once it is on disk."""
        future: asyncio.Future[None] = self._loop.create_future()
        with self._wake:
            self._waiting.append((row, future))
            self._wake.notify()
        await future

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting:
                    self._wake.wait()
                batch = [self._waiting.popleft() for _ in range(min(128, len(self._waiting)))]
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO rows VALUES (?, ?)", [row for row, _ in batch])
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, future in batch])


def _answer(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


async def main() -> None:
    """Listens and says so."""
    rows = Rows(f"{sys.argv[1]}/ceiling.db")
    decoder = msgspec.json.Decoder(Press)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    streams: set[web.StreamResponse] = set()

    async def accept(request: web.Request) -> web.Response:
        raw = await request.read()
        await rows.add((decoder.decode(raw).id, raw))
        return web.Response(body=b'{"state":"open"}', status=202, content_type="application/json")

    async def forward(request: web.Request) -> web.Response:
        answer = await accept(request)
        async with session.post(f"{sys.argv[2]}/bare", data=b'{"press":1}') as response:
            await response.read()
        return answer

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: beat\ndata: {}\n\n")
        streams.add(response)
        await asyncio.Event().wait()
        return response

    async def tell(request: web.Request) -> web.Response:
        payload = await request.read()
        await asyncio.gather(*(response.write(payload) for response in streams))
        return web.Response(status=204)

    async def fan_out(request: web.Request) -> web.Response:
        limit = asyncio.Semaphore(200)

        async def post(number: int) -> None:
            async with limit, session.post(f"{sys.argv[2]}/{number}", data=MESSAGE) as response:
                await response.read()

        await asyncio.gather(*(post(number) for number in range(int(request.query["count"]))))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/accept", accept)
    app.router.add_post("/pass", forward)
    app.router.add_post("/fan-out", fan_out)
    app.router.add_get("/stream", stream)
    app.router.add_post("/tell", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ready: dict[str, Any] = {"port": runner.addresses[0][1], "pid": os.getpid()}
    print(msgspec.json.encode(ready).decode(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
