"""What the clocks on the walls of thirty zones show, minute by minute: a reckoning that shares nothing with ours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Chicago",
    "America/Halifax", "America/Havana", "America/Los_Angeles", "America/New_York", "America/Nuuk",
    "America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata",
    "Asia/Tehran", "Asia/Tokyo", "Australia/Adelaide", "Australia/Lord_Howe", "Europe/Berlin",
    "Europe/Chisinau", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip


class WallClock:
    """When each minute by the wall happens: the first time of two, and after the gap where it never does."""

    def __init__(self, zone: str, begin: datetime, end: datetime) -> None:
        self._first: dict[datetime, datetime] = {}
        self._gaps: list[tuple[datetime, datetime, datetime]] = []
        tz = ZoneInfo(zone)
        at, before = begin, None
        while at <= end:
            wall = at.astimezone(tz).replace(tzinfo=None)
            self._first.setdefault(wall, at)
            if before is not None and wall - before > MINUTE:
                self._gaps.append((before, wall, at))
            before = wall
            at += MINUTE

    def at(self, day: date, clock: time) -> datetime | None:
        """The instant; None when it lies outside of what was walked through."""
        wall = datetime.combine(day, clock)
        for before, after, at in self._gaps:
            if before < wall < after:
                return at
        return self._first.get(wall)
