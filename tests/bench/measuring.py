"""What every row of the bench needs: processes on a core of their own, a sink, CPU seconds, percentiles, rows."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.bench.server import Plan, Seeded

SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    name: str
    what: str
    measured: str
    goal: str
    against: str = ""
    reached: bool | None = None


class Sink:
    """Stamps what it receives, by path."""

    def __init__(self, delay: float = 0) -> None:
        self.times: dict[str, float] = {}
        self.count = 0
        self.delay = delay
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listens."""
        server = web.Server(self._take)
        self._runner = web.ServerRunner(server, access_log=None)  # type: ignore[assignment]
        assert self._runner is not None
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stops."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for(self, count: int, within: float) -> None:
        """Until so many came, or the time is over."""
        deadline = time.perf_counter() + within
        while self.count < count and time.perf_counter() < deadline:
            await asyncio.sleep(0.005)

    async def _take(self, request: web.BaseRequest) -> web.Response:
        now = time.time()
        await request.read()
        self.count += 1
        self.times.setdefault(request.path, now)
        if self.delay:
            await asyncio.sleep(self.delay)
        return web.Response()


@asynccontextmanager
async def sink(delay: float = 0) -> AsyncIterator[Sink]:
    """A sink that is stopped again."""
    made = Sink(delay)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def service(plan: Plan) -> AsyncIterator[Seeded]:
    """The service with this town in it, on its own core."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        plan.data = str(Path(folder) / "data")
        path.write_bytes(msgspec.json.encode(plan))
        async with _process("tests.bench.server", str(path)) as line:
            yield msgspec.json.decode(line, type=Seeded)


@asynccontextmanager
async def ceiling(sink_url: str = "") -> AsyncIterator[dict[str, int]]:
    """The bare ceiling, on the same core."""
    with tempfile.TemporaryDirectory() as folder:
        async with _process("tests.bench.ceiling", folder, sink_url) as line:
            yield msgspec.json.decode(line)


async def bare_fan_out(delay: float, count: int) -> float:
    """Messages a second that bare aiohttp POSTs to receivers which take so many seconds to answer."""
    async with sink(delay) as receiver, ceiling(receiver.url) as bare, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{bare['port']}/fan-out?count="
        async with http.post(f"{url}200") as warm:
            assert warm.status == 204
        began = time.perf_counter()
        async with http.post(f"{url}{count}") as done:
            assert done.status == 204
        return count / (time.perf_counter() - began)


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[bytes]:
    process = await asyncio.create_subprocess_exec(
        *pinned(SERVER_CORE),
        sys.executable,
        "-m",
        module,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    assert process.stdout is not None
    try:
        yield await asyncio.wait_for(process.stdout.readline(), 3600)
    finally:
        process.kill()
        await process.wait()


def pinned(core: int) -> list[str]:
    """The command that keeps a process on a core, where there is one and a second."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds_of_all(pid: int) -> float:
    """What a process and its children have used so far, also those that have ended."""
    total = cpu_seconds(pid)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total += (int(fields[13]) + int(fields[14])) / TICKS
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        total += cpu_seconds(int(child))
    return total


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so many lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def milliseconds(seconds: float) -> str:
    """For people."""
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def fsync_p50(folder: str | None = None) -> float:
    """Seconds for appending 4 KiB and an fsync on this disk, the median of 200."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(200):
            before = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - before)
    return percentile(times, 0.5)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What wrk saw."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int


LUA = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = line end
local n = 0
function request()
  n = n + 1
  local id = string.format("%s-0000-4000-8000-%%012x", n)
  local headers = {["Authorization"] = "Bearer " .. tokens[(n %% #tokens) + 1], ["Content-Type"] = "application/json"}
  return wrk.format("POST", "%s", headers, %s)
end
"""
PRESS = (
    """'{"id":"' .. id .. '","sequence":' .. n .. ',"silent":true,'"""
    """.. '"location":{"latitude":41.8837,"longitude":-87.6289,"accuracy":12.5},"battery":0.61}'"""
)


async def wrk(
    port: int, path: str, tokens: Sequence[str], *, seconds: int, connections: int = 50, body: str = PRESS
) -> Load:
    """Presses, or what else `body` makes (in Lua, of the number `n` of the request), from so many connections."""
    if shutil.which("wrk") is None:
        raise SystemExit("install wrk (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokens").write_text("\n".join(tokens) + "\n")
        script = Path(folder) / "press.lua"
        # A prefix of its own: presses that an earlier run made would be repeats.
        script.write_text(LUA % (Path(folder) / "tokens", secrets.token_hex(4), path, body))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
        process = await asyncio.create_subprocess_exec(
            *pinned(LOAD_CORE), *command, f"http://127.0.0.1:{port}", stdout=asyncio.subprocess.PIPE
        )
        raw, _ = await process.communicate()
    text = raw.decode()
    total = re.search(r"(\d+) requests in ([\d.]+)s", text)
    assert total, text
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    shares: dict[str, Any] = {share: _seconds(value) for share, value in re.findall(r"(50|99)%\s+([\d.]+\w+)", text)}
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]),
        p50=shares["50"],
        p99=shares["99"],
        failed=int(failed[1]) if failed else 0,
    )


def _seconds(value: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", value).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
