"""Moving one person's spool into the store: what was sent first, then what came in, in the order in which it came.

One transaction. The messages that left under their deterministic ids are there before anything is decided, so that
deciding the same again finds them sent. Where the spool had already told somebody when a PIN came in, the window is
ended before the PIN is decided: it is a claim then, and not the end of something that nobody knew of. Drained twice,
it is the same: mail and messages have ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerts import person_side
from alerts.ids import incident_id_for_press
from alerts.incidents import WINDOW_TIMER
from alerts.person_side import Marks, PersonSide, VisiblePress
from alerts.signals import CancelEntered, FixReported, PanicPressed, PinStarted, Signal, TimerDue
from alerts.situation import Situation
from streams.processor import handle
from streams.records import Delivery
from streams.sql.spooled import Spooled


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the spool holds of one person."""

    organization: str
    person: str
    mail: tuple[Spooled, ...]
    deliveries: tuple[Delivery, ...]
    told: bool
    """Whether anybody was told of the press that the spool holds."""
    presses_told: int = 0
    """How many presses whoever was told had been told of."""
    until: int = 2**62
    """The number of the last mail in it."""

    @property
    def only_cancels(self) -> bool:
        """Whether it holds PINs, and no press that they could be about."""
        signals = [one.signal for one in self.mail]
        return any(isinstance(s, CancelEntered) for s in signals) and not any(
            isinstance(s, PanicPressed) for s in signals
        )


async def read_batch(tx: Any, organization: str, person: str) -> Batch:
    """What the spool holds of this person."""
    deliveries = tuple(await tx.spooled_deliveries(person))
    situation: Situation = await tx.situation(person)
    incident = situation.incident
    return Batch(
        organization=organization,
        person=person,
        mail=tuple(await tx.spooled_mail(person)),
        deliveries=deliveries,
        until=await tx.spooled_until(person),
        told=incident is not None and incident.state not in {"pending", "cancelled"},
        presses_told=incident.presses if incident is not None else 0,
    )


async def put_batch(tx: Any, batch: Batch, now: datetime) -> None:
    """Into the store, and decided there."""
    known = await tx.known_deliveries([delivery.id for delivery in batch.deliveries])
    await tx.put_deliveries(batch.deliveries)
    side = before = await tx.person_side(batch.person)
    known_as: dict[str, str] = {}
    for one in batch.mail:
        if batch.told and isinstance(one.signal, CancelEntered):
            await _end_window(tx, batch, now)
        new = await tx.put_mail(batch.organization, batch.person, one.lane, one.signal, one.answer)
        if isinstance(one.signal, PanicPressed):
            known_as |= await _known_as(tx, one.signal)
        if not new:
            continue
        side = fold(side, batch.person, one.signal)
        fix = fix_of(one.signal)
        if fix is not None:
            await tx.put_fixes(batch.organization, batch.person, [fix])
    if side is not before:
        await tx.save_person_side(batch.organization, batch.person, side)
    await handle(tx, [(batch.organization, batch.person)], now, claim=False)
    if batch.told:
        # Also for a PIN that comes later, from known_as.
        await _end_window(tx, batch, now)
    await _one_incident(tx, batch, known_as, known, now)


async def _known_as(tx: Any, pressed: PanicPressed) -> dict[str, str]:
    """Under which ids it may have been told of here, and the one that the store knows: it may have had it all along."""
    first = await tx.first_answer(pressed.person, pressed.id)
    known = str(msgspec.json.decode(first)["incident"]) if first is not None else pressed.incident
    return {pressed.incident: known, incident_id_for_press(pressed.person, pressed.id): known}


async def _one_incident(tx: Any, batch: Batch, known_as: dict[str, str], known: set[str], now: datetime) -> None:
    """What the spool told of under one id and the store decided under another is the same; nobody hears it twice."""
    promised = {one.signal.incident for one in batch.mail if isinstance(one.signal, PanicPressed)}
    news = [d for d in batch.deliveries if d.id not in known and d.state in {"sent", "delivered"}]
    for name in sorted(promised | {d.incident for d in batch.deliveries if d.incident is not None}):
        view = await tx.incident(batch.organization, known_as.get(name, name))
        if view is None or view.incident.id == name:
            continue
        await tx.adopt(batch.organization, name, view.incident.id)
        if batch.presses_told >= sum(isinstance(one.signal, PanicPressed) for one in batch.mail):
            told = [(d.recipient, d.method) for d in news if d.incident == name]
            await tx.told_already(view.incident.id, told, now)


async def _end_window(tx: Any, batch: Batch, now: datetime) -> None:
    await handle(tx, [(batch.organization, batch.person)], now, claim=False)
    situation: Situation = await tx.situation(batch.person)
    incident, generation = situation.live_incident, situation.timers.get(WINDOW_TIMER)
    if incident is None or incident.state != "pending" or generation is None:
        return
    ended = TimerDue(
        id=f"{WINDOW_TIMER}#{generation}",
        person=batch.person,
        at=incident.window_ends or now,
        received_at=now,
        name=WINDOW_TIMER,
        generation=generation,
    )
    await handle(tx, [(batch.organization, batch.person)], now, also={batch.person: [ended]}, claim=False)


def fix_of(signal: Signal) -> Any:
    """The position that a signal brings beside those of a press, which are kept when it is decided."""
    return signal.fix if isinstance(signal, FixReported) else None


def fold(side: PersonSide, person: str, signal: Signal) -> PersonSide:
    """What the person's own screen shows after this signal, as when it was taken."""
    match signal:
        case PanicPressed():
            pressed = VisiblePress(id=signal.id, at=signal.at, stored_at=signal.received_at, sequence=signal.sequence)
            window = signal.window_ends - signal.received_at if signal.window_ends is not None else timedelta(0)
            return person_side.press(side, person=person, pressed=pressed, window=window, now=signal.received_at)[0]
        case CancelEntered():
            return person_side.cancel(
                side,
                panic=signal.panic,
                at=signal.at,
                sequence=signal.sequence,
                marks=Marks(),
                now=signal.received_at,
            )
        case PinStarted():
            return person_side.start_pin(side, signal.received_at)
        case _:
            return side
