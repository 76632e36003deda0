"""Escalation policies, as text."""

from __future__ import annotations

from alerts.policy_text import PolicyMistakes, read_policy, write_policy
from services.web.call import Call, Reply
from services.web.directory import (
    staff_route,
)
from services.web.problems import Problem
from services.web.service import new_id
from streams.records import (
    PolicyText,
)
from streams.store import Transaction


async def put_policy(call: Call) -> Reply:
    """A policy as JSON or YAML; every mistake comes with its position."""
    name = call.request.match_info["name"]
    try:
        policy = read_policy(call.raw.decode(errors="replace"), name=name)
    except PolicyMistakes as mistakes:
        found = [{"line": m.line, "column": m.column, "field": m.path, "message": m.text} for m in mistakes.mistakes]
        raise Problem("invalid", f"{len(found)} mistakes", mistakes=found) from mistakes

    async def work(tx: Transaction) -> Reply:
        known = await tx.policy_named(call.organization, name)
        record = PolicyText(
            id=known.id if known else new_id(),
            organization=call.organization,
            name=name,
            document=write_policy(policy),
        )
        await tx.put(record)
        return Reply(body=record.document)

    return await call.service.store.write(work)


async def get_policy(call: Call) -> Reply:
    """A policy by its name."""
    name = call.request.match_info["name"]
    found = await call.service.store.read(lambda tx: tx.policy_named(call.organization, name))
    if found is None:
        raise Problem("not-found")
    return Reply(body=found.document)


ROUTES = (
    staff_route("PUT", "/v1/policies/{name}", put_policy, "Change a policy"),
    staff_route("GET", "/v1/policies/{name}", get_policy, "One policy"),
)
