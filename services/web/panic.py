"""The press, its cancel, and how far it has come."""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from alerts import person_side
from alerts.person_side import Marks, PersonSide, VisibleAlarm, VisiblePress
from alerts.question_cards import CardAnswer
from alerts.responder_signals import CardAnswered
from alerts.signal_base import Fix
from alerts.signals import CancelEntered, FixReported, PanicPressed, PinRefused, PinStarted
from services.web.call import Call, Reply, Route
from services.web.fixes import AHEAD
from services.web.problems import Problem, field_problem, refused
from services.web.service import new_id
from streams.records import LANE_ALARM, LANE_REST, Organization, Person
from streams.store import Transaction

ANSWERED_AFTER = 0.25
TOLD_WITHIN, ANSWERED_WITHIN = timedelta(seconds=8), timedelta(minutes=1)
"""After so long without anybody told, or without an answer, the phone says whom else to ring."""
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PIN = re.compile(r"[0-9]{4,12}")
LONG_AGO = timedelta(days=366)
KNOWN = frozenset({"id", "at", "sent_at", "sequence", "silent", "immediate", "drill", "location", "battery"})


class CardAnswerBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/panic/card`: which asking, and what she says to it."""

    card: str
    answer: CardAnswer
    id: str | None = None


class CancelBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/panic/cancel`."""

    pin: str
    panic: str | None = None
    at: datetime | None = None
    sent_at: datetime | None = None
    sequence: int | None = None
    id: str | None = None


class Empty(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body that says nothing but its idempotency key."""

    id: str | None = None


class Press(msgspec.Struct, kw_only=True):
    """A press as it was understood, and what of it was not."""

    id: str
    at: datetime
    sequence: int | None = None
    silent: bool = False
    immediate: bool = False
    drill: bool = False
    fix: Fix | None = None
    battery: float | None = None
    ignored: list[str] = []


async def press(call: Call) -> Reply:
    """With a valid token a press is always taken; what makes no sense in it is listed, not refused."""
    pressed = understand(call)
    person, organization, now = call.person, call.organization, call.now

    async def accept(tx: Transaction) -> tuple[dict[str, Any], bool]:
        # Read first: it lets nobody else in who presses for this person at the same time.
        side = await tx.person_side(person)
        first = await tx.first_answer(person, pressed.id)
        if first is not None:
            await _add_fix(tx, organization, person, pressed, now)
            return msgspec.json.decode(first), False
        window = timedelta(0) if pressed.immediate else await window_of(tx, organization, person)
        visible = VisiblePress(id=pressed.id, at=pressed.at, stored_at=now, sequence=pressed.sequence)
        changed, answer = person_side.press(side, person=person, pressed=visible, window=window, now=now)
        reply: dict[str, Any] = {
            "id": pressed.id,
            "incident": answer.incident,
            "state": answer.state,
            "cancel_until": answer.cancel_until,
        }
        if pressed.ignored:
            reply["ignored"] = pressed.ignored
        signal = PanicPressed(
            id=pressed.id,
            person=person,
            at=pressed.at,
            received_at=now,
            sequence=pressed.sequence,
            incident=answer.incident,
            window_ends=answer.cancel_until,
            silent=pressed.silent,
            drill=pressed.drill,
            fix=pressed.fix,
            battery=pressed.battery,
        )
        await tx.put_mail(organization, person, LANE_ALARM, signal, msgspec.json.encode(reply))
        await tx.save_person_side(organization, person, changed)
        return reply, True

    reply, _ = await call.service.intake.write(accept, LANE_ALARM, about=person)
    call.service.engine.wake(organization, person, LANE_ALARM)
    call.service.metrics.presses.inc()
    return Reply(body=reply, status=202)


async def _add_fix(tx: Transaction, organization: str, person: str, pressed: Press, now: datetime) -> None:
    if pressed.fix is None:
        return
    signal = FixReported(id=new_id(), person=person, at=pressed.fix.at, received_at=now, fix=pressed.fix)
    await tx.put_mail(organization, person, LANE_REST, signal)
    await tx.put_fixes(organization, person, [pressed.fix])


async def window_of(tx: Transaction, organization: str, person: str) -> timedelta:
    """The cancel window: the person's own, else the policy's; none for somebody who has no PIN to cancel with."""
    who = await tx.get(Person, organization, person)
    if who is None or who.pin_hash is None:
        return timedelta(0)
    if who.cancel_window_s is not None:
        return timedelta(seconds=who.cancel_window_s)
    return timedelta(milliseconds=(await tx.policy_of(who)).cancel_window_ms)


def understand(call: Call) -> Press:
    """Reads a press leniently. Refused are only broken JSON, a bad `id` and a body over the limit."""
    try:
        given = msgspec.json.decode(call.raw) if call.raw.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("bad-json", str(error)) from error
    fields: dict[str, Any] = given if isinstance(given, dict) else {}
    ignored = [name for name in fields if name not in KNOWN] if isinstance(given, dict) else ["body"]
    key = fields.get("id", call.request.headers.get("Idempotency-Key"))
    if key is not None and not (isinstance(key, str) and UUID.fullmatch(key)):
        raise field_problem("id", "must be a UUID")
    now = call.now
    pressed = Press(id=key.lower() if key else new_id(), at=now, ignored=ignored)
    at, sent_at = _instant(fields, "at", ignored, now), _instant(fields, "sent_at", ignored, now)
    if at is not None:
        pressed.at = min(now, at + (now - sent_at)) if sent_at is not None else min(now, at)
    for name in ("silent", "immediate", "drill"):
        value = fields.get(name, False)
        if isinstance(value, bool):
            setattr(pressed, name, value)
        else:
            ignored.append(name)
    sequence = fields.get("sequence")
    if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**53:
        pressed.sequence = sequence
    elif sequence is not None:
        ignored.append("sequence")
    battery = _number(fields.get("battery"), 0, 1)
    pressed.battery = battery
    if battery is None and fields.get("battery") is not None:
        ignored.append("battery")
    pressed.fix = _fix(fields.get("location"), ignored, now)
    return pressed


def _fix(given: Any, ignored: list[str], now: datetime) -> Fix | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        ignored.append("location")
        return None
    latitude, longitude = _number(given.get("latitude"), -90, 90), _number(given.get("longitude"), -180, 180)
    if latitude is None or longitude is None:
        ignored.append("location")
        return None
    at = _instant(given, "at", ignored, now, prefix="location.") or now
    return Fix(
        latitude=latitude,
        longitude=longitude,
        at=min(at, now),
        received_at=now,
        accuracy=_number(given.get("accuracy"), 0, 1e7),
    )


def _number(value: Any, least: float, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)


def _instant(fields: dict[str, Any], name: str, ignored: list[str], now: datetime, prefix: str = "") -> datetime | None:
    value = fields.get(name)
    if value is None:
        return None
    try:
        at = msgspec.convert(value, datetime, strict=False)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        if now - LONG_AGO <= at <= now + AHEAD:
            return at.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError, ValueError):
        pass
    ignored.append(prefix + name)
    return None


def corrected(at: datetime | None, sent_at: datetime | None, now: datetime) -> datetime:
    """When it happened by our clock: the phone's, set right by how far off it was when it sent this."""
    if at is None or at.tzinfo is None or now - at > LONG_AGO:
        return now
    if sent_at is not None and sent_at.tzinfo is not None:
        at += now - sent_at
    return min(at, now)


async def cancel(call: Call) -> Reply:
    """A fixed quarter of a second after arrival, whatever the PIN was: the answer says nothing but yes or no."""
    body: CancelBody = call.body
    began = call.service.clock.monotonic()
    verdict = await verdict_of(call, body.pin)
    person, organization, now = call.person, call.organization, call.now
    at = corrected(body.at, body.sent_at, now)
    signal_id = str(uuid.uuid5(uuid.UUID(int=0), f"{person}|cancel|{call.key}")) if call.key else new_id()

    async def accept(tx: Transaction) -> bool:
        side = await tx.person_side(person)
        first = await tx.first_answer(person, signal_id)
        if first is not None:
            return first == b"cancelled"
        if verdict is None:
            refused = PinRefused(id=signal_id, person=person, at=at, received_at=now, occasion="cancel")
            await tx.put_mail(organization, person, LANE_ALARM, refused, b"refused")
            return False
        marks = await marks_of(tx, organization, side)
        changed = person_side.cancel(side, panic=body.panic, at=at, sequence=body.sequence, marks=marks, now=now)
        signal = CancelEntered(
            id=signal_id,
            person=person,
            at=at,
            received_at=now,
            sequence=body.sequence,
            verdict=verdict,
            panic=body.panic,
        )
        await tx.put_mail(organization, person, LANE_ALARM, signal, b"cancelled")
        await tx.save_person_side(organization, person, changed)
        return True

    taken = await call.service.intake.write(accept, LANE_ALARM, about=person)
    call.service.engine.wake(organization, person, LANE_ALARM)
    await settle_time(call, began)
    if not taken:
        raise Problem("pin-refused")
    return Reply(body={"state": "cancelled"})


async def verdict_of(call: Call, pin: str) -> Literal["pin", "duress"] | None:
    """What this PIN is for the person who calls. Raises for somebody who has none, and for what cannot be one."""
    who = await call.get(Person, call.person)
    if who.pin_hash is None:
        raise Problem("no-pin", "No PIN is set: the responders close it.")
    return await call.service.pins.verdict(who, pin if PIN.fullmatch(pin) else "")


async def settle_time(call: Call, began: float) -> None:
    """Waits until a whole number of quarter seconds has passed since arrival."""
    spent = call.service.clock.monotonic() - began
    quarters = int(spent / ANSWERED_AFTER) + 1
    await asyncio.sleep(quarters * ANSWERED_AFTER - spent)


async def entering_pin(call: Call) -> Reply:
    """The first digit: fifteen seconds more, once."""
    person, organization, now = call.person, call.organization, call.now

    async def accept(tx: Transaction) -> datetime | None:
        side = await tx.person_side(person)
        changed = person_side.start_pin(side, now)
        if changed is not side and changed.alarm is not None:
            signal = PinStarted(id=new_id(), person=person, at=now, received_at=now)
            await tx.put_mail(organization, person, LANE_ALARM, signal)
            await tx.save_person_side(organization, person, changed)
        return changed.alarm.cancel_until if changed.alarm is not None else None

    until = await call.service.intake.write(accept, LANE_ALARM, about=person)
    call.service.engine.wake(organization, person, LANE_ALARM)
    return Reply(body={"cancel_until": until})


async def marks_of(tx: Transaction, organization: str, side: PersonSide) -> Marks:
    """How far the incident behind her alarm has come."""
    if side.alarm is None:
        return Marks()
    view = await tx.incident(organization, side.alarm.id)
    if view is None:
        return Marks()
    seen, moving = view.incident.seen_at, view.incident.on_the_way_at
    return Marks(sent=view.sent_at, delivered=view.delivered_at, seen=seen, on_the_way=moving)


async def progress(call: Call) -> Reply:
    """How far a press has come, and what to do when it has not."""
    wanted = call.path("id")

    async def work(tx: Transaction) -> dict[str, Any]:
        side = await tx.person_side(call.person)
        for alarm in (side.alarm, *side.earlier):
            if alarm is not None and (alarm.id == wanted or any(p.id == wanted for p in alarm.presses)):
                marks = await marks_of(tx, call.organization, side) if alarm is side.alarm else alarm.marks
                shown = describe(alarm, marks, call.now, wanted)
                shown["advice"] = await _advice(tx, call, alarm, marks)
                shown["card"] = (
                    await _card(tx, call, alarm) if shown["state"] not in {"cancelled", "resolved"} else None
                )
                return shown
        raise Problem("not-found")

    return Reply(body=await call.service.intake.read(work))


def describe(alarm: VisibleAlarm, marks: Marks, now: datetime, wanted: str | None = None) -> dict[str, Any]:
    """An alarm as the phone may show it."""
    shown = person_side.shown_marks(alarm, marks, now)
    state = person_side.shown_state(alarm, marks, now)
    named = next((p for p in alarm.presses if p.id == wanted), alarm.presses[-1])
    return {
        "id": named.id,
        "panic": named.id,
        "incident": alarm.id,
        "state": state,
        "cancel_until": alarm.cancel_until if state == "pending" else None,
        "stored": named.stored_at,
        "sent": shown.sent,
        "delivered": shown.delivered,
        "seen": shown.seen,
        "on_the_way": shown.on_the_way,
    }


async def _card(tx: Transaction, call: Call, alarm: VisibleAlarm) -> dict[str, Any] | None:
    """What a responder asks her now."""
    view = await tx.incident(call.organization, alarm.id)
    if view is None or not view.incident.live or view.incident.card is None:
        return None
    asked = view.incident.card
    return {"id": asked.id, "card": asked.card, "answer": asked.answer}


async def answer_card(call: Call) -> Reply:
    """Yes, no, or that she cannot say; a card that another one has replaced is refused."""
    body: CardAnswerBody = call.body
    side = await call.service.store.read(lambda tx: tx.person_side(call.person))
    if side.alarm is None or side.alarm.state == "cancelled":
        raise Problem("not-asked")
    signal = CardAnswered(
        id=new_id(), person=call.person, at=call.now, received_at=call.now, asked=body.card, answer=body.answer
    )
    decision = await call.service.engine.decide_now(call.organization, call.person, signal)
    if decision.refusal is not None:
        raise refused(decision.refusal)
    return Reply(body={"card": body.card, "answer": body.answer})


async def _advice(tx: Transaction, call: Call, alarm: VisibleAlarm, marks: Marks) -> dict[str, Any] | None:
    """Within ten seconds of nobody being reached the phone says so, with the agency's numbers.

    So it does when somebody was told a minute ago and nobody has answered yet.
    """
    if person_side.shown_state(alarm, marks, call.now) != "open":
        return None
    sent = person_side.shown_marks(alarm, marks, call.now).sent
    since, allowed = (alarm.cancel_until or alarm.opened_at, TOLD_WITHIN) if sent is None else (sent, ANSWERED_WITHIN)
    if call.now - since < allowed:
        return None
    agency = await tx.get(Organization, call.organization, call.organization)
    numbers = agency.emergency if agency is not None else ()
    return {"kind": "nobody_reached" if sent is None else "waiting", "call": numbers}


ROUTES = (
    Route(method="POST", path="/v1/panic", handler=press, who=("device", "panic"), summary="Press", status=202),
    Route(
        method="POST",
        path="/v1/panic/cancel",
        handler=cancel,
        who=("device", "panic"),
        summary="Call it off with the PIN",
        body=CancelBody,
    ),
    Route(
        method="POST",
        path="/v1/panic/{id}/entering-pin",
        handler=entering_pin,
        who=("device", "panic"),
        summary="The first PIN digit was entered",
        body=Empty,
    ),
    Route(
        method="POST",
        path="/v1/panic/card",
        handler=answer_card,
        who=("device", "panic"),
        summary="Answer a question card",
        body=CardAnswerBody,
    ),
    Route(
        method="GET",
        path="/v1/panic/{id}",
        handler=progress,
        who=("device", "panic"),
        summary="How far a press has come",
    ),
)

__all__ = ["ROUTES", "Empty", "corrected", "describe", "marks_of", "settle_time", "verdict_of"]
