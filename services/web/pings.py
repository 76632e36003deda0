"""The ping: an address that anything can call. A POST completes the next check-in; a GET shows a page and never acts.

Link previews, virus scanners and browsers that look ahead all GET what they find. A ping cannot carry a PIN: where the
person has one it is refused, unless staff allow it for this device.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from alerts.situation import CheckIn
from services.web import check_ins
from services.web.call import Call, Repeated, Reply, Route
from services.web.keys import admit
from services.web.panic import UUID
from services.web.ping_page import Showing, ping_page
from services.web.problems import Problem
from services.wording.catalogue import FALLBACK, known_language
from streams.records import Device, Person
from streams.store import NotKept, Transaction, Unreachable

APP_ONLY = (
    "This person has a PIN, which a ping cannot carry: complete it in the app, or have staff set ping_allowed on this "
    "device (PATCH /v1/devices/{id})."
)
SHOWN: dict[str, Showing] = {
    "no-token": "unknown",
    "ping-refused": "app_only",
    "nothing-planned": "nothing",
    "check-in-over": "over",
    "not-found": "over",
    "not-kept": "later",
}


class Ping(msgspec.Struct, kw_only=True):
    """What a ping may say; anything else that it carries is passed over."""

    id: str | None = None
    check_in: str | None = None


async def post_ping(call: Call) -> Reply | web.Response:
    """Completes the check-in that is named, else the next one; answers a browser with a page."""
    call.body = _read(call.raw)
    language = _wished(call)
    try:
        person, allowed = await _who(call)
        language = person.language
        if not allowed:
            return _refused(call, Problem("ping-refused", APP_ONLY), language)
        reply = await _pinged(call)
    except (Problem, Repeated, NotKept) as error:
        if not _browser(call):
            raise
        if not isinstance(error, Repeated):
            return _refused(call, error if isinstance(error, Problem) else Problem("not-kept"), language)
        reply = error.reply
    return ping_page(language, "done") if _browser(call) and reply.status == 200 else reply


def _refused(call: Call, problem: Problem, language: str) -> web.Response:
    if not _browser(call):
        return problem.response()
    showing = SHOWN.get(problem.slug, "later")
    return ping_page(language, showing, status=problem.status, check_in=call.body.check_in or "")


async def _pinged(call: Call) -> Reply:
    """One ping; the same one again gets its first answer."""
    named, bare = call.body.check_in, call.key is None
    with contextlib.suppress(Unreachable):
        # Before it is looked for what is next: for a repeat that would be another one.
        await (_repeats_of_a_bare_ping(call) if bare and named is None else call.expect_repeats())
    if named is not None and not UUID.fullmatch(named):
        raise Problem("not-found")
    spooled = None if bare else call.signal_id()
    wanted = await call.service.intake.read(lambda tx: _meant(tx, call.person, named, spooled))
    if wanted is None:
        raise Problem("not-found" if named else "nothing-planned")
    shown = check_ins.view(await check_ins.complete_by_ping(call, wanted), call.now)
    # No note and no destination: whoever holds the key is told no more than it takes.
    reply = Reply(body={name: shown[name] for name in ("id", "state", "due_at", "completed_at")})
    if bare and named is None:
        raw = msgspec.json.encode(reply.body)
        with contextlib.suppress(NotKept):
            await call.service.store.write(
                lambda tx: tx.keep_answer(
                    call.organization, call.caller.actor, _minute(call.now), b"", reply.status, raw, call.now
                )
            )
    return reply


def _minute(at: datetime) -> str:
    return f"ping {int(at.timestamp()) // 60}"


async def _repeats_of_a_bare_ping(call: Call) -> None:
    """A button that bounces and a proxy that tries again send no key: within a minute it is the same ping.

    Taken for another one, it would complete a check-in that is still to come, and nobody would watch over that.
    """

    async def lately(tx: Transaction) -> tuple[bytes, int, bytes] | None:
        return await tx.kept_answer(call.caller.actor, _minute(call.now)) or await tx.kept_answer(
            call.caller.actor, _minute(call.now - timedelta(minutes=1))
        )

    kept = await call.service.store.read(lately)
    if kept is not None:
        raise Repeated(Reply(body=msgspec.json.decode(kept[2]), status=kept[1]))


async def get_ping(call: Call) -> web.Response:
    """The page with the button. Looking at it does nothing."""
    language = _wished(call)
    try:
        person, allowed = await _who(call)
        language = person.language
        if not allowed:
            return ping_page(language, "app_only")
        wanted = await call.service.intake.read(lambda tx: _meant(tx, call.person))
    except Problem as problem:
        return ping_page(language, SHOWN.get(problem.slug, "later"), status=problem.status)
    except NotKept:
        return ping_page(language, "later", status=503)
    if wanted is None:
        return ping_page(language, "nothing")
    return ping_page(language, "open", check_in=wanted.id)


async def _who(call: Call) -> tuple[Person, bool]:
    """Whose key it is, and whether a ping is enough."""
    token = await admit(call, call.request.match_info["key"], "ping")
    person = await call.get(Person, call.person)
    device = await call.get(Device, token.subject)
    return person, person.pin_hash is None or device.ping_allowed


async def _meant(tx: Transaction, person: str, named: str | None = None, signal: str | None = None) -> CheckIn | None:
    """The check-in that a ping is about: one that was missed and still stands comes before the next one.

    Whoever pings a little too late means the one that was missed; taken for tomorrow's, it would leave her without.
    """
    if named is not None:
        return await tx.check_in(person, named.lower())
    if signal is not None and await tx.first_answer(person, signal) is not None:
        # A repeat of one that lies in the spool, where no answers are kept.
        ended = [c for c in await tx.check_ins(person) if c.state == "completed" and c.ended_at is not None]
        return max(ended, key=lambda c: c.ended_at or c.due_at, default=None)
    incident = (await tx.situation(person)).live_incident
    for trigger in incident.standing if incident is not None else ():
        if trigger.kind == "missed_check_in" and trigger.source is not None:
            missed = await tx.check_in(person, trigger.source)
            if missed is not None:
                return missed
    return await tx.next_check_in(person)


def _read(raw: bytes) -> Ping:
    """The few things that a body may say, as JSON or as a form; one that cannot be read says nothing."""
    try:
        if raw.lstrip()[:1] == b"{":
            return msgspec.json.decode(raw, type=Ping)
        form = dict(parse_qsl(raw.decode("utf-8", "replace"), max_num_fields=100))
        return Ping(id=form.get("id") or None, check_in=form.get("check_in") or None)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        return Ping()


def _browser(call: Call) -> bool:
    return "text/html" in call.request.headers.get("Accept", "")


def _wished(call: Call) -> str:
    """The browser's language, for one whose person is not known."""
    first = call.request.headers.get("Accept-Language", FALLBACK).partition(",")[0].partition(";")[0]
    return known_language(first.strip() or FALLBACK)


ROUTES = (
    Route(
        method="GET",
        path="/ping/{key}",
        handler=get_ping,
        who=("anybody",),
        summary="The page of a ping; does nothing",
        answer="text/html",
    ),
    Route(
        method="POST",
        path="/ping/{key}",
        handler=post_ping,
        who=("anybody",),
        summary="Complete the next check-in",
    ),
)
