"""Escalation policies, as text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from alerts.care_plan import CarePlan, MethodRef, PlannedMember, PlannedTeam
from alerts.plan_holes import holes
from alerts.policy import DEFAULT_POLICY, Policy
from alerts.policy_simulation import stand_in
from alerts.policy_text import PolicyMistakes, changed_policy, read_policy
from alerts.policy_writing import write_policy
from services.policy_source import source_of, teams_named, written
from services.web.call import Call, Reply
from services.web.directory import staff_route, visible_person
from services.web.plan_view import Names, names_in, shown_hole
from services.web.problems import Problem
from services.web.service import new_id
from streams.records import Method, Organization, Person, PolicyText, Staff, Team
from streams.store import Transaction

MOST_POLICIES = 10_000
STANDS_IN = 2
"""So many contacts a policy is checked with that is nobody's yet."""


def read_text(text: str, name: str | None) -> Policy:
    """The policy of this text. Raises the problem that has every mistake with its place."""
    try:
        return read_policy(text, name=name)
    except PolicyMistakes as mistakes:
        found = [{"line": m.line, "column": m.column, "field": m.path, "message": m.text} for m in mistakes.mistakes]
        raise Problem("invalid", f"{len(found)} mistakes", mistakes=found) from mistakes


def under(policy: Policy, plan: CarePlan, person: Person) -> CarePlan:
    """Her plan as it were under another policy, with what is different for her."""
    if person.policy_changes:
        try:
            policy = changed_policy(policy, dict(person.policy_changes))
        except PolicyMistakes as mistakes:
            raise Problem("invalid", "What is different for this person does not go with this text.") from mistakes
    return msgspec.structs.replace(plan, policy=policy)


async def put_policy(call: Call) -> Reply:
    """A policy as JSON or YAML; every mistake comes with its position."""
    name = call.request.match_info["name"]
    text = call.raw.decode(errors="replace")
    policy = read_text(text, name)

    async def work(tx: Transaction) -> Reply:
        known = await tx.policy_named(call.organization, name)
        record = PolicyText(
            id=known.id if known else new_id(),
            organization=call.organization,
            name=name,
            document=write_policy(policy),
            text=text,
        )
        await tx.put(record)
        return Reply(body=record.document)

    return await call.service.store.write(work)


async def get_policy(call: Call) -> Reply:
    """A policy by its name."""
    return Reply(body=(await _named(call)).document)


async def get_text(call: Call) -> Reply:
    """A policy as it was written, to go on writing at."""
    found = await _named(call)
    return Reply(body={"name": found.name, "text": source_of(found)})


async def _named(call: Call) -> PolicyText:
    name = call.request.match_info["name"]
    found: PolicyText | None = await call.service.store.read(lambda tx: tx.policy_named(call.organization, name))
    if found is None:
        raise Problem("not-found")
    return found


async def list_policies(call: Call) -> Reply:
    """Every policy with the teams that it names, and the one that holds where none is named."""
    found = await call.service.store.read(lambda tx: tx.listed(PolicyText, call.organization, limit=MOST_POLICIES))
    policies = sorted((policy for _, policy in found), key=lambda policy: policy.name.casefold())
    shown = [{"name": policy.name, "teams": teams_named(policy)} for policy in policies]
    return Reply(body={"policies": shown, "standard": written(write_policy(DEFAULT_POLICY))})


async def check_text(call: Call) -> Reply:
    """What a text would leave open, for the person of the query or for two contacts; nothing is kept."""
    policy = read_text(call.raw.decode(errors="replace"), call.request.match_info["name"])
    person = call.request.query.get("person")
    if person is None:
        usable = frozenset(call.service.channels)
        plan = await call.service.store.read(lambda tx: _nobodys(tx, call.organization, policy, usable))
        return Reply(body={"holes": _holes(plan, {}, call.now)})
    known = await visible_person(call, person)
    plan = await call.service.store.read(lambda tx: tx.care_plan(call.organization, known.id))
    return Reply(body={"holes": _holes(under(policy, plan, known), names_in(plan), call.now)})


async def _nobodys(tx: Transaction, organization: str, policy: Policy, usable: frozenset[str]) -> CarePlan:
    """A plan that is nobody's yet, with the teams and webhooks that the agency has."""
    staff = {one.id: one for _, one in await tx.listed(Staff, organization, limit=10_000)}
    teams = tuple(
        PlannedTeam(
            name=team.name,
            formerly=team.formerly,
            rota=team.rota,
            members=tuple(
                PlannedMember(id=member, methods=_refs(staff[member].methods, usable))
                for member in team.members
                if member in staff
            ),
        )
        for _, team in await tx.listed(Team, organization)
    )
    agency = await tx.get(Organization, organization, organization)
    hooks = {hook.name: _refs((hook.method,), usable) for hook in agency.webhooks} if agency is not None else {}
    return msgspec.structs.replace(stand_in(policy, STANDS_IN), teams=teams, webhooks=hooks)


def _refs(methods: Iterable[Method], usable: frozenset[str]) -> tuple[MethodRef, ...]:
    return tuple(MethodRef(method.id, method.channel) for method in methods if method.channel in usable)


def _holes(plan: CarePlan, names: Names, now: datetime) -> list[dict[str, Any]]:
    return [shown_hole(hole, names) for hole in holes(plan, now)]


POLICY = "/v1/policies/{name}"
ROUTES = (
    staff_route("GET", "/v1/policies", list_policies, "List policies"),
    staff_route("PUT", POLICY, put_policy, "Change a policy"),
    staff_route("GET", POLICY, get_policy, "One policy"),
    staff_route("GET", f"{POLICY}/text", get_text, "One policy as it was written"),
    msgspec.structs.replace(
        staff_route("POST", f"{POLICY}/check", check_text, "What a policy's text would leave open"), query=("person",)
    ),
)
