"""What is said when somebody picks up: nothing of any weight before a key was pressed, for a mailbox presses none.

The answers are TwiML: https://www.twilio.com/docs/voice/twiml.
"""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from alerts.audience import is_contact
from alerts.ids import derived_id
from alerts.signals import ContactAnswered
from services.twilio_signature import VOICE_PATH
from services.web.call import Call, Route
from services.web.problems import Problem
from services.web.staff_texts import StaffAlert, carry_out
from services.web.twilio_calls import ANSWERS, signed_form
from services.wording.catalogue import known_language, say
from services.wording.compose import MessageComposer
from streams.delivery_context import DeliveryContext, context_of
from streams.receipts import take_receipt
from streams.records import LANE_ALARM
from streams.store import Transaction

SPEAKS = {"en": "en-US", "es": "es-MX"}
WAITS_S = 10


async def voice(call: Call) -> web.Response:
    """Asks for a key, says what there is to say, asks for an answer."""
    form = signed_form(call)
    context = await _context(call)
    if not isinstance(context, DeliveryContext):
        return _twiml(_say("en", "voice.over"))
    stage, digit = call.request.query.get("stage", ""), form.get("Digits", "")
    reader = context.contact or context.staff or context.person
    language = known_language(reader.language)
    if stage == "heard" and digit:
        return await _tell(call, context, language)
    if stage == "answer" and digit:
        return await _answer(call, context, language, digit, form.get("CallSid", ""))
    # Twice: whoever has just woken up misses the first one.
    ask = _gather(context, "heard", _say(language, "voice.press"))
    return _twiml(ask + ask)


async def _context(call: Call) -> DeliveryContext | str:
    async def work(tx: Transaction) -> DeliveryContext | str:
        delivery = await tx.delivery(call.request.query.get("delivery", ""))
        if delivery is None or delivery.channel != "voice":
            raise Problem("not-found")
        return await context_of(tx, delivery, call.now)

    found: DeliveryContext | str = await call.service.store.read(work)
    return found


async def _tell(call: Call, context: DeliveryContext, language: str) -> web.Response:
    """A key was pressed: somebody is there."""
    delivery = context.delivery.id
    await call.service.store.write(lambda tx: take_receipt(tx, delivery, "delivered", None, call.now), LANE_ALARM)
    call.service.feed.poke()
    text = MessageComposer(call.service.public_url, call.service.links).compose(context).text
    words = _spoken(language, text)
    asks = "voice.answer" if is_contact(context.delivery.recipient) else "staff.answer"
    if context.contact is None and context.staff is None:
        return _twiml(words + words)
    return _twiml(_gather(context, "answer", words + _say(language, asks)) * 2)


async def _answer(call: Call, context: DeliveryContext, language: str, digit: str, sid: str) -> web.Response:
    contact, incident, given = context.contact, context.incident, ANSWERS.get(digit)
    if context.staff is not None and incident is not None and given is not None:
        alert = StaffAlert(context.staff, incident, context.person)
        return _twiml(_spoken(language, await carry_out(call.service, alert, digit, sid or call.signal_id())))
    if contact is None or incident is None or given is None:
        return await _tell(call, context, language)
    signal = ContactAnswered(
        id=derived_id("twilio", "call", context.delivery.id, sid, digit),
        person=context.person.id,
        at=call.now,
        received_at=call.now,
        incident=incident.id,
        contact=contact.id,
        name=contact.name,
        answer=given,
        job=contact.job,
    )
    await call.service.engine.decide_now(context.organization.id, context.person.id, signal)
    return _twiml(_spoken(language, say(language, "contact", f"answered.{given}")))


def _gather(context: DeliveryContext, stage: str, words: str) -> str:
    action = escape(f"{VOICE_PATH}?delivery={context.delivery.id}&stage={stage}")
    return f'<Gather input="dtmf" numDigits="1" timeout="{WAITS_S}" action="{action}">{words}</Gather>'


def _say(language: str, key: str, **values: Any) -> str:
    return _spoken(language, say(language, "messages", key, **values))


def _spoken(language: str, text: str) -> str:
    return f'<Say language="{SPEAKS.get(language, "en-US")}">{escape(text)}</Say>'


def _twiml(inner: str) -> web.Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
    return web.Response(text=body, content_type="text/xml")


ROUTES = (
    Route(
        method="POST",
        path=VOICE_PATH,
        handler=voice,
        who=("anybody",),
        summary="What is said in a call",
        query=("delivery", "stage"),
        answer="text/xml",
    ),
)
