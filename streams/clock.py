"""The port to the time: whoever needs it is handed a `Clock` and reads no other."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits; a test's clock jumps."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for spans inside one process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits so long by this clock; may be cancelled at any time."""
        ...
