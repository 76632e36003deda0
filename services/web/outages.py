"""What the desk is told once after an outage, instead of one by one."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from services.web.call import Call, Reply, Route

SHOWN_FOR = timedelta(hours=24)


async def last(call: Call) -> Reply:
    """The last outage of the last day in which something came due."""
    since = call.now - SHOWN_FOR
    found = await call.service.store.read(lambda tx: tx.last_outage(call.organization, since))
    return Reply(body={"outage": msgspec.to_builtins(found) if found is not None else None})


ROUTES = (
    Route(
        method="GET",
        path="/v1/outages/last",
        handler=last,
        who=("staff",),
        roles=("admin", "dispatcher", "advocate"),
        summary="What came due while the service was away",
    ),
)
