"""Deciding people's mail: lock, take all of it, decide one by one, write everything in one transaction.

The same functions serve every runner. What cannot be decided is marked so, raises the operator alarm, and, when it was
a press or a timer, still opens a bare incident: a bug of ours must never keep somebody from being told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from alerts.decide import Decision, decide
from alerts.effects import (
    AlarmOperator,
    ClearTimer,
    CloseAlarm,
    Effect,
    KeepCheckIn,
    NoticeLate,
    Notify,
    Publish,
    Record,
    SetTimer,
    ShowMessage,
    VoidDeliveries,
)
from alerts.following import asks_of
from alerts.ids import delivery_id, derived_id
from alerts.person_side import Marks, close
from alerts.signals import FaultRaised, PanicPressed, Signal, TimerDue
from streams.delivery_context import DeliveryContext, context_from
from streams.records import Delivery, JournalLine, Message, Outcome, TimerRow, Work
from streams.store import Transaction

log = structlog.get_logger()

LEASE = timedelta(seconds=3)
NEXT_METHOD_AFTER = timedelta(seconds=3)
GIVE_UP_AFTER = timedelta(minutes=10)
LANES = {"alarm": 0, "timer": 1, "rest": 2}


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this process sends now; its context where that was at hand, else it is looked up."""

    delivery: Delivery
    context: DeliveryContext | None = None


class Handled(msgspec.Struct, kw_only=True):
    """What handling came to: deliveries that are claimed for being sent now, and what each signal decided."""

    deliveries: list[Claimed] = []
    decisions: dict[str, Decision] = {}
    operator_alarms: list[str] = []
    events: int = 0
    timers: bool = False
    journeys_over: list[str] = []
    skipped: list[tuple[str, str]] = []
    """Who is being decided by somebody else just now, and could not be waited for."""


async def handle(
    tx: Transaction,
    people: Sequence[tuple[str, str]],
    now: datetime,
    *,
    also: Mapping[str, Sequence[Signal]] = {},
    claim: bool = True,
    wait: bool = True,
) -> Handled:
    """Decides all the mail of these people, then the signals of `also`.

    Without `wait`, whoever is locked by another process is passed over.

    With `claim`, what is to be sent at once is taken for sending here, with what is agreed at this moment.
    """
    handled = Handled()
    outcomes = []
    works, handled.skipped = await tx.take(people, also, wait=wait)
    for work in works:
        outcome = decide_mail(work, now, handled)
        outcomes.append(outcome)
    known = await tx.known_deliveries([d.id for outcome in outcomes for d in outcome.deliveries])
    for work, outcome in zip(works, outcomes, strict=True):
        # Under the same id it has been told already, by whoever decided the same before.
        outcome.deliveries = [d for d in outcome.deliveries if d.id not in known]
        if claim:
            outcome.deliveries = [_claimed(d, now) if d.due_at <= now else d for d in outcome.deliveries]
            for delivery in outcome.deliveries:
                if delivery.state == "sending":
                    context = context_from(work.agreed, delivery, outcome.situation.incident, now)
                    ready = context if isinstance(context, DeliveryContext) else None
                    handled.deliveries.append(Claimed(delivery, ready))
        handled.operator_alarms += outcome.operator_alarms
        handled.events += len(outcome.events) + outcome.stay_near_changed + len(outcome.late)
        handled.journeys_over += outcome.journeys_over
        handled.timers = handled.timers or bool(outcome.timers)
        if outcome.close_alarm:
            await _close_alarm(tx, outcome, now)
    await tx.settle_all(outcomes, now)
    return handled


def decide_mail(work: Work, now: datetime, handled: Handled) -> Outcome:
    """Decides one person's mail in order; one bad apple spoils nothing but itself."""
    outcome = Outcome(
        organization=work.organization, person=work.person, before=work.situation, situation=work.situation
    )
    for number in work.undecodable:
        _fault(work, outcome, f"mail:{number}", now)
        outcome.handled.append((number, "undecodable"))
    for mail in work.mail:
        signal = mail.signal
        try:
            decision = decide(outcome.situation, signal, work.plan, now)
        except Exception:
            log.exception("undecidable", action="undecidable", kind=type(signal).__name__)
            outcome.handled.append((mail.number, "undecidable"))
            if isinstance(signal, PanicPressed | TimerDue):
                _fault(work, outcome, signal.id, now)
            else:
                outcome.operator_alarms.append("undecidable_signal")
            continue
        handled.decisions[signal.id] = decision
        if isinstance(signal, PanicPressed) and signal.fix is not None and not decision.repeated:
            outcome.fixes.append(signal.fix)
        _apply(outcome, decision, now)
        refusal = decision.refusal.code if decision.refusal else "decided"
        outcome.handled.append((mail.number, "repeated" if decision.repeated else refusal))
    ended = [c.id for c in outcome.check_ins if c.under_way is not None and c.state in {"completed", "cancelled"}]
    if ended:
        running = {check_in.id for check_in in outcome.situation.check_ins}
        outcome.journeys_over = [journey for journey in ended if journey not in running]
    outcome.stay_near_changed = outcome.situation.stay_near != outcome.before.stay_near
    asks = asks_of(outcome.situation)
    if asks != asks_of(outcome.before):
        outcome.asks = asks
    return outcome


def _fault(work: Work, outcome: Outcome, what: str, now: datetime) -> None:
    outcome.operator_alarms.append("undecidable_signal")
    signal = FaultRaised(
        id=derived_id("fault", work.person, what), person=work.person, at=now, received_at=now, what=what
    )
    try:
        _apply(outcome, decide(outcome.situation, signal, work.plan, now), now)
    except Exception:
        log.exception("undecidable fault", action="undecidable")


def _apply(outcome: Outcome, decision: Decision, now: datetime) -> None:
    outcome.situation = decision.situation
    for effect in decision.effects:
        _collect(outcome, effect, now)


def _collect(outcome: Outcome, effect: Effect, now: datetime) -> None:
    match effect:
        case Notify():
            outcome.deliveries += deliveries_of(outcome.organization, outcome.person, effect, now)
        case SetTimer():
            outcome.cleared = [name for name in outcome.cleared if name != effect.name]
            outcome.timers = [t for t in outcome.timers if t.name != effect.name]
            outcome.timers.append(
                TimerRow(
                    organization=outcome.organization,
                    person=outcome.person,
                    name=effect.name,
                    generation=effect.generation,
                    due_at=effect.due_at,
                )
            )
        case ClearTimer():
            outcome.timers = [t for t in outcome.timers if t.name != effect.name]
            outcome.cleared.append(effect.name)
        case Record():
            line = JournalLine(
                at=effect.at, what=effect.what, incident=effect.incident, by=effect.by, values=effect.values
            )
            outcome.journal.append(line)
        case Publish():
            outcome.events.append(effect.event)
        case VoidDeliveries():
            outcome.void = True
            outcome.deliveries = [d for d in outcome.deliveries if d.subject != effect.incident]
        case AlarmOperator():
            outcome.operator_alarms.append(effect.what)
        case CloseAlarm():
            outcome.close_alarm = True
        case KeepCheckIn():
            outcome.check_ins = [c for c in outcome.check_ins if c.id != effect.check_in.id]
            outcome.check_ins.append(effect.check_in)
        case NoticeLate():
            outcome.late.append(effect)
        case ShowMessage():
            outcome.messages.append(
                Message(
                    id=effect.message,
                    at=effect.at,
                    writer=effect.writer,
                    text=effect.text,
                    incident=effect.incident,
                    name=effect.name,
                )
            )


def deliveries_of(organization: str, person: str, notify: Notify, now: datetime) -> list[Delivery]:
    """One delivery per method: all at once, or each three seconds behind the one before it."""
    return [
        Delivery(
            id=delivery_id(
                subject=notify.subject,
                purpose=notify.purpose,
                epoch=notify.epoch,
                step=notify.step,
                round_number=notify.round,
                recipient=notify.recipient,
                method=method.id,
            ),
            organization=organization,
            person=person,
            subject=notify.subject,
            incident=notify.incident,
            recipient=notify.recipient,
            method=method.id,
            channel=method.channel,
            purpose=notify.purpose,
            epoch=notify.epoch,
            step=notify.step,
            round=notify.round,
            position=position,
            methods=len(notify.methods),
            lane=LANES[notify.urgency],
            drill=notify.drill,
            due_at=now if notify.all_at_once else now + NEXT_METHOD_AFTER * position,
            give_up_at=now + GIVE_UP_AFTER,
            created_at=now,
            facts=notify.facts,
        )
        for position, method in enumerate(notify.methods)
    ]


def _claimed(delivery: Delivery, now: datetime) -> Delivery:
    return msgspec.structs.replace(delivery, state="sending", attempts=1, due_at=now + LEASE)


async def _close_alarm(tx: Transaction, outcome: Outcome, now: datetime) -> None:
    incident = outcome.situation.incident
    if incident is None:
        return
    side = await tx.person_side(outcome.person)
    view = await tx.incident(outcome.organization, incident.id)
    marks = Marks(
        sent=view.sent_at if view else None,
        delivered=view.delivered_at if view else None,
        seen=incident.seen_at,
        on_the_way=incident.on_the_way_at,
    )
    closed = close(side, incident=incident.id, aliases=incident.aliases, marks=marks, now=now)
    if closed is not side:
        await tx.save_person_side(outcome.organization, outcome.person, closed)
