"""How the person herself is reminded: only by what she marked as safe."""

from __future__ import annotations

from streams.records import Method, Person


def reminder_methods(person: Person) -> tuple[Method, ...]:
    """The ways to reach her that she marked as safe, in her order."""
    return tuple(
        Method(id=f"{person.id}:reach:{place}", channel=entry["channel"], address=entry["address"])
        for place, entry in enumerate(person.details.get("reach") or ())
        if entry.get("safety") == "safe"
    )
