"""A program that runs beside the tests: its log is a file, every wait has a limit, and it does not outlive us."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LOOK_EVERY = 0.02
TAIL = 30

DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
"""When we are killed we cannot clean up; on Linux the kernel does. It turns into the program and keeps its id."""


class Failed(Exception):
    """A program that ended, or took too long; the message holds the end of its log."""


class Program:
    """One program, started, ended and started again. It may be used from any event loop."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        account: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [*DIES_WITH_US, *command]
        self._environment = environment
        self._account = dict(account or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it, away from our terminal: an interrupt there is ours to pass on, in order."""
        assert not self.running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._account,
            )

    async def ready(self, probe: Callable[[], Awaitable[bool]], within: float) -> None:
        """Waits until the probe says yes. Raises `Failed` when the program ends before, or it takes too long."""
        try:
            async with asyncio.timeout(within):
                while not await probe():
                    if not self.running:
                        raise self._failed("ended before it was ready")
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise self._failed(f"was not ready within {within:.0f} s") from None

    async def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 20.0) -> None:
        """Asks it to end and waits. Raises `Failed` when that took too long; it is killed then."""
        self._tell(number)
        self._tell(signal.SIGCONT)
        try:
            await self.ended(within)
        except Failed:
            await self.kill()
            raise

    async def kill(self) -> None:
        """Ends it without asking."""
        self._tell(signal.SIGKILL)
        await self.ended(10)

    def pause(self) -> None:
        """It stands still, its connections open, until `resume`."""
        self._tell(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on."""
        self._tell(signal.SIGCONT)

    async def ended(self, within: float) -> None:
        """Waits until it has ended. Raises `Failed` when it goes on."""
        try:
            async with asyncio.timeout(within):
                while self.running:  # noqa: ASYNC110 - a process sets no event
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise self._failed(f"did not end within {within:.0f} s") from None

    def _tell(self, number: signal.Signals) -> None:
        # Once it was seen to have ended, its id may be somebody else's: `send_signal` knows.
        if self._process is not None:
            self._process.send_signal(number)

    def _failed(self, what: str) -> Failed:
        code = None if self._process is None else self._process.poll()
        ended = "" if code is None else f" (exit code {code})"
        return Failed(f"{self.name} {what}{ended}; the end of its log:\n{tail(self.log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])


async def finish(
    name: str, command: Sequence[str], *, within: float, environment: Mapping[str, str] | None = None, **account: Any
) -> str:
    """Runs a command to its end and returns what it printed. Raises `Failed` with all it said when it fails."""

    def run() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*DIES_WITH_US, *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=within,
            check=False,
            **account,
        )

    try:
        # In a thread: not every loop starts a process under another account.
        ended = await asyncio.to_thread(run)
    except subprocess.TimeoutExpired:
        raise Failed(f"{name} did not end within {within:.0f} s") from None
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr).decode(errors="replace")
        raise Failed(f"{name} failed (exit code {ended.returncode}):\n{said}")
    return ended.stdout.decode()
