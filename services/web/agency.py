"""The agency itself and those who work for it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from alerts.policy import is_name
from services.web.call import Call, Reply
from services.web.directory import (
    CODE_LIVES,
    Body,
    MethodBody,
    Text,
    changes_of,
    delete,
    new_methods,
    page,
    staff_route,
)
from services.web.problems import Problem, field_problem
from services.web.service import new_id, new_token
from streams.records import (
    EmergencyNumber,
    Method,
    NamedWebhook,
    Organization,
    Role,
    Staff,
    Token,
)
from streams.sealing import token_hash
from streams.store import Transaction


class WebhookBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A receiver that policies name as `webhook:NAME`."""

    name: Text
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class OrganizationBody(Body, kw_only=True):
    """`PUT /v1/organization`."""

    name: Text
    dispatch: list[MethodBody] = []
    last_resort: list[MethodBody] = []
    call_back: Text | None = None
    emergency: list[EmergencyNumber] = []
    webhooks: Annotated[list[WebhookBody], msgspec.Meta(max_length=50)] = []


class StaffBody(Body, kw_only=True):
    """`POST /v1/staff`; the methods are for turns on call."""

    name: Text
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    language: Text = "en"
    methods: list[MethodBody] = []


class StaffChanges(Body, kw_only=True):
    """`PATCH /v1/staff/{id}`; what is not named stays. Methods are replaced as a whole."""

    name: Text | UnsetType = UNSET
    language: Text | UnsetType = UNSET
    methods: list[MethodBody] | UnsetType = UNSET


async def put_organization(call: Call) -> Reply:
    """Changes the agency; its methods are replaced as a whole.

    One of `dispatch` or `last_resort` that stays keeps its id and secret: an incident knows who answered by it.
    """
    body: OrganizationBody = call.body
    known = await call.service.store.read(lambda tx: tx.get(Organization, call.organization, call.organization))
    known_dispatch, known_last = (known.dispatch, known.last_resort) if known is not None else ((), ())
    dispatch, shown = new_methods(call, body.dispatch, "dispatch", known_dispatch)
    last_resort, shown_last = new_methods(call, body.last_resort, "last_resort", known_last)
    webhooks, shown_hooks = _named_webhooks(call, body.webhooks)
    organization = Organization(
        id=call.organization,
        organization=call.organization,
        name=body.name,
        dispatch=dispatch,
        last_resort=last_resort,
        call_back=body.call_back,
        emergency=tuple(body.emergency),
        webhooks=webhooks,
    )

    async def work(tx: Transaction) -> Reply:
        before = await tx.get(Organization, call.organization, call.organization)
        has_teams = before is not None and before.has_teams
        await tx.put(msgspec.structs.replace(organization, has_teams=has_teams))
        answer = {"id": call.organization, "name": body.name, "dispatch": shown, "last_resort": shown_last}
        rest = {"call_back": body.call_back, "emergency": body.emergency, "webhooks": shown_hooks}
        return Reply(body={**answer, **rest})

    return await call.commit(work)


def _named_webhooks(call: Call, given: list[WebhookBody]) -> tuple[tuple[NamedWebhook, ...], list[dict[str, Any]]]:
    for number, hook in enumerate(given):
        if not is_name(hook.name):
            raise field_problem(
                f"webhooks[{number}].name", "has 1 to 64 characters, words with single blanks, no slash"
            )
        if hook.name in {other.name for other in given[:number]}:
            raise field_problem(f"webhooks[{number}].name", "is given twice")
    methods, shown = new_methods(call, [MethodBody(channel="webhook", address=h.address) for h in given], "webhooks")
    named = [NamedWebhook(name=h.name, method=method) for h, method in zip(given, methods, strict=True)]
    return tuple(named), [{"name": h.name, **view} for h, view in zip(given, shown, strict=True)]


async def get_organization(call: Call) -> Reply:
    """The agency as it is set up; no secrets."""
    agency = await call.get(Organization, call.organization)
    usable = call.service.channels

    def shown(methods: tuple[Method, ...]) -> list[dict[str, Any]]:
        return [
            {"id": m.id, "channel": m.channel, "address": m.address, "deliverable": m.channel in usable}
            for m in methods
        ]

    return Reply(
        body={
            "id": agency.id,
            "name": agency.name,
            "dispatch": shown(agency.dispatch),
            "last_resort": shown(agency.last_resort),
            "call_back": agency.call_back,
            "emergency": agency.emergency,
            "webhooks": [
                {"name": h.name, **view}
                for h, view in zip(agency.webhooks, shown(tuple(h.method for h in agency.webhooks)), strict=True)
            ],
        }
    )


async def post_staff(call: Call) -> Reply:
    """A new member of staff, with a token and a link to sign in once."""
    body: StaffBody = call.body
    methods, shown = new_methods(call, body.methods, "methods")
    staff = Staff(
        id=new_id(),
        organization=call.organization,
        name=body.name,
        roles=tuple(body.roles),
        language=body.language,
        methods=methods,
    )
    token, code = new_token(), new_token()

    async def work(tx: Transaction) -> Reply:
        await tx.put(staff)
        kept = Token(
            kind="staff", organization=staff.organization, subject=staff.id, roles=staff.roles, name=staff.name
        )
        await tx.put_token(token_hash(token), kept)
        once = msgspec.structs.replace(kept, kind="sign_in", expires_at=call.now + CODE_LIVES)
        await tx.put_token(token_hash(code), once)
        url = f"{call.service.public_url}/desk#{code}"
        made = {"id": staff.id, "name": staff.name, "token": token, "sign_in_url": url, "methods": shown}
        return Reply(body=made, status=201)

    return await call.commit(work)


async def list_staff(call: Call) -> Reply:
    """Everybody who works here."""
    limit, after = page(call)
    found = await call.service.store.read(lambda tx: tx.listed(Staff, call.organization, after=after, limit=limit))
    staff = [_staff_view(call, s) for _, s in found]
    return Reply(body={"staff": staff, "next": str(found[-1][0]) if len(found) == limit else None})


def _staff_view(call: Call, staff: Staff) -> dict[str, Any]:
    usable = call.service.channels
    methods = [{"id": m.id, "channel": m.channel, "deliverable": m.channel in usable} for m in staff.methods]
    known = {"id": staff.id, "name": staff.name, "roles": staff.roles, "language": staff.language}
    return {**known, "methods": methods}


async def patch_staff(call: Call) -> Reply:
    """Changes what is named."""
    changes = changes_of(call.body)
    shown = None
    if "methods" in changes:
        before = await call.get(Staff, call.path("id"))
        changes["methods"], shown = new_methods(call, changes["methods"], "methods", before.methods)

    async def work(tx: Transaction) -> Reply:
        staff = await tx.get(Staff, call.organization, call.path("id"))
        if staff is None:
            raise Problem("not-found")
        staff = msgspec.structs.replace(staff, **changes)
        await tx.put(staff)
        answer = _staff_view(call, staff)
        return Reply(body=answer if shown is None else {**answer, "methods": shown})

    return await call.commit(work)


async def delete_staff(call: Call) -> Reply:
    """Their tokens are dead at once."""
    return await delete(call, Staff, call.path("id"))


ROUTES = (
    staff_route("PUT", "/v1/organization", put_organization, "Change the agency", OrganizationBody),
    staff_route("GET", "/v1/organization", get_organization, "The agency"),
    staff_route("POST", "/v1/staff", post_staff, "Add a member of staff", StaffBody, 201),
    staff_route("GET", "/v1/staff", list_staff, "List staff"),
    staff_route("PATCH", "/v1/staff/{id}", patch_staff, "Change a member of staff", StaffChanges),
    staff_route("DELETE", "/v1/staff/{id}", delete_staff, "Remove a member of staff", status=204),
)
