"""How the person herself is reminded: only by what she marked as safe, and only while it is."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from alerts.care_plan import MethodRef
from alerts.hours import Hours, covers
from streams.records import Method, Person


def reminder_methods(person: Person) -> tuple[Method, ...]:
    """The ways to reach her that she marked as safe, in her order, each with the hours in which it is."""
    return tuple(
        Method(
            id=f"{person.id}:reach:{place}",
            channel=entry["channel"],
            address=entry["address"],
            hours=_hours(entry.get("hours")),
        )
        for place, entry in enumerate(person.details.get("reach") or ())
        if entry.get("safety") == "safe"
    )


def is_safe_now(person: Person, method: Method, now: datetime) -> bool:
    """Whether this is one of the hours in which nobody else reads what is sent there."""
    return covers(method.hours, now, ZoneInfo(person.time_zone or "UTC"))


def reminder_refs(person: Person, usable: tuple[MethodRef, ...]) -> tuple[MethodRef, ...]:
    """Those of her ways that can be used here, each with its hours."""
    hours = {method.id: method.hours for method in reminder_methods(person)}
    return tuple(MethodRef(ref.id, ref.channel, hours[ref.id]) for ref in usable)


def _hours(given: object) -> tuple[Hours, ...]:
    # Before there were hours that count, a note of any words could stand here.
    if not isinstance(given, list | tuple):
        return ()
    return tuple(
        Hours(days=tuple(h["days"]), start=time.fromisoformat(h["start"]), end=time.fromisoformat(h["end"]))
        for h in given
    )
