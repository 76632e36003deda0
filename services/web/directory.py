"""What the calls about people, contacts, phones, zones and staff share: paging, audit, methods, who may see whom."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from services.phone_number import as_dialled
from services.web.call import Call, Reply, Route
from services.web.hours_bodies import AllHours, checked_hours
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from streams.records import Method, Person, Safety
from streams.store import Transaction

ChannelName = Literal["email", "sms", "voice", "webhook", "web_push", "apprise"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
CODE_LIVES = timedelta(days=7)


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every body may carry."""

    id: str | None = None


class MethodBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One way to reach somebody."""

    channel: ChannelName
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class ContactMethodBody(MethodBody, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a contact."""

    hours: AllHours = []
    """When nobody else reads it, on the clock of the person at risk; at other times the words are neutral."""
    safety: Safety | UnsetType | None = UNSET
    """Who reads it: nobody else (`safe`), others too (`shared`), whoever must not (`monitored`: nothing goes there).

    Where it is not given it stays as it was: the contact may have said it.
    """


def new_methods(
    call: Call, given: Sequence[MethodBody], field: str, known: Sequence[Method] = ()
) -> tuple[tuple[Method, ...], list[dict[str, Any]]]:
    """The methods as they are kept, and as they are answered (a webhook's secret is shown once).

    One that leads where one of the `known` did is that one still: with its id, its secret, and closed where it was.
    """
    methods, shown = [], []
    left = list(known)
    for index, entry in enumerate(given):
        channel = call.service.channels.get(entry.channel)
        objection = channel.objection(entry.address) if channel is not None else None
        if objection:
            raise field_problem(f"{field}[{index}].address", objection)
        address = _as_kept(entry)
        same = next((m for m in left if (m.channel, m.address) == (entry.channel, address)), None)
        if same is not None:
            left.remove(same)
        secret = _webhook_secret() if entry.channel == "webhook" and same is None else None
        method = same or Method(id=new_id(), channel=entry.channel, address=address, secret=secret)
        if isinstance(entry, ContactMethodBody):
            hours = checked_hours(entry.hours, f"{field}[{index}].hours")
            safety = method.safety if entry.safety is UNSET else entry.safety
            method = msgspec.structs.replace(method, hours=hours, safety=safety)
        methods.append(method)
        deliverable = channel is not None and method.safety != "monitored"
        view: dict[str, Any] = {"id": method.id, "channel": entry.channel, "deliverable": deliverable}
        if secret:
            view["secret"] = secret
        shown.append(view)
    return tuple(methods), shown


def _as_kept(entry: MethodBody) -> str:
    """A telephone number in the one form by which it is found again when somebody answers from it."""
    if entry.channel not in {"sms", "voice"}:
        return entry.address
    try:
        return as_dialled(entry.address)
    except ValueError:
        return entry.address


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def visible_person(call: Call, person: str) -> Person:
    """The person, unless she is hidden from whoever asks."""
    found = await call.get(Person, person)
    if call.token.subject in found.hidden_from:
        raise Problem("not-found")
    return found


async def audit(call: Call, person: str, what: str, subject: str) -> None:
    """One row per staff member, subject and session."""
    session = call.caller.hashed.hex()[:16]

    async def work(tx: Transaction) -> None:
        await tx.audit(call.organization, person, what, call.token.subject, session, subject, call.now)

    await call.service.store.write(work)


def page(call: Call) -> tuple[int, int]:
    """`limit` up to 200 and `after`, which takes the answer's `next`."""
    query = call.request.query
    try:
        limit, after = int(query.get("limit", "100")), int(query.get("after", "0"))
    except ValueError as error:
        raise field_problem("limit" if not query.get("limit", "1").isdigit() else "after", "is a number") from error
    if not 1 <= limit <= 200:
        raise field_problem("limit", "is 1 to 200")
    return limit, after


def changes_of(body: msgspec.Struct) -> dict[str, Any]:
    """The fields that a PATCH names, its idempotency key left out."""
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "id"}
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


async def delete(call: Call, kind: type[Any], record: str) -> Reply:
    """Takes a record of the caller's agency away; its tokens are dead at once."""
    await call.get(kind, record)

    async def work(tx: Transaction) -> Reply:
        await tx.remove(kind, call.organization, record, call.now)
        return Reply(status=204)

    return await call.service.store.write(work)


def staff_route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    """A call for those who set people up."""
    return Route(
        method=method,
        path=path,
        handler=handler,
        who=("staff",),
        roles=("admin", "advocate"),
        summary=summary,
        body=body,
        status=status,
    )
