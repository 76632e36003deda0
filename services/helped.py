"""How often a line of help went back: two machines that answer one another come to an end."""

from __future__ import annotations

from datetime import datetime, timedelta

REMEMBERED = 10_000


class Helped:
    """So many lines *at most* to one number or about one message, *within* a span; known to this process alone."""

    def __init__(self, at_most: int, within: timedelta) -> None:
        self._at_most = at_most
        self._within = within
        self._times: dict[str, tuple[datetime, ...]] = {}

    def once_more(self, whom: str, now: datetime) -> bool:
        """Whether another line may go there; it counts."""
        lately = tuple(at for at in self._times.get(whom, ()) if now - at < self._within)
        if len(lately) >= self._at_most:
            return False
        if len(self._times) >= REMEMBERED:
            self._times.clear()
        self._times[whom] = (*lately, now)
        return True
