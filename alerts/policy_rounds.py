"""The last steps of a policy once more, from any of them on: as if they had been written down so often."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.policy import HOUR_MS, Step

MOST_STEPS = 50
LATEST_MS = 24 * HOUR_MS
"""A step that is written down comes within a day; so do those of the rounds."""


def with_rounds(steps: Sequence[Step], *, first: int, every_ms: int, times: int) -> tuple[Step, ...]:
    """The steps, and those from the `first` on (from 1) `times` more, each round `every_ms` after the one before.

    Raises ValueError, saying what cannot be.
    """
    if first > len(steps):
        raise ValueError(f"there are {len(steps)} steps, and `from` names one of them")
    again = steps[first - 1 :]
    if len(steps) + times * len(again) > MOST_STEPS:
        raise ValueError(f"makes {len(steps) + times * len(again)} steps, and {MOST_STEPS} are the most")
    last_ms = again[-1].after_ms + times * every_ms
    if last_ms > LATEST_MS:
        raise ValueError(f"goes on for more than {LATEST_MS // HOUR_MS} hours, which is the most")
    rounds = (
        msgspec.structs.replace(step, after_ms=step.after_ms + number * every_ms)
        for number in range(1, times + 1)
        for step in again
    )
    return tuple(sorted((*steps, *rounds), key=lambda step: step.after_ms))
