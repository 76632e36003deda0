"""A real PostgreSQL of our own: made in a folder of its own, on loopback, as an ordinary user, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import asyncpg

from tests.cluster.component import Missing
from tests.cluster.ports import reserve
from tests.cluster.program import Program, finish

MISSING = "install PostgreSQL (Debian: apt-get install postgresql)"
SUPERUSER, OWNER = "postgres", "porchlight"
START_WITHIN = STOP_WITHIN = 30.0


class PostgresServer:
    """One server. What it holds survives `stop`, `kill` and a new `start`, always under the same address.

    `fsync=False` is quicker, and keeps everything but what a crash of the machine itself would take. Raises `Missing`.
    """

    def __init__(self, *, fsync: bool = True, max_connections: int = 100) -> None:
        self._programs = programs()
        (self.port,) = reserve(1)
        # Not pytest's own folder: nobody but its owner may pass through that one.
        self._folder = tempfile.TemporaryDirectory(prefix="porchlight-postgres-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self._password = secrets.token_hex(16)
        self._account = account()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": max_connections,
            "fsync": "on" if fsync else "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]
        self.program = Program("PostgreSQL", command, self.folder / "log", account=self._account)

    def url(self, database: str, user: str = OWNER) -> str:
        """The address of a database, for its owner or for the superuser."""
        return f"postgresql://{user}:{self._password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The id of its first process."""
        return self.program.pid

    async def start(self) -> None:
        """Starts it, the first time in an empty folder, and waits until it answers."""
        first = not (self.folder / "data").exists()
        if first:
            await self._make()
        self.program.start()
        await self.program.ready(self._answers, START_WITHIN)
        if first:
            await self._execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{self._password}'")

    async def stop(self) -> None:
        """Stops it in order; connections are cut at once."""
        await self.program.stop(signal.SIGINT, STOP_WITHIN)

    async def kill(self) -> None:
        """As if it had crashed: nothing is written back, the next start recovers from the log."""
        await self.program.stop(signal.SIGQUIT, STOP_WITHIN)

    def pause(self) -> None:
        """It stands still, with all its processes and open connections, until `resume`."""
        self.program.pause()
        for pid in self._children():
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on."""
        for pid in self._children():
            os.kill(pid, signal.SIGCONT)
        self.program.resume()

    def _children(self) -> list[int]:
        """Its other processes; none comes or goes while the first one stands still."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    async def restart(self) -> None:
        """Stops and starts it."""
        await self.stop()
        await self.start()

    async def create_database(self, name: str) -> str:
        """An empty database of the ordinary role; returns its address."""
        await self._execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Drops it, whoever is connected."""
        await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def close(self) -> None:
        """Ends it and removes its folder."""
        await self.kill()
        self._folder.cleanup()

    async def _make(self) -> None:
        password = self.folder / "password"
        password.write_text(self._password)
        if self._account:
            for path in (self.folder, password):
                shutil.chown(path, self._account["user"], self._account["group"])
        command = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", SUPERUSER, "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8"]
        await finish("initdb", command, within=START_WITHIN, **self._account)
        password.unlink()

    async def _answers(self) -> bool:
        try:
            await self._execute("SELECT 1")
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        return True

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url("postgres", SUPERUSER), timeout=START_WITHIN)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def programs() -> Path:
    """The folder of PostgreSQL's programs, the newest where there are several. Raises `Missing`."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    # Debian keeps them off the path.
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not versions:
        raise Missing(MISSING)
    return max(versions, key=lambda path: float(path.parent.name))


def account() -> dict[str, Any]:
    """Whom it runs as: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    ordinary = known.get("postgres") or known["nobody"]
    return {"user": ordinary.pw_uid, "group": ordinary.pw_gid, "extra_groups": []}
