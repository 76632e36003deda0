"""A receiver of webhooks: a real server on loopback that remembers everything and misbehaves on request."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        value: dict[str, Any] = msgspec.json.decode(self.body)
        return value

    @property
    def purpose(self) -> str:
        """What the message was for."""
        return str(self.json["data"]["purpose"])


class Sink:
    """`/NAME` is the receiver called NAME."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, int] = {}
        self.hanging: set[str] = set()
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._release = asyncio.Event()

    async def start(self) -> None:
        """Listens."""
        app = web.Application()
        app.router.add_route("*", "/{name:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stops, and lets go of whoever hangs."""
        self._release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, name: str) -> str:
        """The address of a receiver."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def to(self, name: str) -> list[Received]:
        """What this receiver got, in order."""
        return [r for r in self.received if r.path == f"/{name}"]

    def purposes(self, name: str) -> list[str]:
        """What each message to this receiver was for."""
        return [r.purpose for r in self.to(name)]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        name = request.match_info["name"]
        if name in self.hanging:
            await self._release.wait()
        status = self.answers.get(name, 200)
        if status < 300:
            self.received.append(Received(path=request.path, headers=dict(request.headers), body=body))
        return web.Response(status=status, headers={"Location": self.url("elsewhere")} if status == 302 else {})
