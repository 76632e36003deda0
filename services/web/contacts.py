"""Trusted contacts: told nothing but the invitation before they agree."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from alerts.care_plan import Sees
from alerts.signal_base import Job
from services.links import Link
from services.web.agreeing import answered_from_elsewhere
from services.web.call import Call, Reply
from services.web.directory import (
    Body,
    ContactMethodBody,
    Text,
    changes_of,
    delete,
    new_methods,
    staff_route,
    visible_person,
)
from services.web.hours_bodies import hours_view
from services.web.invitations import Invite, invite, invited
from services.web.problems import Problem
from services.web.service import new_id
from streams.records import Contact
from streams.store import Transaction


class Consent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Consent that was given to staff."""

    how: Text


class ContactBody(Body, kw_only=True):
    """`POST /v1/people/{id}/contacts`."""

    name: Text
    methods: Annotated[list[ContactMethodBody], msgspec.Meta(min_length=1, max_length=10)]
    language: Text = "en"
    order: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    sees: Sees = "message"
    job: Job | None = None
    consent: Consent | None = None
    invite: Invite = "by_day"


class ContactChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/contacts/{id}`; what is not named stays.

    `methods` are replaced as a whole; one of the same channel and address stays what it was.
    """

    name: Text | UnsetType = UNSET
    language: Text | UnsetType = UNSET
    order: Annotated[int, msgspec.Meta(ge=1, le=99)] | UnsetType = UNSET
    methods: Annotated[list[ContactMethodBody], msgspec.Meta(min_length=1, max_length=10)] | UnsetType = UNSET
    sees: Sees | UnsetType = UNSET
    job: Job | UnsetType | None = UNSET
    consent: Consent | UnsetType = UNSET
    id: str | None = None


async def post_contact(call: Call) -> Reply:
    """A trusted contact: told nothing but the invitation before they agree."""
    body: ContactBody = call.body
    person = await visible_person(call, call.path("id"))
    methods, shown = new_methods(call, body.methods, "methods")

    async def work(tx: Transaction) -> Reply:
        others = await tx.list_contacts(call.organization, person.id)
        contact = Contact(
            id=new_id(),
            organization=call.organization,
            person=person.id,
            name=body.name,
            order=body.order or len(others) + 1,
            methods=methods,
            language=body.language,
            sees=body.sees,
            job=body.job,
            consent="confirmed" if body.consent else "pending",
            consent_how=body.consent.how if body.consent else None,
        )
        await tx.put(contact)
        answer: dict[str, Any] = {"id": contact.id, "consent": contact.consent, "methods": shown}
        if contact.consent == "pending":
            link = Link(kind="contact", organization=call.organization, person=person.id, contact=contact.id)
            answer["confirm_url"] = call.service.links.url(call.service.public_url, link)
            answer["invited_at"] = await invite(
                tx, contact, person, contact.methods, call.now, usable=call.service.channels, how=body.invite
            )
        return Reply(body=answer, status=201)

    reply = await call.commit(work)
    call.service.engine.sender.look()
    return reply


async def list_contacts(call: Call) -> Reply:
    """The contacts of a person, in order."""
    person = await visible_person(call, call.path("id"))

    async def work(tx: Transaction) -> list[dict[str, Any]]:
        return [await _view(tx, call, c) for _, c in await tx.list_contacts(call.organization, person.id)]

    return Reply(body={"contacts": await call.service.store.read(work), "next": None})


async def _view(tx: Transaction, call: Call, contact: Contact) -> dict[str, Any]:
    """A contact as staff may see them; no secrets."""
    methods = [
        {
            "id": m.id,
            "channel": m.channel,
            "address": m.address,
            "deliverable": m.channel in call.service.channels and m.closed_at is None and m.safety != "monitored",
            "safety": m.safety,
            "closed_at": m.closed_at,
            "hours": hours_view(m.hours),
        }
        for m in contact.methods
    ]
    return {
        "id": contact.id,
        "name": contact.name,
        "order": contact.order,
        "language": contact.language,
        "sees": contact.sees,
        "job": contact.job,
        "consent": contact.consent,
        "invited": await invited(tx, contact),
        "unheard_since": contact.unheard_since,
        "methods": methods,
    }


async def visible_contact(call: Call) -> Contact:
    """The contact of the path, unless the person is hidden from whoever asks."""
    contact = await call.get(Contact, call.path("id"))
    await visible_person(call, contact.person or "")
    return contact


async def get_contact(call: Call) -> Reply:
    """One contact."""
    contact = await visible_contact(call)
    return Reply(body=await call.service.store.read(lambda tx: _view(tx, call, contact)))


async def patch_contact(call: Call) -> Reply:
    """Changes what is named; a new webhook's secret is shown this once.

    Whoever has not agreed yet is invited by the ways that are new; so is whoever takes the place of a wrong number.
    """
    before = await visible_contact(call)
    person = await visible_person(call, before.person or "")
    changes = changes_of(call.body)
    shown: list[dict[str, Any]] = []
    if "methods" in changes:
        changes["methods"], shown = new_methods(call, changes["methods"], "methods", before.methods)
    if "consent" in changes:
        changes |= {"consent": "confirmed", "consent_how": changes["consent"].how}

    async def work(tx: Transaction) -> Reply:
        contact = await tx.get(Contact, call.organization, call.path("id"))
        if contact is None:
            raise Problem("not-found")
        contact = msgspec.structs.replace(contact, **changes)
        if "consent" in changes:
            await tx.void_subject(contact.id, call.now)
        elif answered_from_elsewhere(before, contact):
            contact = msgspec.structs.replace(
                contact, consent="pending", consent_how=None, reads=None, reads_asked=None
            )
        await tx.put(contact)
        known = {method.id for method in before.methods if method.safety != "monitored"}
        added = [method for method in contact.methods if method.id not in known]
        if added and contact.consent == "pending":
            await invite(tx, contact, person, added, call.now, usable=call.service.channels)
        view = await _view(tx, call, contact)
        return Reply(body=view | {"methods": shown} if shown else view)

    reply = await call.commit(work)
    call.service.engine.sender.look()
    return reply


async def delete_contact(call: Call) -> Reply:
    """Gone, and told nothing more from the next send on."""
    contact = await visible_contact(call)
    return await delete(call, Contact, contact.id)


ROUTES = (
    staff_route("POST", "/v1/people/{id}/contacts", post_contact, "Add a trusted contact", ContactBody, 201),
    staff_route("GET", "/v1/people/{id}/contacts", list_contacts, "List contacts"),
    staff_route("GET", "/v1/contacts/{id}", get_contact, "One contact"),
    staff_route("PATCH", "/v1/contacts/{id}", patch_contact, "Change a contact", ContactChanges),
    staff_route("DELETE", "/v1/contacts/{id}", delete_contact, "Remove a contact", status=204),
)
