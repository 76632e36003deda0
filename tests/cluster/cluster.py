"""Many machines on one: a real PostgreSQL, a real Kafka, and every role of the service as processes of their own."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tests.cluster.ports import reserve
from tests.cluster.program import Program, finish
from tests.kafka.broker import KafkaCluster
from tests.postgres.server import PostgresServer

PORCHLIGHT = (sys.executable, "-m", "services")
ROLES = {"api": 2, "worker": 2, "scheduler": 1}
OURS = ("PORCHLIGHT_STORE", "PORCHLIGHT_KAFKA", "PORCHLIGHT_LISTEN", "PORCHLIGHT_DATA")
KEY = "PORCHLIGHT_MASTER_KEY"
COMMAND_WITHIN = 60.0
READY_WITHIN = 60.0
STOP_WITHIN = 30.0


class Member:
    """One process of one role. It comes back under the same address, with the same folder."""

    def __init__(self, role: str, number: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.url = f"http://{environment['PORCHLIGHT_LISTEN']}"
        self.data = Path(environment["PORCHLIGHT_DATA"])
        name = f"{role}-{number}"
        self.program = Program(name, (*PORCHLIGHT, role), folder / f"{name}.log", environment=environment)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.program.pid

    async def start(self) -> None:
        """Starts it and waits until it says that it is ready. (`program.start` does not wait.)"""
        self.program.start()
        await self.ready()

    async def ready(self, within: float = READY_WITHIN) -> None:
        """Waits until it says that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:

            async def says_so() -> bool:
                try:
                    async with http.get(f"{self.url}/readyz") as answer:
                        return answer.status == 200
                except (aiohttp.ClientError, TimeoutError):
                    return False

            await self.program.ready(says_so, within)

    async def stop(self) -> None:
        """Asks it to end and waits. Raises `Failed` when that takes too long."""
        await self.program.stop(signal.SIGTERM, STOP_WITHIN)

    async def kill(self) -> None:
        """Ends it with `kill -9`."""
        await self.program.kill()

    async def restart(self) -> None:
        """Stops and starts it."""
        await self.stop()
        await self.start()


class Cluster:
    """All of it. Settings `PORCHLIGHT_…` of the environment that is given, or of ours, are passed on. Raises `Missing`.

    `members` are the processes by role: `cluster.members["api"][0].kill()`.
    """

    def __init__(
        self, *, brokers: int = 1, roles: Mapping[str, int] = ROLES, environment: Mapping[str, str] | None = None
    ) -> None:
        self.kafka = KafkaCluster(brokers)
        self.postgres = PostgresServer(max_connections=200)
        self._folder = tempfile.TemporaryDirectory(prefix="porchlight-cluster-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.organization = ""
        self.admin = ""
        self._given = dict(os.environ if environment is None else environment)
        if KEY not in self._given and f"{KEY}_FILE" not in self._given:
            self._given[KEY] = secrets.token_hex(32)
        self._numbers: Counter[str] = Counter()
        self.members = {role: [self._member(role, n) for n in range(count)] for role, count in roles.items()}

    @property
    def api(self) -> list[str]:
        """The addresses of the API processes."""
        return [member.url for member in self.members["api"]]

    @property
    def pids(self) -> dict[str, list[int]]:
        """The ids of all processes."""
        ours = {role: [member.pid for member in members] for role, members in self.members.items()}
        return {"postgres": [self.postgres.pid], "kafka": self.kafka.pids, **ours}

    @property
    def description(self) -> dict[str, Any]:
        """What somebody who wants to use it needs to know."""
        return {"api": self.api, "admin": {"token": self.admin}, "pids": self.pids}

    def environment(self, name: str, listen: str | None = None) -> dict[str, str]:
        """The environment of a process of that name. The first API's folder, for example, is called `api-0`."""
        passed_on = {k: v for k, v in self._given.items() if k.removesuffix("_FILE") not in OURS}
        ours = {
            "PORCHLIGHT_STORE": self.postgres.url("porchlight"),
            "PORCHLIGHT_KAFKA": self.kafka.servers,
            "PORCHLIGHT_DATA": str(self.folder / name),
        }
        return passed_on | ours | ({"PORCHLIGHT_LISTEN": listen} if listen else {})

    async def start(self) -> None:
        """Starts all, at once where that is possible, and waits until each is ready. Raises `Failed`, in groups."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.kafka.start())
            tasks.create_task(self._make_store())
        await self.porchlight("topics")
        async with asyncio.TaskGroup() as tasks:
            for members in self.members.values():
                for member in members:
                    tasks.create_task(member.start())

    async def porchlight(self, *words: str) -> str:
        """Runs a command of the service to its end, and returns what it printed."""
        environment = self.environment("command")
        return await finish(
            f"porchlight {words[0]}", (*PORCHLIGHT, *words), within=COMMAND_WITHIN, environment=environment
        )

    async def close(self) -> None:
        """Ends all in order and removes what it wrote. Raises `Failed` in the end when a role had to be killed."""
        members = [member for members in self.members.values() for member in members]
        stopped = await asyncio.gather(*(member.stop() for member in members), return_exceptions=True)
        await asyncio.gather(self.kafka.close(), self.postgres.close())
        self._folder.cleanup()
        for outcome in stopped:
            if outcome is not None:
                raise outcome

    async def _make_store(self) -> None:
        await self.postgres.start()
        await self.postgres.create_database("porchlight")
        made = msgspec.json.decode(await self.porchlight("init", "--organization", "Harbour House", "--json"))
        self.organization, self.admin = made["organization"]["id"], made["admin"]["token"]

    def add(self, role: str, environment: Mapping[str, str] | None = None) -> Member:
        """One more process of this role, not started yet, with more in its environment."""
        members = self.members.setdefault(role, [])
        members.append(self._member(role, self._numbers[role], environment))
        return members[-1]

    def _member(self, role: str, number: int, environment: Mapping[str, str] | None = None) -> Member:
        (port,) = reserve(1)
        self._numbers[role] = number + 1
        own = self.environment(f"{role}-{number}", f"127.0.0.1:{port}")
        return Member(role, number, self.folder, own | dict(environment or {}))
