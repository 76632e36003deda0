"""A team's turns as iCalendar (RFC 5545), and shifts read from one.

Written, each turn of each member is an event with the member as its attendee. Read, an event is a shift of the member
whom an attendee names, by our id or by name, else of the one whose name its summary holds.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from alerts.on_call import Rota, Shift, turns
from alerts.rule_mistake import RuleMistake
from alerts.wall_time import instant_of

PRODUCT = "-//Porchlight//On call//EN"
MOST_EVENTS = 500
MOST_SHIFTS = 2000
TURN_AT_MOST = timedelta(days=92)
READ_AHEAD = timedelta(weeks=26)
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
FINER_THAN_DAYS = ("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS")
URN = "urn:uuid:"


def write_calendar(
    team: str, rota: Rota, names: Mapping[str, str], since: datetime, until: datetime, *, only: str | None = None
) -> bytes:
    """The turns from `since` until `until`, of everybody or of one member; `names` are those of staff, by id."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", team)
    # A turn that is under way is given whole: its event stays the same until it is over.
    for turn in turns(rota, since - TURN_AT_MOST, until):
        for staff in turn.staff:
            if turn.until > since and staff in names and only in {None, staff}:
                calendar.add_component(_event(team, staff, names[staff], turn.since, turn.until))
    written: bytes = calendar.to_ical()
    return written


def read_calendar(text: bytes, names: Mapping[str, str], zone: str, now: datetime) -> tuple[Shift, ...]:
    """The shifts of the next half year. Raises `RuleMistake`, naming the event and what is wrong with it."""
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError) as error:
        raise RuleMistake("calendar", "is not an iCalendar file (RFC 5545)") from error
    events = [event for event in calendar.walk("VEVENT") if event.get("STATUS") != "CANCELLED"]
    if len(events) > MOST_EVENTS:
        raise RuleMistake("calendar", f"holds more than {MOST_EVENTS} events")
    for number, event in enumerate(events, start=1):
        _check(event, number)
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=False).between(now, now + READ_AHEAD)
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        raise RuleMistake("calendar", "holds a recurrence that cannot be reckoned") from error
    if len(found) > MOST_SHIFTS:
        raise RuleMistake("calendar", f"means more than {MOST_SHIFTS} shifts in half a year")
    shifts = [_shift(event, names, ZoneInfo(zone)) for event in found if event.get("STATUS") != "CANCELLED"]
    return tuple(sorted(shifts, key=lambda shift: (shift.since, shift.staff)))


def _event(team: str, staff: str, name: str, since: datetime, until: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", str(uuid.uuid5(uuid.NAMESPACE_OID, f"{team}|{staff}|{since.isoformat()}")))
    event.add("summary", name)
    event.add("dtstamp", since)
    event.add("dtstart", since)
    event.add("dtend", until)
    attendee = icalendar.vCalAddress(f"{URN}{staff}")
    attendee.params["CN"] = icalendar.vText(name)
    event.add("attendee", attendee, encode=False)
    return event


def _check(event: Any, number: int) -> None:
    """What would take too long to reckon is refused before it is."""
    if event.get("DTSTART") is None:
        raise RuleMistake(f"event {number}", "has no DTSTART")
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        if not FREQUENCIES.issuperset(map(str.upper, rule.get("FREQ", []))):
            raise RuleMistake(f"event {number}", "recurs more often than daily")
        if any(len(rule.get(part, [])) > 1 for part in FINER_THAN_DAYS):
            raise RuleMistake(f"event {number}", "recurs more than once a day")


def _shift(event: Any, names: Mapping[str, str], zone: ZoneInfo) -> Shift:
    since = _instant(event.decoded("DTSTART"), zone)
    until = _end(event, since, zone)
    summary = str(event.get("SUMMARY", ""))
    what = f"event {summary[:60]!r} on {since:%Y-%m-%d}"
    if until <= since:
        raise RuleMistake(what, "ends before it begins")
    staff = next(_named(event, names), None) or _in_words(summary, names)
    if staff is None:
        raise RuleMistake(what, "names no member of the team, as an attendee or in its summary")
    identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{event.get('UID', '')}|{staff}|{since.isoformat()}")
    return Shift(id=str(identity), staff=staff, since=since, until=until)


def _end(event: Any, since: datetime, zone: ZoneInfo) -> datetime:
    if event.get("DTEND") is not None:
        return _instant(event.decoded("DTEND"), zone)
    if event.get("DURATION") is not None:
        return since + timedelta(seconds=event.decoded("DURATION").total_seconds())
    whole_day = not isinstance(event.decoded("DTSTART"), datetime)
    return since + timedelta(days=1) if whole_day else since


def _instant(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A whole day, or a time without a zone, is by the wall of the team."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value.astimezone(UTC) if value.tzinfo is not None else instant_of(value, zone)


def _named(event: Any, names: Mapping[str, str]) -> Iterator[str]:
    attendees = event.get("ATTENDEE", [])
    by_name = {name.casefold(): staff for staff, name in names.items()}
    for attendee in attendees if isinstance(attendees, Sequence) and not isinstance(attendees, str) else [attendees]:
        address = str(attendee).removeprefix(URN)
        if address in names:
            yield address
        common = str(attendee.params.get("CN", "")).casefold()
        if common in by_name:
            yield by_name[common]


def _in_words(summary: str, names: Mapping[str, str]) -> str | None:
    """The one member whose name stands there; none where several do."""
    words = {staff: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE) for staff, name in names.items()}
    found = [staff for staff, word in words.items() if word.search(summary)]
    return found[0] if len(found) == 1 else None
