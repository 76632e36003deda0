"""A console: reads the feed of one API process, and remembers what it was told."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the feed."""

    id: str
    event: str
    data: Any


class FeedReader:
    """Reads from when it is entered until it is left. What came stays."""

    def __init__(self, url: str, token: str, after: str | None) -> None:
        self.events: list[Event] = []
        self.beats = 0
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": after} if after else {})}
        self._task: asyncio.Task[None] | None = None
        self._open = asyncio.Event()

    @property
    def last(self) -> str:
        """The id to resume from."""
        return self.events[-1].id

    def of(self, incident: str) -> list[str]:
        """What it was told of one incident, in order."""
        return [one.event for one in self.events if one.data.get("incident") == incident]

    async def __aenter__(self) -> Self:
        """Connects."""
        self._task = asyncio.create_task(self._read(), name="feed reader")
        opened = asyncio.create_task(self._open.wait())
        await asyncio.wait({self._task, opened}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        assert self._open.is_set(), "the feed did not open"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        limits = aiohttp.ClientTimeout(total=None, sock_read=10)
        async with (
            aiohttp.ClientSession(timeout=limits) as http,
            http.get(f"{self._url}/v1/feed", headers=self._headers) as answer,
        ):
            assert answer.status == 200, answer.status
            fields: dict[str, str] = {}
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                self._take(fields)
                fields = {}

    def _take(self, fields: dict[str, str]) -> None:
        if fields.get("event") == "beat":
            self.beats += 1
            self._open.set()
        elif "event" in fields:
            data = msgspec.json.decode(fields.get("data", "{}"))
            self.events.append(Event(id=fields.get("id", ""), event=fields["event"], data=data))
