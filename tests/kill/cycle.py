"""One server that is killed again and again, and what must hold after each restart, seen from the outside.

I1  every press that was answered with 202 exists, exactly once
I2  everybody who is to be told was told
I3  nothing waits that should have been done
I4  every message that was received belongs to one delivery; duplicates are counted
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from services.commands import administration
from services.settings import read_settings
from tests.services.sink import Sink
from tests.services.town import until

POINTS = ("before_commit", "after_commit", "before_send", "after_send")
START_WITHIN = 20.0
SETTLE_WITHIN = 20.0
PEOPLE = 2


class Round(msgspec.Struct):
    """What happened up to one kill: who pressed, how often, and what they were told."""

    presses: dict[str, list[str]]
    incidents: dict[str, str]
    answered: Counter[str]


class KillCycle:
    """Starts, presses, kills, starts again, checks."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.sink = Sink()
        self.kills = 0
        self.duplicates = 0
        self._process: asyncio.subprocess.Process | None = None
        self._admin = ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._http: aiohttp.ClientSession

    async def open(self) -> None:
        """An agency with a dispatch and a policy that tells everybody at once."""
        await self.sink.start()
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        settings = read_settings({"PORCHLIGHT_DATA": str(self.folder)})
        made = await administration.init(settings, "Harbour House")
        self._admin = made.admin["token"]
        await self._start()
        hook = {"channel": "webhook", "address": self.sink.url("dispatch")}
        await self._call("PUT", "/v1/organization", self._admin, {"name": "Harbour House", "dispatch": [hook]})
        policy = {"name": "p", "cancel_window": "0s", "steps": [{"after": "0s", "notify": ["dispatch", "contacts"]}]}
        await self._call("PUT", "/v1/policies/p", self._admin, policy)

    async def close(self) -> None:
        """Ends the process that this cycle started, by its id."""
        await self._kill()
        await self._http.close()
        await self.sink.stop()

    async def run(self, kills: int) -> None:
        """So many kills, the invariants after each."""
        for number in range(kills):
            people = [await self._person(f"{number}-{n}") for n in range(PEOPLE)]
            point = POINTS[number % len(POINTS)] if number % 2 == 0 else "random"
            if point != "random":
                await self._arm(point, self.chance.randint(1, 6))
            done = Round(presses={name: [] for name, _ in people}, incidents={}, answered=Counter())
            pressing = [asyncio.create_task(self._press(done, name, phone)) for name, phone in people]
            if point == "random":
                await asyncio.sleep(self.chance.random() * 0.03)
                await self._kill()
            else:
                await asyncio.wait(pressing, timeout=2)
                await self._died_or_kill()
            for task in pressing:
                task.cancel()
            await asyncio.gather(*pressing, return_exceptions=True)
            self.kills += 1
            await self._start()
            try:
                await self._check(done, dict(people))
            except aiohttp.ClientError as error:
                raise AssertionError(await self._ended()) from error

    async def _press(self, done: Round, name: str, phone: dict[str, Any]) -> None:
        """Three presses, each tried until the server is gone, as a phone would."""
        for _ in range(3):
            press = str(uuid.uuid4())
            done.presses[name].append(press)
            try:
                answer = await self._call("POST", "/v1/panic", phone["panic_token"], {"id": press})
            except (aiohttp.ClientError, TimeoutError):
                return
            done.incidents[name] = answer["incident"]
            done.answered[name] += 1

    async def _check(self, done: Round, phones: dict[str, dict[str, Any]]) -> None:
        await until(self._settled, "I3: what was accepted before waits", within=SETTLE_WITHIN)
        for name, incident in done.incidents.items():
            kept = await self._call("GET", f"/v1/incidents/{incident}", self._admin)
            assert kept["presses"] >= done.answered[name], "I1: a press that was answered is lost"
        for name, presses in done.presses.items():
            for press in presses[done.answered[name] :]:
                # What was not answered is sent again, under the same id.
                answer = await self._call("POST", "/v1/panic", phones[name]["panic_token"], {"id": press})
                known = done.incidents.setdefault(name, answer["incident"])
                assert answer["incident"] == known, "I1: a press that was answered is another one now"
        await until(self._settled, "I3: something waits that should have been done", within=SETTLE_WITHIN)
        for name, presses in done.presses.items():
            if not presses:
                continue
            incident = await self._call("GET", f"/v1/incidents/{done.incidents[name]}", self._admin)
            assert incident["presses"] == len(presses), "I1: a press was lost or counted twice"
            told = {r.path for r in self.sink.received if r.json["data"]["incident"] == incident["id"]}
            assert told == {"/dispatch", f"/{name}"}, f"I2: only {told} were told"
            rows = [d["id"] for d in incident["deliveries"]]
            assert len(rows) == len(set(rows)), "I4: two rows for one delivery"
            received = Counter(
                r.headers["webhook-id"] for r in self.sink.received if r.json["data"]["incident"] == incident["id"]
            )
            assert set(received) <= set(rows), "I4: a message that no delivery accounts for"
            for count in received.values():
                assert count <= 2, "more than one duplicate for a kill"
                self.duplicates += count - 1

    async def _settled(self) -> bool:
        async with self._http.get(self._url("/metrics")) as answer:
            text = await answer.text()
        lines = [line for line in text.splitlines() if line.startswith("porchlight_waiting{")]
        assert len(lines) == 4, text
        return all(line.endswith(" 0.0") for line in lines)

    async def _person(self, name: str) -> tuple[str, dict[str, Any]]:
        person = await self._call("POST", "/v1/people", self._admin, {"name": name, "policy": "p"})
        hook = {"channel": "webhook", "address": self.sink.url(name)}
        contact = {"name": name, "methods": [hook], "consent": {"how": "test"}}
        await self._call("POST", f"/v1/people/{person['id']}/contacts", self._admin, contact)
        return name, await self._call("POST", f"/v1/people/{person['id']}/devices", self._admin, {"name": "phone"})

    async def _call(self, method: str, path: str, token: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        data = msgspec.json.encode(body) if body is not None else None
        async with self._http.request(method, self._url(path), data=data, headers=headers) as answer:
            raw = await answer.read()
            assert answer.status < 300, (answer.status, raw)
            return msgspec.json.decode(raw)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    async def _start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-X",
                "faulthandler",
                "-m",
                "tests.kill.server",
                str(self.folder),
                str(self._port),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_WITHIN)
        assert line == b"ready\n", (self.folder / "server.log").read_text()[-2000:]

    async def _arm(self, point: str, count: int) -> None:
        (self.folder / "kill.json").write_bytes(msgspec.json.encode({"point": point, "count": count}))
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGUSR1)

    async def _ended(self) -> str:
        """What is known of a server that went away though nobody killed it."""
        assert self._process is not None
        log = (self.folder / "server.log").read_text()[-3000:]
        try:
            code = await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            return f"the server does not answer, though it runs\n{log}"
        return f"the server ended by itself with {code}\n{log}"

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _died_or_kill(self) -> None:
        """A point that was not reached (too few commits) becomes a kill from outside."""
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), 0.5)
        except TimeoutError:
            await self._kill()
