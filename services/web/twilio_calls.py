"""What Twilio calls back: how far a text has come, and what somebody texts us.

Only what is signed by the account is listened to. A digit is an answer; any other text changes nothing, goes to the
timeline, and gets one line of help.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from urllib.parse import parse_qsl

from aiohttp import web

from services.phone_number import as_dialled
from services.twilio_progress import progress_of_call, progress_of_text
from services.twilio_signature import STATUS_PATH, TEXT_PATH, is_signed
from services.web.agreeing import answer_in_writing, asked_at, how_to_agree
from services.web.answering import answer_alert, help_for, keep_words, say_opted
from services.web.call import Call, Reply, Route
from services.web.open_alerts import OpenAlert, open_alerts_at, owners_of
from services.web.problems import Problem
from services.web.text_answers import chosen_of
from services.wording.neutral_words import in_letters_of_a_text, say_to_contact
from streams.opting_out import changed
from streams.practice import answered
from streams.reading import who_reads
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Contact, Delivery
from streams.store import Transaction

OPTS_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
OPTS_IN = frozenset({"START", "YES", "UNSTOP"})
"""Words that carriers themselves take for it: https://help.twilio.com/articles/223134027."""
MOST_TEXT = 1600
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


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
    """What somebody texts us."""
    form = signed_form(call)
    sid, number = form.get("MessageSid", ""), form.get("From", "")
    alerts = await call.service.store.read(lambda tx: open_alerts_at(tx, number, call.now))
    written = form.get("Body", "").strip()[:MOST_TEXT]
    opted = _opted(form, written, alerts)
    if opted is not None:
        # The provider answers such words itself.
        await _opt(call, number, alerts, out=opted, sid=sid)
        return web.Response(text=NOTHING, content_type="text/xml")
    said = await _answer(call, alerts, written, sid, number)
    message = f"<Message>{escape(said)}</Message>" if said else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
    return web.Response(text=body, content_type="text/xml")


def _opted(form: dict[str, str], written: str, alerts: list[OpenAlert]) -> bool | None:
    """Whether it says that they want nothing more (True), or something again (False)."""
    word = form.get("OptOutType", written).strip().upper()
    if word in OPTS_OUT:
        return True
    # While somebody is waited for, a yes is an answer that was meant for us.
    return False if word in OPTS_IN and not (word == "YES" and alerts) else None


async def _opt(call: Call, number: str, alerts: list[OpenAlert], *, out: bool, sid: str) -> None:
    """Closes the texts of whoever has this number, or opens them again; what waits goes on by other methods at once."""

    async def work(tx: Transaction) -> list[Delivery]:
        gone = []
        for contact in await owners_of(tx, number):
            if not isinstance(contact, Contact):
                continue
            texts = {m.id for m in contact.methods if m.channel == "sms" and m.address == as_dialled(number)}
            await tx.put(changed(contact, texts, call.now if out else None))
            incident = (await tx.situation(contact.person or "")).live_incident if out else None
            for delivery in await tx.deliveries_of(incident.id) if incident is not None else ():
                failed = delivery.method in texts and await take_receipt(
                    tx, delivery.id, "failed", "opted out", call.now
                )
                gone += [failed] if failed else []
        return gone

    gone = await call.service.store.write(work, LANE_ALARM)
    for alert in alerts:
        await say_opted(call.service, alert, sid or call.signal_id(), out=out)
    for delivery in gone:
        call.service.engine.wake(delivery.organization, delivery.person, LANE_ALARM)
    call.service.engine.look()


async def _answer_what_is_asked(call: Call, asked: dict[str, Contact], written: str, key: str, number: str) -> str:
    """Whoever was invited, or is asked who else reads it, or whether messages reach them."""
    heard = ""
    if written.strip(" .!") == "1":
        heard = await call.service.store.write(lambda tx: _practised(tx, number, call.now))
    if not asked:
        return heard
    wish = next(iter(asked.values())).language
    if not heard:
        return in_letters_of_a_text(wish, await answer_in_writing(call.service, asked, written, key, "text"))
    # The digit may be meant for an invitation as well: that is asked by its letter.
    return f"{heard} {in_letters_of_a_text(wish, await how_to_agree(call.service, asked))}"


async def _practised(tx: Transaction, number: str, now: datetime) -> str:
    """A digit while nothing is open: messages reach them."""
    contacts = [one for one in await owners_of(tx, number) if isinstance(one, Contact)]
    waiting = [one for one in contacts if one.consent == "confirmed" and one.unheard_since is not None]
    for contact in waiting:
        await answered(tx, contact, now)
    if not waiting:
        return ""
    wish = waiting[0].language
    return in_letters_of_a_text(wish, say_to_contact(wish, "contact", "answered.practice"))


async def _answer(call: Call, alerts: list[OpenAlert], written: str, sid: str, number: str) -> str:
    """Carries out what it says; the one line that comes back."""
    key = sid or call.signal_id()
    asked = await call.service.store.read(lambda tx: asked_at(tx, number, call.now))
    if not alerts or (written[:1].isalpha() and chosen_of(asked, written) is not None):
        return await _answer_what_is_asked(call, asked, written, key, number)
    trusted = [alert for alert in alerts if alert.trusted]
    match = chosen_of({alert.letter: alert for alert in trusted}, written)
    if match is not None:
        chosen, digit = match
        reads_alone = _is_read_by_nobody_else(chosen, number, call.now)
        said = await answer_alert(call.service, chosen, digit, key, reads_alone=reads_alone)
        return in_letters_of_a_text(chosen.wish, said)
    for alert in alerts:
        await keep_words(call.service, alert, written, key)
    return in_letters_of_a_text(trusted[0].wish, help_for(trusted)) if trusted else ""


def _is_read_by_nobody_else(alert: OpenAlert, number: str, now: datetime) -> bool:
    contact = alert.contact
    here = [method for method in contact.methods if method.address == as_dialled(number)] if contact is not None else []
    return contact is not None and {who_reads(alert.person, contact, method, now) for method in here} == {"nobody_else"}


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
