"""P10: what an operation costs in a small town and in a large one."""

from __future__ import annotations

from pathlib import Path

from tests.bench.measuring import Row, cpu_seconds, service, wrk
from tests.bench.server import Plan

SMALL, LARGE = 1_000, 100_000
"""The goal speaks of a million; seeding so many takes a quarter of an hour, so that is left to whoever sets it."""

PRESSES_OF = 1_000


async def _press_cost(people: int) -> tuple[float, float]:
    """CPU seconds, and pages of the file read from outside the process, for one press of one of a thousand people."""
    async with service(Plan(data="", sink="", people=people, contacts=0, engine=False)) as town:
        some = town.panic[:: max(1, people // PRESSES_OF)]
        await wrk(town.port, "/v1/panic", some, seconds=2)
        cpu, read = cpu_seconds(town.pid), _read(town.pid)
        load = await wrk(town.port, "/v1/panic", some, seconds=5)
        assert load.failed == 0, f"{load.failed} presses failed"
        return (cpu_seconds(town.pid) - cpu) / load.requests, (_read(town.pid) - read) / 4096 / load.requests


def _read(pid: int) -> int:
    """Bytes that the process has read by system calls, from the cache of the machine or from the disk."""
    lines = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(lines["rchar"])


async def p10_growth() -> list[Row]:
    """A press, in both."""
    small, large = await _press_cost(SMALL), await _press_cost(LARGE)
    growth = large[0] / small[0] - 1
    return [
        Row(
            name="P10",
            what=f"CPU of a press with {LARGE:,} people against {SMALL:,}; pages read for each",
            measured=f"{growth:+.0%} ({small[0] * 1e6:,.0f} -> {large[0] * 1e6:,.0f} µs), "
            f"{small[1]:.2f} -> {large[1]:.2f}",
            goal="< +10 % up to 1,000,000 people",
            reached=growth < 0.10,
        )
    ]
