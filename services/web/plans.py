"""Plans before they are needed: who would be told when, and what is open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from alerts.audience import STAFF, contact_key
from alerts.care_plan import CarePlan
from alerts.plan_holes import channels_of, holes
from alerts.policy_simulation import SimulatedTrigger, simulate
from services.web.call import Call, Reply, Route
from services.web.directory import Body, audit, staff_route, visible_person
from services.web.plan_view import Names, names_in, shown_hole
from services.web.policies import read_text, under
from services.web.problems import field_problem
from streams.records import Agreed, OpenPlan, Person
from streams.store import Transaction

MOST_SHOWN = 500
Some = Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=50)]


class SimulationBody(Body, kw_only=True):
    """`POST /v1/people/{id}/plan/simulation`: when it happens, what is down, who does not notice.

    `policy` is the text of a policy in the place of the one that holds.
    """

    at: datetime | None = None
    trigger: SimulatedTrigger = "panic"
    dead: Some = []
    asleep: Some = []
    policy: Annotated[str, msgspec.Meta(max_length=100_000)] | None = None


async def _plan(call: Call) -> tuple[Person, CarePlan, Names]:
    person = await visible_person(call, call.path("id"))

    async def work(tx: Transaction) -> tuple[CarePlan, Agreed | None]:
        agreed = await tx.agreed(call.organization, person.id)
        return await tx.care_plan(call.organization, person.id), agreed

    plan, agreed = await call.service.store.read(work)
    names = names_in(plan)
    if agreed is not None:
        names |= {f"{STAFF}{staff.id}": staff.name for staff in agreed.staff.values()}
    await audit(call, person.id, "plan.read", person.id)
    return person, plan, names


async def get_plan(call: Call) -> Reply:
    """What is open in her plan as it is now."""
    _, plan, names = await _plan(call)
    found = [shown_hole(hole, names) for hole in holes(plan, call.now)]
    confirmed = [contact_key(contact.id) for contact in plan.contacts if contact.confirmed]
    everybody = ["dispatch", "last_resort", *confirmed, *(key for key in names if key.startswith(STAFF))]
    recipients = [{"recipient": key, "name": names.get(key)} for key in everybody]
    return Reply(
        body={"policy": plan.policy.name, "holes": found, "recipients": recipients, "channels": channels_of(plan)}
    )


async def post_simulation(call: Call) -> Reply:
    """Who would be told when, by the decisions that are made for real."""
    body: SimulationBody = call.body
    if body.at is not None and body.at.tzinfo is None:
        raise field_problem("at", "needs a time zone, such as 2026-11-29T03:10:00-06:00")
    person, plan, names = await _plan(call)
    if body.policy is not None:
        plan = under(read_text(body.policy, None), plan, person)
    at = body.at.astimezone(UTC) if body.at is not None else call.now
    asleep = [_recipient(given, number, plan, names) for number, given in enumerate(body.asleep)]
    found = simulate(plan, at, trigger=body.trigger, dead=body.dead, asleep=asleep)
    timeline = [
        {**msgspec.to_builtins(told), "at": _after(at, told.after_seconds), "name": names.get(told.recipient)}
        for told in found.timeline
    ]
    untold = [{"recipient": recipient, "name": names.get(recipient)} for recipient in found.untold]
    return Reply(
        body={"at": at, "timeline": timeline, "first_told_seconds": found.first_told_seconds, "untold": untold}
    )


def _after(at: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(at.timestamp() + seconds, UTC)


def _recipient(given: str, number: int, plan: CarePlan, names: Names) -> str:
    """`contact:2` is the second who has agreed, as in policies."""
    if given in {"dispatch", "last_resort"} or given in names:
        return given
    place = given.removeprefix("contact:")
    confirmed = [contact for contact in plan.contacts if contact.confirmed]
    if place != given and place.isdigit() and 1 <= int(place) <= len(confirmed):
        return contact_key(confirmed[int(place) - 1].id)
    raise field_problem(f"asleep[{number}]", "is dispatch, last_resort, contact:N, or the key of one who is told")


async def list_open(call: Call) -> Reply:
    """The plans in which the last check has found something open, the oldest first."""

    async def work(tx: Transaction) -> list[dict[str, Any]]:
        rows = []
        for found in await tx.open_plans(call.organization, MOST_SHOWN):
            person = await tx.get(Person, call.organization, found.person)
            if person is not None and call.token.subject not in person.hidden_from:
                contacts = await tx.list_contacts(call.organization, person.id)
                rows.append(_row(found, person, {contact_key(c.id): c.name for _, c in contacts}))
        return rows

    return Reply(body={"plans": await call.service.store.read(work)})


async def check(call: Call) -> Reply:
    """Looks through every plan of the agency now, as is done each night; what it finds is listed as it comes."""
    call.service.plans.begin(call.organization)
    return Reply(body={}, status=202)


def _row(found: OpenPlan, person: Person, names: Names) -> dict[str, Any]:
    shown = [shown_hole(hole, names) for hole in found.holes]
    return {"person": {"id": person.id, "name": person.name}, "since": found.since, "holes": shown}


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    return msgspec.structs.replace(
        staff_route(method, path, handler, summary, body, status), roles=("admin", "advocate", "dispatcher")
    )


PLAN = "/v1/people/{id}/plan"
ROUTES = (
    _route("GET", PLAN, get_plan, "What is open in a person's plan"),
    _route("POST", f"{PLAN}/simulation", post_simulation, "Who would be told when", SimulationBody),
    _route("GET", "/v1/plans/open", list_open, "Plans in which something is open"),
    _route("POST", "/v1/plans/check", check, "Look through every plan now", status=202),
)
