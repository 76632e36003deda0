"""Advocates hear in the morning in whose plan something has become open during the night: one message each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.audience import staff_key
from alerts.care_plan import MethodRef
from alerts.effects import Notify
from streams.practice import next_morning
from streams.processor import deliveries_of
from streams.records import Person, Staff
from streams.store import Transaction

TRIED_FOR = timedelta(hours=6)
AT_A_TIME = 200


async def warn_advocates(tx: Transaction, organization: str, opened: Sequence[str], now: datetime) -> int:
    """Tells each advocate who has a method of the people among `opened` whom they may see; how many are told.

    The first of them is named, the others are counted; all stand on the page of plans.
    """
    people = [person for each in opened if (person := await tx.get(Person, organization, each)) is not None]
    told = 0
    for advocate in await _advocates(tx, organization):
        visible = [person for person in people if advocate.id not in person.hidden_from]
        methods = tuple(MethodRef(m.id, m.channel) for m in advocate.methods if m.channel in tx.reachable)
        if not visible or not methods:
            continue
        at = next_morning(now, ZoneInfo(visible[0].time_zone or "UTC"))
        notify = Notify(
            subject=advocate.id,
            incident=None,
            recipient=staff_key(advocate.id),
            purpose="plan_open",
            epoch=0,
            step=0,
            round=at.toordinal(),
            methods=methods,
            urgency="rest",
            facts={"others": len(visible) - 1},
        )
        made = deliveries_of(organization, visible[0].id, notify, at)
        await tx.put_deliveries([msgspec.structs.replace(one, give_up_at=at + TRIED_FOR) for one in made])
        told += 1
    return told


async def _advocates(tx: Transaction, organization: str) -> list[Staff]:
    found: list[Staff] = []
    after: int | None = 0
    while after is not None:
        page = await tx.listed(Staff, organization, after=after, limit=AT_A_TIME)
        found += [staff for _, staff in page if "advocate" in staff.roles]
        after = page[-1][0] if len(page) == AT_A_TIME else None
    return found
