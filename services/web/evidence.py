"""Her trail as evidence: kept until a day that she picks, else it is destroyed some days after the incident closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from alerts.signals import DuressEntered, PinRefused
from services.web.call import Call, Reply, Route
from services.web.check_ins import instant
from services.web.directory import Body
from services.web.panic import settle_time, verdict_of
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from streams.records import LANE_ALARM, KeptTrail, Person
from streams.store import Transaction

LONGEST = timedelta(days=10 * 366)


class KeepBody(Body, kw_only=True):
    """`PUT /v1/me/trail`; without `keep_until` it is not kept any more."""

    keep_until: datetime | None = None
    pin: str | None = None


async def get(call: Call) -> Reply:
    """Until when it is kept, as she may see it."""
    kept = await call.service.store.read(lambda tx: tx.kept_trail(call.person))
    return Reply(body={"keep_until": kept.shown_until})


async def put(call: Call) -> Reply:
    """Keeps it longer; for less, her PIN is needed where she has one. The twin looks done and changes nothing."""
    body: KeepBody = call.body
    began = call.service.clock.monotonic()
    until = instant(body.keep_until, "keep_until", call.now, LONGEST) if body.keep_until is not None else None
    kept = await call.service.store.read(lambda tx: tx.kept_trail(call.person))
    verdict = None
    if _less(kept, until) and (await call.get(Person, call.person)).pin_hash is not None:
        if body.pin is None:
            raise field_problem("pin", "is missing")
        verdict = await verdict_of(call, body.pin)
        if verdict != "pin":
            await _tell(call, refused=verdict is None)
        if verdict is None:
            await settle_time(call, began)
            raise Problem("pin-refused")

    async def work(tx: Transaction) -> Reply:
        now = await tx.kept_trail(call.person)
        truth = now.until if verdict == "duress" else until
        await tx.keep_trail(call.organization, call.person, KeptTrail(until=truth, shown_until=until))
        return Reply(body={"keep_until": until})

    reply = await call.commit(work)
    if verdict is not None:
        await settle_time(call, began)
    return reply


def _less(kept: KeptTrail, until: datetime | None) -> bool:
    return kept.shown_until is not None and (until is None or until < kept.shown_until)


async def _tell(call: Call, *, refused: bool) -> None:
    """Staff hear of it."""
    common: dict[str, Any] = {"id": new_id(), "person": call.person, "at": call.now, "received_at": call.now}
    signal = (PinRefused if refused else DuressEntered)(**common, occasion="evidence")
    await call.service.intake.write(
        lambda tx: tx.put_mail(call.organization, call.person, LANE_ALARM, signal), LANE_ALARM
    )
    call.service.engine.wake(call.organization, call.person, LANE_ALARM)


ROUTES = (
    Route(
        method="GET", path="/v1/me/trail", handler=get, who=("device",), summary="Until when your positions are kept"
    ),
    Route(
        method="PUT",
        path="/v1/me/trail",
        handler=put,
        who=("device",),
        summary="Keep your positions as evidence",
        body=KeepBody,
    ),
)
