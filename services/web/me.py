"""The person's own side: what is running, her messages, her PIN, her positions; and how a phone is enrolled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from alerts.person_side import SENDING_AFTER_CANCEL
from alerts.responder_signals import PersonWrote
from alerts.signal_base import Fix
from alerts.signals import DuressEntered, PinRefused
from services.web import check_ins
from services.web.call import Call, Reply, Route
from services.web.directory import Body, Latitude, Longitude
from services.web.fixes import dated, take_fixes
from services.web.panic import corrected, describe, marks_of, settle_time, verdict_of
from services.web.people import check_pins
from services.web.problems import Problem, field_problem
from services.web.questions import questions_view, rules_view
from services.web.service import new_id, new_token
from services.web.stay_near import her_view
from streams.records import LANE_ALARM, Message, Organization, Person, Token
from streams.reminding import is_safe_now, reminder_methods
from streams.sealing import token_hash
from streams.store import Transaction

UNLOCKED_FOR = timedelta(minutes=5)
FIXES_AT_ONCE = 1000


class FixBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One position."""

    latitude: Latitude
    longitude: Longitude
    at: datetime
    accuracy: Annotated[float, msgspec.Meta(ge=0)] | None = None
    speed: float | None = None
    battery: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class FixesBody(Body, kw_only=True):
    """`POST /v1/locations`."""

    fixes: Annotated[list[FixBody], msgspec.Meta(min_length=1, max_length=FIXES_AT_ONCE)]
    sent_at: datetime | None = None


class PinBody(Body, kw_only=True):
    """A PIN."""

    pin: str


class NewPinBody(Body, kw_only=True):
    """`POST /v1/me/pin`."""

    pin: str | None = None
    new_pin: str
    new_duress_pin: str


class WordsBody(Body, kw_only=True):
    """`POST /v1/me/messages`."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    pin: str | None = None


class CodeBody(Body, kw_only=True):
    """A one-time code."""

    code: str


def _reminded_by(person: Person, now: datetime) -> str:
    """What she marked safe at this hour; with none, the app alone."""
    return "reach" if any(is_safe_now(person, way, now) for way in reminder_methods(person)) else "app_only"


async def me(call: Call) -> Reply:
    """What is running, as the person may see it; no names."""

    async def work(tx: Transaction) -> dict[str, Any]:
        person = await tx.get(Person, call.organization, call.person)
        agency = await tx.get(Organization, call.organization, call.organization)
        if person is None or agency is None:
            raise Problem("not-found")
        side = await tx.person_side(call.person)
        marks = await marks_of(tx, call.organization, side)
        alarm = describe(side.alarm, marks, call.now) if side.alarm is not None and side.alarm.live else None
        past = [a for a in (side.alarm, *side.earlier) if a is not None and not a.live]
        situation = await tx.situation(call.person)
        kept = await tx.check_ins(call.person, 20)
        return {
            "language": person.language,
            "time_zone": person.time_zone,
            "has_pin": person.pin_hash is not None,
            "reminders": _reminded_by(person, call.now),
            "alarm": alarm,
            "check_ins": [check_ins.view(c, call.now) for c in kept if c.under_way is None],
            "journeys": [check_ins.journey_view(c, call.now) for c in kept if c.under_way is not None],
            "alarms": [{"id": a.id, "opened_at": a.opened_at, "state": a.state} for a in past],
            "stay_near": her_view(situation.stay_near),
            "questions": questions_view(situation),
            "rules": rules_view(situation),
            "emergency": agency.emergency,
        }

    return Reply(body=await call.service.intake.read(work))


async def locations(call: Call) -> Reply:
    """Positions: taken only where she is followed; after a cancel taken and forgotten, with the same answer.

    A phone whose clock is ahead is somewhere all the same: its position counts from when it came in, and says so.
    """
    body: FixesBody = call.body
    fixes = [_fix(given, index, body.sent_at, call.now) for index, given in enumerate(body.fixes)]
    person, organization = call.person, call.organization

    if call.token.kind == "panic":
        side = await call.service.intake.read(lambda tx: tx.person_side(person))
        if not _may_send(side.alarm, call.now):
            raise Problem("not-allowed")
    await take_fixes(call.service, organization, person, fixes, source="phone", now=call.now)
    ignored = [f"fixes[{index}].at" for index, fix in enumerate(fixes) if fix.clock_wrong]
    return Reply(body={"accepted": len(fixes), **({"ignored": ignored} if ignored else {})}, status=202)


def _may_send(alarm: Any, now: datetime) -> bool:
    if alarm is None:
        return False
    return bool(alarm.live or (alarm.closed_at is not None and now - alarm.closed_at < SENDING_AFTER_CANCEL))


def _fix(given: FixBody, index: int, sent_at: datetime | None, now: datetime) -> Fix:
    if given.at.tzinfo is None:
        raise field_problem(f"fixes[{index}].at", "needs a time zone, such as 2026-11-24T21:00:00Z")
    at, clock_wrong = dated(given.at, now) if sent_at is None else (corrected(given.at, sent_at, now), False)
    return Fix(
        latitude=given.latitude,
        longitude=given.longitude,
        at=at,
        received_at=now,
        accuracy=given.accuracy,
        speed=given.speed,
        battery=given.battery,
        clock_wrong=clock_wrong,
    )


async def _pass(call: Call, pin: str, occasion: str) -> None:
    """Lets the PIN and its twin through alike; the twin alarms staff. Always at the same pace."""
    began = call.service.clock.monotonic()
    verdict = await verdict_of(call, pin)
    common: dict[str, Any] = {"id": new_id(), "person": call.person, "at": call.now, "received_at": call.now}
    if verdict != "pin":
        signal = (PinRefused if verdict is None else DuressEntered)(**common, occasion=occasion)
        await call.service.intake.write(
            lambda tx: tx.put_mail(call.organization, call.person, LANE_ALARM, signal), LANE_ALARM
        )
        call.service.engine.wake(call.organization, call.person, LANE_ALARM)
    await settle_time(call, began)
    if verdict is None:
        raise Problem("pin-refused")


async def unlock(call: Call) -> Reply:
    """Names and messages for five minutes."""
    await _pass(call, call.body.pin, "unlock")
    code = new_token()
    until = call.now + UNLOCKED_FOR

    async def work(tx: Transaction) -> list[dict[str, Any]]:
        token = Token(
            kind="unlock",
            organization=call.organization,
            subject=call.token.subject,
            person=call.person,
            expires_at=until,
        )
        await tx.put_token(token_hash(code), token)
        contacts = sorted((c for _, c in await tx.list_contacts(call.organization, call.person)), key=lambda c: c.order)
        return [{"name": c.name, "order": c.order, "consent": c.consent} for c in contacts]

    names = await call.service.store.write(work)
    return Reply(body={"unlock": code, "until": until, "names": names, "messages": await _thread(call)})


async def _unlocked(call: Call) -> None:
    person = await call.get(Person, call.person)
    if person.pin_hash is None:
        return
    given = call.request.headers.get("Porchlight-Unlock")
    token = await call.service.store.read(lambda tx: tx.token(token_hash(given or "")))
    if token is None or token.kind != "unlock" or token.person != call.person:
        raise Problem("not-allowed", "Unlock with the PIN first.")
    if token.expires_at is not None and token.expires_at <= call.now:
        raise Problem("not-allowed", "Unlock with the PIN first.")


async def _thread(call: Call) -> list[dict[str, Any]]:
    found: list[Message] = await call.service.store.read(lambda tx: tx.messages(call.person))
    return [{"id": m.id, "at": m.at, "from": m.writer, "name": m.name, "text": m.text} for m in found]


async def messages(call: Call) -> Reply:
    """The thread between the person and the responders, behind the PIN."""
    await _unlocked(call)
    return Reply(body={"messages": await _thread(call), "next": None})


async def places(call: Call) -> Reply:
    """Her places, to go to: behind the PIN, for one of them may be where she hides."""
    await _unlocked(call)
    person = await call.get(Person, call.person)
    found = person.details.get("places") or []
    shown = [{"label": p["label"], "latitude": p["latitude"], "longitude": p["longitude"]} for p in found]
    return Reply(body={"places": shown})


async def write_message(call: Call) -> Reply:
    """A message to the responders."""
    if call.body.pin is not None:
        await _pass(call, call.body.pin, "message")
    else:
        await _unlocked(call)
    kept = ""

    def make(signal: str) -> PersonWrote:
        nonlocal kept
        kept = signal
        return PersonWrote(id=signal, person=call.person, at=call.now, received_at=call.now, text=call.body.text)

    await call.decide(call.person, make)
    return Reply(body={"id": kept, "at": call.now, "from": "person", "text": call.body.text}, status=201)


async def change_pin(call: Call) -> Reply:
    """A new PIN and twin, hers alone to change; with the twin it looks done and changes nothing."""
    body: NewPinBody = call.body
    check_pins(body.new_pin, body.new_duress_pin)
    person = await call.get(Person, call.person)
    began = call.service.clock.monotonic()
    if person.pin_hash is not None:
        if body.pin is None:
            raise field_problem("pin", "is missing")
        verdict = await verdict_of(call, body.pin)
        if verdict != "pin":
            await _pass(call, body.pin, "change_pin")
            return Reply(status=204)
    pin_hash = await call.service.pins.hash(body.new_pin)
    duress_hash = await call.service.pins.hash(body.new_duress_pin)

    async def work(tx: Transaction) -> None:
        now = await tx.get(Person, call.organization, call.person)
        if now is not None:
            await tx.put(msgspec.structs.replace(now, pin_hash=pin_hash, duress_hash=duress_hash))

    await call.service.store.write(work)
    await settle_time(call, began)
    return Reply(status=204)


async def enrol(call: Call) -> Reply:
    """A phone spends its one-time code for tokens of its own."""
    code = token_hash(call.body.code)
    token, panic = new_token(), new_token()

    async def work(tx: Transaction) -> str | None:
        known = await tx.token(code)
        if known is None or known.kind != "enrol":
            return None
        spent = await tx.spend_token(code)
        if spent is None or spent.expires_at is None or spent.expires_at <= call.now:
            return None
        kept = msgspec.structs.replace(spent, kind="device", expires_at=None)
        await tx.put_token(token_hash(token), kept)
        await tx.put_token(token_hash(panic), msgspec.structs.replace(kept, kind="panic"))
        person = await tx.get(Person, spent.organization, spent.person or "")
        return person.language if person is not None else None

    language = await call.service.store.write(work)
    if language is None:
        raise Problem("no-token", "This code was used, or is too old: ask for a new one.")
    return Reply(body={"token": token, "panic_token": panic, "language": language}, status=201)


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    return Route(method=method, path=path, handler=handler, who=("device",), summary=summary, body=body, status=status)


ROUTES = (
    _route("GET", "/v1/me", me, "What is running"),
    _route("POST", "/v1/me/unlock", unlock, "Names and messages, with the PIN", PinBody),
    _route("GET", "/v1/me/messages", messages, "Messages"),
    _route("GET", "/v1/me/places", places, "Places to go to"),
    _route("POST", "/v1/me/messages", write_message, "Write to the responders", WordsBody, 201),
    _route("POST", "/v1/me/pin", change_pin, "Change the PIN", NewPinBody, 204),
    Route(
        method="POST",
        path="/v1/locations",
        handler=locations,
        who=("device", "panic"),
        summary="Positions",
        body=FixesBody,
        status=202,
    ),
    Route(
        method="POST",
        path="/v1/enrolments",
        handler=enrol,
        who=("anybody",),
        summary="Enrol a phone",
        body=CodeBody,
        status=201,
    ),
)
