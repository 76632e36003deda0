"""How soon things happen, told apart by what made them happen, on a machine that may have much else to do."""

from __future__ import annotations

from collections.abc import Sequence

from tests.cluster.town import ClusterTown, Pressed, until

A_SWEEP = 2.0
"""Seconds for which the sweeper leaves mail alone: whoever was told sooner was told because of a wake-up."""

SWEPT_WITHIN = 10.0
IN_TIME = 10.0
"""Seconds in which a deadline is met though whoever watched the clock is gone."""

WITHOUT_WAITING = 1.9
"""Whoever waits for a broker waits longer."""

WITH_PATIENCE = 2.9
"""Whoever waits for a store waits a second and a half, once and not twice."""


async def wake_ups_work(town: ClusterTown, *, api: int | None = None) -> list[Pressed]:
    """Somebody presses, and somebody else, until one is told sooner than by a sweep; what all of them pressed."""
    pressed: list[Pressed] = []

    async def woken() -> bool:
        mia = await town.phone()
        pressed.append(await town.press(mia, api=len(pressed) % 2 if api is None else api, only=api is not None))
        return await town.told(mia) < A_SWEEP

    await until(woken, "nobody is told sooner than by a sweep")
    return pressed


def answered_without_waiting(presses: Sequence[Pressed], limit: float = WITHOUT_WAITING) -> None:
    """No phone waited for what was away, and most waited for nothing at all."""
    seconds = sorted(pressed.seconds for pressed in presses)
    assert seconds[-1] < limit, f"a phone waited {seconds[-1]:.2f} s"
    assert seconds[len(seconds) // 2] < limit / 3, f"half of the phones waited {seconds[len(seconds) // 2]:.2f} s"
