"""Answers to check-ins while the store is out of reach: taken into the spool, and answered as they will be decided."""

from __future__ import annotations

import msgspec

from alerts.decide import decide
from alerts.effects import KeepCheckIn
from alerts.signals import CheckInCancelled, CheckInCompleted, CheckInExtended
from alerts.situation import CheckIn
from services.web.call import Call
from services.web.problems import refused
from streams.records import LANE_ALARM, Outcome
from streams.store import Transaction

OVER = frozenset({"completed", "cancelled", "missed"})


Answered = CheckInCompleted | CheckInExtended | CheckInCancelled


async def take_into_spool(call: Call, kept: CheckIn, signal: Answered) -> CheckIn:
    """Takes the answer; the check-in as the person may see it from then on. Raises what would be refused.

    The same pure function that will decide it in the store decides here what it comes to, and the check-in joins the
    spool's own situation: so that the twin of the PIN alarms also while the store is away.
    """
    organization, person = call.organization, call.person

    async def accept(tx: Transaction) -> CheckIn:
        if kept.state in OVER:
            await tx.put_mail(organization, person, LANE_ALARM, signal, b"answered")
            return kept
        before = await tx.situation(person)
        known = before
        if all(check_in.id != kept.id for check_in in before.check_ins):
            known = msgspec.structs.replace(before, check_ins=(*before.check_ins, kept))
        decision = decide(known, signal, await tx.care_plan(organization, person), call.now)
        if decision.refusal is not None:
            raise refused(decision.refusal)
        shown = [e.check_in for e in decision.effects if isinstance(e, KeepCheckIn) and e.check_in.id == kept.id]
        changed = shown[-1] if shown else kept
        outcome = Outcome(organization=organization, person=person, before=before, situation=known, check_ins=[changed])
        if await tx.put_mail(organization, person, LANE_ALARM, signal, b"answered"):
            await tx.settle_all([outcome], call.now)
        return changed

    return await call.service.intake.write(accept, LANE_ALARM)
