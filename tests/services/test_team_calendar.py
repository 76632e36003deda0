"""Turns in people's calendars, and shifts that come from one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest

from alerts.on_call import Rota, Rotation, turns
from alerts.rule_mistake import RuleMistake
from services.team_calendar import READ_AHEAD, read_calendar, write_calendar
from tests.services.test_teams import nights, staff
from tests.services.town import Town

NAMES = {"01890a5d-ac96-774b-bcce-b302099a8057": "Kim", "01890a5d-ac96-774b-bcce-b302099a8058": "Lou Öst"}
KIM, LOU = NAMES
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
CHICAGO = "America/Chicago"


def calendar(*events: str) -> bytes:
    """A file of these events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", "DTSTAMP:20261101T000000Z", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str) -> list[tuple[str, datetime, datetime]]:
    """Who is on from when to when."""
    return [(s.staff, s.since, s.until) for s in read_calendar(calendar(*events), NAMES, CHICAGO, NOW)]


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_was_written_reads_back_as_the_same_turns() -> None:
    """By week, over the night on which clocks change."""
    rotation = Rotation(members=(KIM, LOU), begins=date(2026, 11, 2), hand_over=time(8))
    rota = Rota(time_zone=CHICAGO, rotations=(rotation,))
    until = NOW + READ_AHEAD - timedelta(hours=1)
    shifts = read_calendar(write_calendar("nights", rota, NAMES, NOW, until), NAMES, "UTC", NOW)
    read_back = Rota(time_zone=CHICAGO, shifts=shifts)
    assert turns(read_back, NOW, until) == turns(rota, NOW, until)


def test_each_turn_is_an_event_of_its_member() -> None:
    """With the same id at every export, so that a calendar knows it again."""
    rota = Rota(rotations=(Rotation(members=(KIM, LOU), begins=date(2026, 11, 2), hand_over=time(8)),))
    later = NOW + timedelta(days=19)
    one, again = (write_calendar("nights", rota, NAMES, now, later) for now in (NOW, NOW + timedelta(days=1)))
    assert one == again
    events = icalendar.Calendar.from_ical(one).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == ["Lou Öst", "Kim", "Lou Öst"]
    hers = write_calendar("nights", rota, NAMES, NOW, later, only=KIM)
    assert [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(hers).walk("VEVENT")] == ["Kim"]


MADRID = "TZID=Europe/Madrid"


@pytest.mark.parametrize(
    ("event", "who", "since", "hours"),
    [
        ("SUMMARY:Nights: Kim|DTSTART:20261125T200000|DTEND:20261126T080000", KIM, "2026-11-26T02:00", 12),
        ("SUMMARY:x|ATTENDEE;CN=lou öst:mailto:l@x|DTSTART:20261125T200000Z|DURATION:PT2H", LOU, "2026-11-25T20:00", 2),
        (f"SUMMARY:Kim?|ATTENDEE:urn:uuid:{LOU}|DTSTART;VALUE=DATE:20261201", LOU, "2026-12-01T06:00", 24),
        (f"SUMMARY:kim|DTSTART;{MADRID}:20261125T200000|DTEND;{MADRID}:20261125T210000", KIM, "2026-11-25T19:00", 1),
    ],
)
def test_an_event_is_a_shift_of_whom_it_names(event: str, who: str, since: str, hours: int) -> None:
    """By our id, by an attendee's name, by the summary; a time without a zone is by the team's wall."""
    assert read(event) == [(who, at(since), at(since) + timedelta(hours=hours))]


def test_recurring_events_are_shifts_of_the_next_half_year_without_their_exceptions() -> None:
    """Every Friday night, but not on Christmas; a cancelled one does not count."""
    found = read(
        "SUMMARY:Kim|DTSTART;TZID=America/Chicago:20261106T200000|DTEND;TZID=America/Chicago:20261107T080000"
        "|RRULE:FREQ=WEEKLY;BYDAY=FR|EXDATE;TZID=America/Chicago:20261225T200000",
        "SUMMARY:Lou Öst|STATUS:CANCELLED|DTSTART:20261125T200000Z|DTEND:20261125T210000Z",
    )
    assert found[0] == (KIM, at("2026-11-28T02:00"), at("2026-11-28T14:00"))
    assert len(found) == 25
    assert {since.astimezone(UTC).hour for _, since, _ in found} == {1, 2}, "the wall stays, the offset does not"


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        (b"hello", "calendar", "is not an iCalendar file"),
        (calendar("SUMMARY:Kim"), "event 1", "has no DTSTART"),
        (calendar("SUMMARY:Eve|DTSTART:20261125T200000Z|DTEND:20261125T210000Z"), "Eve", "names no member"),
        (calendar("SUMMARY:Kim and Lou Öst|DTSTART:20261125T200000Z|DTEND:20261125T210000Z"), "Kim", "names no member"),
        (calendar("SUMMARY:Kim|DTSTART:20261125T200000Z"), "Kim", "ends before it begins"),
        (calendar("SUMMARY:Kim|DTSTART:20261125T200000Z|RRULE:FREQ=SECONDLY"), "event 1", "more often than daily"),
        (
            calendar("SUMMARY:Kim|DTSTART:20261125T200000Z|RRULE:FREQ=DAILY;BYMINUTE=1,2"),
            "event 1",
            "more than once a day",
        ),
        (calendar(*["SUMMARY:Kim|DTSTART:20261125T200000Z|DTEND:20261125T210000Z"] * 501), "calendar", "more than 500"),
        (
            calendar(*["SUMMARY:Kim|DTSTART:20261125T200000Z|DURATION:PT1H|RRULE:FREQ=DAILY"] * 12),
            "calendar",
            "more than 2000",
        ),
    ],
)
def test_what_cannot_be_read_is_named(raw: bytes, field: str, message: str) -> None:
    """And what would take for ever is refused before it is reckoned."""
    with pytest.raises(RuleMistake) as refused:
        read_calendar(raw, NAMES, CHICAGO, NOW)
    assert field in refused.value.field
    assert message in refused.value.message


async def test_shifts_come_from_a_file_and_go_into_one(town: Town) -> None:
    """Whoever the file names is on; the team's rotations stay."""
    kim, _ = await staff(town, "Kim")
    lou, token = await staff(town, "Lou")
    await town.agency()
    await nights(town, kim)
    raw = calendar("SUMMARY:Lou|DTSTART:20261124T170000Z|DTEND:20261124T200000Z")
    answer = await town.call("PUT", "/v1/teams/nights/calendar", town.admin, raw=raw)
    assert answer.status == 200, answer.raw
    assert {one["id"] for one in answer.body["on_call"]["staff"]} == {kim, lou}
    given = await town.call("GET", f"/v1/teams/nights/calendar?days=30&staff={kim}", token)
    assert given.headers["Content-Type"].startswith("text/calendar")
    events = icalendar.Calendar.from_ical(given.raw).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {"Kim"}

    refused = await town.call("PUT", "/v1/teams/nights/calendar", town.admin, raw=b"x")
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "calendar")
