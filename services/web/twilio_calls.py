"""What Twilio calls back: how far a text has come, and what somebody texts us.

Only what is signed by the account is listened to. A digit is an answer; any other text changes nothing, goes to the
timeline, and gets one line of help.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl

from aiohttp import web

from services.twilio_progress import progress_of_call, progress_of_text
from services.twilio_signature import STATUS_PATH, TEXT_PATH, is_signed
from services.web.call import Call, Reply, Route
from services.web.open_alerts import owners_of
from services.web.problems import Problem
from services.web.texting import Text, take_text
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Delivery
from streams.store import Transaction

MOST_TEXT = 1600
ACTOR = "texts"
"""Under which answers to texts are kept for when these come again."""


def signed_form(call: Call) -> dict[str, str]:
    """The fields of a call that the account has signed. Raises the problem of any other."""
    account = call.service.twilio
    if account is None:
        raise Problem("not-found")
    try:
        pairs = parse_qsl(call.raw.decode("ascii"), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise Problem("bad-request", "is a form") from error
    url = f"{call.service.public_url}{call.request.raw_path}"
    if not is_signed(account.token, url, pairs, call.request.headers.get("X-Twilio-Signature")):
        raise Problem("not-allowed", "This is not signed by the account that is set up here.")
    return dict(pairs)


async def status(call: Call) -> Reply:
    """How far a text has come, in whatever order that is told."""
    form = signed_form(call)
    called = form.get("CallStatus", "")
    told = form.get("MessageStatus", "")
    progress = progress_of_call(called) if called else progress_of_text(told, form.get("ErrorCode", ""))
    delivery = call.request.query.get("delivery", "")
    if progress is None or not delivery:
        return Reply(status=204)

    async def work(tx: Transaction) -> Delivery | None:
        return await take_receipt(tx, delivery, progress.state, progress.why, call.now)

    changed = await call.service.store.write(work, LANE_ALARM)
    if changed is not None:
        call.service.feed.poke()
        if progress.state == "failed":
            call.service.engine.wake(changed.organization, changed.person, LANE_ALARM)
            call.service.engine.look()
    return Reply(status=204)


async def text(call: Call) -> web.Response:
    """What somebody texts us; the same text again, as a provider brings it that had no word in time, does nothing."""
    form = signed_form(call)
    sid, number = form.get("MessageSid", ""), form.get("From", "")
    known = await call.service.store.read(lambda tx: tx.kept_answer(ACTOR, sid)) if sid else None
    if known is not None:
        return web.Response(body=known[2], content_type="text/xml")
    written = form.get("Body", "").strip()[:MOST_TEXT]
    word = form.get("OptOutType", written).strip().upper()
    lines = await take_text(call.service, Text(number=number, written=written, key=sid or call.signal_id(), word=word))
    messages = "".join(f"<Message>{escape(line)}</Message>" for line in lines)
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{messages}</Response>'.encode()

    async def keep(tx: Transaction) -> None:
        owners = await owners_of(tx, number)
        if sid and owners:
            await tx.keep_answer(owners[0].organization, ACTOR, sid, b"", 200, body, call.now)

    await call.service.store.write(keep, LANE_ALARM)
    return web.Response(body=body, content_type="text/xml")


ROUTES = (
    Route(
        method="POST",
        path=STATUS_PATH,
        handler=status,
        who=("anybody",),
        summary="How far a text has come",
        status=204,
        query=("delivery",),
    ),
    Route(method="POST", path=TEXT_PATH, handler=text, who=("anybody",), summary="A text to us", answer="text/xml"),
)
