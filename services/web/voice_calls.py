"""What is said when somebody picks up: nothing of any weight before a key was pressed, for a mailbox presses none.

The answers are TwiML: https://www.twilio.com/docs/voice/twiml.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

import msgspec
from aiohttp import web

from alerts.audience import is_agency, is_contact
from services.twilio_signature import VOICE_PATH
from services.web.agreeing import answer_invitation, is_asked_who_reads
from services.web.answering import ANSWERS, answer_alert
from services.web.call import Call, Route
from services.web.open_alerts import OpenAlert, open_alert_of, reader_of, wish_of
from services.web.problems import Problem
from services.web.twilio_calls import signed_form
from services.web.voices import Speech
from services.wording.compose import MessageComposer
from streams.delivery_context import DeliveryContext, context_of
from streams.practice import answered
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Contact, Person
from streams.store import Transaction

WAITS_S = 10


class Ringing(msgspec.Struct, frozen=True):
    """What is rung about: what may be said, or why nothing may; what can be answered; how it is spoken."""

    context: DeliveryContext | str
    alert: OpenAlert | None
    speech: Speech


async def voice(call: Call) -> web.Response:
    """Asks for a key, says what there is to say, asks for an answer."""
    form = signed_form(call)
    ringing = await call.service.store.read(lambda tx: _ringing(tx, call))
    context, speech = ringing.context, ringing.speech
    if not isinstance(context, DeliveryContext):
        return _twiml(speech.say("messages", "voice.over"))
    stage, digit = call.request.query.get("stage", ""), form.get("Digits", "")
    if context.delivery.purpose == "invitation" and context.contact is not None and stage in {"answer", "reads"}:
        key = f"{context.delivery.id}:{form.get('CallSid', '')}:{stage}"
        method = context.method.id
        line = await answer_invitation(call.service, context.contact, digit, key, "call", method=method)
        if line == "answered.agreed" or (line is None and is_asked_who_reads(context.contact, call.now)):
            return _twiml(_gather(context, speech, "reads", speech.say("messages", "voice.reads")) * 2)
        if line is not None:
            return _twiml(speech.say("contact", line))
    if stage == "answer" and digit in ANSWERS and ringing.alert is not None:
        key = f"{context.delivery.id}:{form.get('CallSid', '') or call.signal_id()}"
        return _twiml(speech.speak(await answer_alert(call.service, ringing.alert, digit, key)))
    if stage == "answer" and digit == "1" and context.delivery.purpose == "practice":
        await call.service.store.write(lambda tx: _hear(tx, context.contact, call.now))
        return _twiml(speech.say("contact", "answered.practice"))
    if stage in {"heard", "answer"} and digit:
        return await _tell(call, context, ringing)
    # Twice: whoever has just woken up misses the first one.
    return _twiml(_gather(context, speech, "heard", speech.say("messages", "voice.press")) * 2)


async def _ringing(tx: Transaction, call: Call) -> Ringing:
    delivery = await tx.delivery(call.request.query.get("delivery", ""))
    if delivery is None or delivery.channel != "voice":
        raise Problem("not-found")
    context = await context_of(tx, delivery, call.now)
    reader = await reader_of(tx, delivery)
    person = await tx.get(Person, delivery.organization, delivery.person)
    return Ringing(
        context=context,
        alert=await open_alert_of(tx, delivery),
        speech=Speech(
            wish=wish_of(reader, person) if reader is not None and person is not None else "",
            staff=is_agency(delivery.recipient),
            plain="plain" in call.request.query,
        ),
    )


async def _tell(call: Call, context: DeliveryContext, ringing: Ringing) -> web.Response:
    """A key was pressed: somebody is there."""
    delivery, speech = context.delivery.id, ringing.speech
    await call.service.store.write(lambda tx: take_receipt(tx, delivery, "delivered", None, call.now), LANE_ALARM)
    call.service.feed.poke()
    words = speech.speak(MessageComposer(call.service.public_url, call.service.links).spoken(context))
    if _asks_to_agree(context):
        return _twiml(_gather(context, speech, "answer", words + speech.say("messages", "voice.invitation")) * 2)
    if context.delivery.purpose == "practice":
        return _twiml(_gather(context, speech, "answer", words) * 2)
    if ringing.alert is None:
        return _twiml(words + words)
    asks = "voice.answer" if is_contact(context.delivery.recipient) else "staff.answer"
    return _twiml(_gather(context, speech, "answer", words + speech.say("messages", asks)) * 2)


async def _hear(tx: Transaction, contact: Contact | None, now: datetime) -> None:
    known = await tx.get(Contact, contact.organization, contact.id) if contact is not None else None
    if known is not None:
        await answered(tx, known, now)


def _asks_to_agree(context: DeliveryContext) -> bool:
    """Whether it is an invitation that nobody has answered yet."""
    contact = context.contact
    return context.delivery.purpose == "invitation" and contact is not None and contact.consent == "pending"


def _gather(context: DeliveryContext, speech: Speech, stage: str, words: str) -> str:
    plain = "&plain=1" if speech.plain else ""
    action = escape(f"{VOICE_PATH}?delivery={context.delivery.id}&stage={stage}{plain}")
    return f'<Gather input="dtmf" numDigits="1" timeout="{WAITS_S}" action="{action}">{words}</Gather>'


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
        query=("delivery", "stage", "plain"),
        answer="text/xml",
    ),
)
