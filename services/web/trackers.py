"""Trackers that people have already: OwnTracks, and Traccar Client with whatever else speaks its OsmAnd protocol."""

from __future__ import annotations

from typing import Any

import structlog

from services.web.call import Call, Reply, Route
from services.web.fixes import Source, take_fixes
from services.web.keys import admit
from services.web.problems import Problem
from services.web.tracker_payloads import Refused, Why, decoded, osmand_request, owntracks_fix
from streams.records import Token

log = structlog.get_logger()

OSMAND_QUERY = ("id", "deviceid", "lat", "lon", "location", "timestamp", "speed", "accuracy", "batt", "valid")


async def owntracks(call: Call) -> Reply:
    """One message of the app; only its locations are of use. Whatever it is, the app hears that it went well.

    An answer that is none makes the app send the same message again and again, and keep all later ones back: whoever
    has a bad clock for an hour would be nowhere for good. What cannot be taken is counted instead.
    """
    token = await admit(call, call.request.match_info["key"], "tracker")
    # A friend who was removed from the app is sent as nothing at all.
    message: Any = decoded(call.raw) if call.raw.strip() else {}
    kind = message.get("_type") if isinstance(message, dict) else None
    if kind == "location":
        try:
            fix = owntracks_fix(message, call.now)
        except Refused as error:
            _count(call, "owntracks", error.why)
        else:
            await _take(call, token, [fix], "owntracks")
    elif kind == "encrypted":
        _count(call, "owntracks", "encrypted")
    return Reply(body=[])


async def osmand(call: Call) -> Reply:
    """Positions by the OsmAnd protocol; those that can be taken are, also where one beside them is refused."""
    request = osmand_request(call.request.query, call.raw)
    token = await admit(call, request.key, "tracker")
    fixes, refused = request.fixes(call.now)
    if fixes:
        await _take(call, token, fixes, "osmand")
    if refused:
        for error in refused:
            _count(call, "osmand", error.why)
        first = refused[0]
        errors = [{"field": error.field, "message": error.message} for error in refused]
        raise Problem("bad-request", f"{first.field}: {first.message}", errors=errors, accepted=len(fixes))
    return Reply()


async def _take(call: Call, token: Token, fixes: list[Any], source: Source) -> None:
    if token.person is None:
        raise Problem("no-token")
    await take_fixes(call.service, token.organization, token.person, fixes, source=source, now=call.now)


def _count(call: Call, source: Source, why: Why) -> None:
    call.service.metrics.fixes_refused.labels(source, why).inc()
    log.info("a position was not taken", action="fix_refused", source=source, why=why)


ROUTES = (
    Route(method="POST", path="/owntracks/{key}", handler=owntracks, who=("anybody",), summary="What OwnTracks sends"),
    *(
        Route(
            method=method,
            path="/osmand",
            handler=osmand,
            who=("anybody",),
            summary="What Traccar Client sends",
            query=OSMAND_QUERY,
        )
        for method in ("GET", "POST")
    ),
)
