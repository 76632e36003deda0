"""Killed at any instant, it loses nothing and leaves nobody untold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill.cycle import KillCycle


async def killed(folder: Path, kills: int, seed: int) -> KillCycle:
    """A server that was killed so often, and whose promises held each time."""
    cycle = KillCycle(folder, seed)
    await cycle.open()
    try:
        await cycle.run(kills)
    finally:
        await cycle.close()
    print(f"{cycle.kills} kills, {cycle.duplicates} messages received twice")
    return cycle


@pytest.mark.kill
@pytest.mark.timeout(500)
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_lost_in_a_hundred_kills(tmp_path: Path, seed: int) -> None:
    """Fifty for each seed: at named points between accept and delivery, and at random ones."""
    cycle = await killed(tmp_path / "data", 50, seed)
    assert cycle.kills == 50


@pytest.mark.proof
@pytest.mark.kill
@pytest.mark.timeout(7200)
async def test_nothing_is_lost_in_a_thousand_kills(tmp_path: Path) -> None:
    """The long form."""
    cycle = await killed(tmp_path / "data", 1000, 3)
    assert cycle.kills == 1000
