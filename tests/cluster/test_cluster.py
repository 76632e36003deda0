"""`make cluster`: many machines on one, from the first line to the last process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.cluster.cluster import ROLES
from tests.cluster.component import or_skip
from tests.cluster.program import ROOT
from tests.kafka.jars import jars
from tests.postgres.server import programs

COMMAND = (sys.executable, "-m", "tests.cluster")
START_WITHIN, STOP_WITHIN = 150.0, 60.0


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line that it prints."""

    api: list[str]
    admin: dict[str, str]
    pids: dict[str, list[int]]


def alive(pids: list[int]) -> list[int]:
    """Those that run."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


async def started() -> tuple[asyncio.subprocess.Process, Ready]:
    """It, and what it says when all is ready."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8"},
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), START_WITHIN)
    return process, msgspec.json.decode(line, type=Ready)


@pytest.mark.timeout(300)
async def test_it_starts_says_so_in_one_line_and_leaves_nothing_behind() -> None:
    """Every role is ready when the line comes, and gone when it was interrupted."""
    or_skip(jars)
    or_skip(programs)
    process, ready = await started()
    pids = [pid for some in ready.pids.values() for pid in some]
    try:
        assert {role: len(some) for role, some in ready.pids.items()} == {"postgres": 1, "kafka": 1, **ROLES}
        assert alive(pids) == pids
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {ready.admin['token']}"}) as http:
            for url in ready.api:
                async with http.get(f"{url}/readyz") as answer:
                    assert answer.status == 200
                async with http.get(f"{url}/v1/people") as answer:
                    assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = await asyncio.wait_for(process.communicate(), STOP_WITHIN)
    assert rest == b""
    assert process.returncode == 0
    assert alive(pids) == []
