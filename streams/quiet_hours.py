"""When what can wait is sent, on the wall of the person's time zone: nobody is woken by it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.wall_time import instant_of, wall_of

QUIET_FROM, QUIET_UNTIL = time(21), time(8)


def after_quiet(now: datetime, zone: ZoneInfo) -> datetime:
    """Now; in the night, the end of it."""
    return now if QUIET_UNTIL <= wall_of(now, zone).time() < QUIET_FROM else next_at(QUIET_UNTIL, now, zone)


def next_at(hour: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next time that the clock there shows this hour."""
    today = wall_of(now, zone).date()
    at = instant_of(datetime.combine(today, hour), zone)
    return at if at > now else instant_of(datetime.combine(today + timedelta(days=1), hour), zone)
