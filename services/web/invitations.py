"""How a contact is asked to be one: by day, or at once where whoever asks says so; and how far that has come."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from alerts.audience import contact_key
from alerts.care_plan import MethodRef
from services.web.call import Call, Reply
from services.web.directory import staff_route, visible_person
from services.web.problems import Problem
from streams.apart_from_alarms import message_apart
from streams.quiet_hours import after_quiet
from streams.records import Contact, Method, Person
from streams.store import Transaction

Invite = Literal["by_day", "at_once"]
COME_SO_FAR = ("read", "delivered", "sent", "sending", "queued", "failed", "void")


class InvitationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/contacts/{id}/invitation`."""

    invite: Invite = "at_once"
    id: str | None = None


async def invite(
    tx: Transaction,
    contact: Contact,
    person: Person,
    methods: Iterable[Method],
    now: datetime,
    *,
    usable: Container[str],
    how: Invite = "by_day",
) -> datetime | None:
    """Asks by those of these methods that can be used; when that goes out, None where there are none."""
    before = [one.round for one in await tx.deliveries_of(contact.id) if one.purpose == "invitation"]
    at = now if how == "at_once" else after_quiet(now, ZoneInfo(person.time_zone))
    ways = tuple(MethodRef(m.id, m.channel) for m in methods if m.channel in usable and m.safety != "monitored")
    made = message_apart(
        contact.organization,
        person.id,
        subject=contact.id,
        recipient=contact_key(contact.id),
        purpose="invitation",
        number=max(before, default=-1) + 1,
        methods=ways,
        at=at,
    )
    await tx.put_deliveries(made)
    return at if ways else None


async def invite_again(call: Call) -> Reply:
    """What waits for the morning goes now; whoever has agreed is not asked any more."""
    known = await call.get(Contact, call.path("id"))
    person = await visible_person(call, known.person or "")

    async def work(tx: Transaction) -> Reply:
        contact = await tx.get(Contact, call.organization, call.path("id"))
        if contact is None:
            raise Problem("not-found")
        if contact.consent == "confirmed":
            raise Problem("answered-already", "They have agreed.")
        if contact.consent == "declined":
            raise Problem("answered-already", "They said no. Where they tell you otherwise, record their consent.")
        await tx.void_subject(contact.id, call.now)
        at = await invite(
            tx, contact, person, contact.methods, call.now, usable=call.service.channels, how=call.body.invite
        )
        return Reply(body={"at": at})

    reply = await call.commit(work)
    call.service.engine.sender.look()
    return reply


async def invited(tx: Transaction, contact: Contact) -> dict[str, Any] | None:
    """The last invitation of somebody who has not agreed yet: when it goes or went, and how far it has come."""
    if contact.consent != "pending":
        return None
    made = [one for one in await tx.deliveries_of(contact.id) if one.purpose == "invitation"]
    if not made:
        return None
    last = [one for one in made if one.round == made[-1].round]
    best = min(last, key=lambda one: COME_SO_FAR.index(one.state))
    return {"at": min(one.created_at for one in last), "state": best.state, "why": best.why}


ROUTES = (staff_route("POST", "/v1/contacts/{id}/invitation", invite_again, "Invite a contact again", InvitationBody),)
