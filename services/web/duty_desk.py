"""The agency's own numbers and mailboxes answer as one responder: whoever is on duty there."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.audience import DESKS, duty_id
from streams.records import Method, Organization, Staff
from streams.store import Transaction

LIVE = ("pending", "open", "acknowledged")
MOST = 200


def duty_desk(agency: Organization) -> Staff:
    """Whoever is on duty, by the agency's name."""
    return Staff(id=agency.id, organization=agency.id, name=agency.name, roles=(), methods=methods_of_desk(agency))


def methods_of_desk(agency: Organization) -> tuple[Method, ...]:
    """By which ways it is told: those of `dispatch` and of the last resort."""
    return (*agency.dispatch, *agency.last_resort)


def is_desk(staff: Staff) -> bool:
    """Whether it is the desk, and nobody by name."""
    return staff.id == staff.organization


def on_duty(agency: Organization, address: str | None, known: Iterable[str]) -> str:
    """Who answers from this number or mailbox of the agency's; one handset is one of them, however it is told.

    Whoever of those who are *known* answered from there before is the same, whatever way comes first by now.
    """
    ways = [("dispatch", method) for method in agency.dispatch] + [("last_resort", m) for m in agency.last_resort]
    here = [duty_id(desk, method.id) for desk, method in ways if method.address == address]
    return next((one for one in here if one in set(known)), here[0] if here else duty_id("dispatch", "gone"))


async def told_of(tx: Transaction, desk: Staff) -> list[str]:
    """The live incidents of which the desk was told, the oldest first."""
    views = await tx.incidents(desk.organization, LIVE, limit=MOST)
    return [view.incident.id for view in views if any(entry.recipient in DESKS for entry in view.incident.told)]
