"""What Twilio calls back: how far a text has come, and what somebody texts us.

Only what is signed by the account is listened to. A digit is an answer; any other text changes nothing, goes to the
timeline, and gets one line of help.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from alerts.ids import derived_id
from alerts.signals import ContactAnswered, ContactReply, ContactWrote
from alerts.situation import Incident
from services.phone_number import as_dialled
from services.twilio_progress import progress_of_call, progress_of_text
from services.twilio_signature import STATUS_PATH, TEXT_PATH, is_signed
from services.web.call import Call, Reply, Route
from services.web.problems import Problem
from services.web.staff_texts import alerts_of_staff, answer_of_staff
from services.web.text_answers import chosen_of, lettered
from services.wording.catalogue import say
from streams.opting_out import changed
from streams.practice import answered
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Contact, Delivery, Organization, Person
from streams.reminding import is_safe_now
from streams.store import Transaction

OPTS_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
OPTS_IN = frozenset({"START", "YES", "UNSTOP"})
"""Words that carriers themselves take for it: https://help.twilio.com/articles/223134027."""
ANSWERS: dict[str, ContactReply] = {"1": "can_help", "2": "cannot", "3": "on_my_way"}
MOST_TEXT = 1600
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


class OpenAlert(msgspec.Struct, frozen=True):
    """An alert that somebody may answer, and of whom it is."""

    organization: str
    contact: Contact
    incident: Incident
    person: Person
    call_back: str | None


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
    alerts, language = await _open_alerts(call, form.get("From", ""))
    written = form.get("Body", "").strip()[:MOST_TEXT]
    opted = _opted(form, written, alerts)
    if opted is not None:
        # The provider answers such words itself.
        await _opt(call, form.get("From", ""), alerts, out=opted, sid=form.get("MessageSid", ""))
        return web.Response(text=NOTHING, content_type="text/xml")
    sid, number = form.get("MessageSid", ""), form.get("From", "")
    named = [] if alerts else await alerts_of_staff(call, number)
    if named:
        said = await answer_of_staff(call, named, written, sid)
    else:
        said = await _answer(call, alerts, written, sid, language, number)
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
    try:
        address = as_dialled(number)
    except ValueError:
        return

    async def work(tx: Transaction) -> list[Delivery]:
        gone = []
        for organization, owner in await tx.owners_at(address):
            contact = await tx.get(Contact, organization, owner)
            if contact is None:
                continue
            texts = {m.id for m in contact.methods if m.channel == "sms" and m.address == address}
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
        signal = ContactWrote(**_common(call, alert, "text", sid), text="", opted_out=out)
        await call.service.engine.decide_now(alert.organization, alert.person.id, signal)
    for delivery in gone:
        call.service.engine.wake(delivery.organization, delivery.person, LANE_ALARM)
    call.service.engine.look()


async def _open_alerts(call: Call, number: str) -> tuple[list[OpenAlert], str]:
    """What whoever has this number may answer, the oldest first; and in which language."""
    try:
        address = as_dialled(number)
    except ValueError:
        return [], "en"

    async def work(tx: Transaction) -> tuple[list[OpenAlert], str]:
        found, language = [], "en"
        for organization, owner in await tx.owners_at(address):
            contact = await tx.get(Contact, organization, owner)
            if contact is None or contact.consent != "confirmed" or contact.person is None:
                continue
            language = contact.language
            person = await tx.get(Person, organization, contact.person)
            agency = await tx.get(Organization, organization, organization)
            incident = (await tx.situation(contact.person)).live_incident
            if person is not None and agency is not None and incident is not None and incident.contacts_told_at:
                found.append(OpenAlert(organization, contact, incident, person, agency.call_back))
        return sorted(found, key=lambda alert: alert.incident.opened_at), language

    return await call.service.store.read(work)


async def _practised(call: Call, number: str, language: str) -> str:
    """A digit while nothing is open: messages reach them."""
    try:
        address = as_dialled(number)
    except ValueError:
        return ""

    async def work(tx: Transaction) -> bool:
        waited = False
        for organization, owner in await tx.owners_at(address):
            contact = await tx.get(Contact, organization, owner)
            if contact is not None and contact.unheard_since is not None:
                await answered(tx, contact, call.now)
                waited = True
        return waited

    return say(language, "contact", "answered.practice") if await call.service.store.write(work) else ""


async def _answer(call: Call, alerts: list[OpenAlert], written: str, sid: str, language: str, number: str) -> str:
    """Carries out what it says; the one line that comes back."""
    if not alerts:
        return await _practised(call, number, language) if written.strip(" .!") == "1" else ""
    match = chosen_of(alerts, written)
    if match is None:
        for alert in alerts:
            await _wrote(call, alert, written, sid)
        return _help(alerts, language)
    chosen, digit = match
    given = ANSWERS[digit]
    common = _common(call, chosen, "answer", sid)
    await call.service.engine.decide_now(
        chosen.organization, chosen.person.id, ContactAnswered(**common, answer=given, job=chosen.contact.job)
    )
    said = say(language, "contact", f"answered.{given}")
    word = (chosen.person.details.get("brief") or {}).get("arrival_word")
    if word and given == "on_my_way" and _is_read_by_nobody_else(chosen, number, call.now):
        said = f"{said} {say(language, 'contact', 'alert.arrival_word', word=word)}"
    return said


def _is_read_by_nobody_else(alert: OpenAlert, number: str, now: datetime) -> bool:
    here = [method for method in alert.contact.methods if method.address == as_dialled(number)]
    safe = bool(here) and all(is_safe_now(alert.person, method, now) for method in here)
    return safe and alert.contact.reads == "nobody_else"


async def _wrote(call: Call, alert: OpenAlert, written: str, sid: str) -> None:
    if written:
        signal = ContactWrote(**_common(call, alert, "text", sid), text=written)
        await call.service.engine.decide_now(alert.organization, alert.person.id, signal)


def _help(alerts: list[OpenAlert], language: str) -> str:
    if len(alerts) == 1:
        return say(language, "messages", "sms.help")
    return say(language, "messages", "sms.several", list=lettered(a.person for a in alerts))


def _common(call: Call, alert: OpenAlert, what: Literal["answer", "text"], sid: str) -> dict[str, Any]:
    return {
        # The same call again, as a provider makes it that had no answer in time, is the same answer.
        "id": derived_id("twilio", what, alert.incident.id, alert.contact.id, sid or call.signal_id()),
        "person": alert.person.id,
        "at": call.now,
        "received_at": call.now,
        "incident": alert.incident.id,
        "contact": alert.contact.id,
        "name": alert.contact.name,
    }


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
