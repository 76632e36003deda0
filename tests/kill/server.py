"""The service as a process that ends itself with `kill -9` at a named point, once the test has armed it.

    python -m tests.kill.server DATA PORT

Points: `before_commit`, `after_commit` (of any transaction), `before_send`, `after_send` (of any message). SIGUSR1 arms
it with what DATA/kill.json says: `{"point": "after_commit", "count": 3}` is the third commit from then on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from services.commands.serve import listen, run, run_loop
from services.process import Assembly
from services.service_log import set_up_log
from services.settings import read_settings
from streams.channel import Channel, Outcome, OutgoingMessage


class Armed:
    """Counts down, then kills this very process."""

    def __init__(self) -> None:
        self.point = ""
        self.count = 0

    def arm(self, path: Path) -> None:
        """Reads what to do."""
        wanted = msgspec.json.decode(path.read_bytes())
        self.point, self.count = wanted["point"], wanted["count"]

    def passing(self, point: str) -> None:
        """This point is passed."""
        if point != self.point:
            return
        self.count -= 1
        if self.count <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingConnection:
    """A connection whose commits may be the last thing that happens."""

    def __init__(self, real: Any, armed: Armed) -> None:
        self._real = real
        self._armed = armed

    def execute(self, sql: str, *values: Any) -> Any:
        """Passes on."""
        if sql != "COMMIT":
            return self._real.execute(sql, *values)
        self._armed.passing("before_commit")
        done = self._real.execute(sql)
        self._armed.passing("after_commit")
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class DyingChannel:
    """A channel whose messages may be the last thing that happens."""

    def __init__(self, real: Channel, armed: Armed) -> None:
        self.name, self.shared = real.name, real.shared
        self._real = real
        self._armed = armed

    def objection(self, address: str) -> str | None:
        """Passes on."""
        return self._real.objection(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Passes on."""
        self._armed.passing("before_send")
        outcome = await self._real.send(message)
        self._armed.passing("after_send")
        return outcome

    async def close(self) -> None:
        """Passes on."""
        await self._real.close()


def main() -> None:
    """Serves until it dies."""
    data, port = Path(sys.argv[1]), int(sys.argv[2])
    set_up_log("json")
    settings = read_settings({"PORCHLIGHT_DATA": str(data), "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8"})
    opened, settings = listen(msgspec.structs.replace(settings, port=port))
    armed = Armed()

    async def ready(assembly: Assembly) -> None:
        writer: Any = assembly.store._writer  # type: ignore[attr-defined]
        writer._connection = DyingConnection(writer._connection, armed)
        channels = assembly.service.channels
        channels["webhook"] = DyingChannel(channels["webhook"], armed)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, armed.arm, data / "kill.json")
        print("ready", flush=True)

    run_loop(run(settings, opened, demo=False, ready=ready))


if __name__ == "__main__":
    main()
