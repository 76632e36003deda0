"""The agency itself and those who work for it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from services.web.call import Call, Reply
from services.web.directory import (
    CODE_LIVES,
    Body,
    MethodBody,
    Text,
    delete,
    new_methods,
    page,
    staff_route,
)
from services.web.service import new_id, new_token
from streams.records import (
    EmergencyNumber,
    Method,
    Organization,
    Role,
    Staff,
    Token,
)
from streams.sealing import token_hash
from streams.store import Transaction


class OrganizationBody(Body, kw_only=True):
    """`PUT /v1/organization`."""

    name: Text
    dispatch: list[MethodBody] = []
    last_resort: list[MethodBody] = []
    call_back: Text | None = None
    emergency: list[EmergencyNumber] = []


class StaffBody(Body, kw_only=True):
    """`POST /v1/staff`."""

    name: Text
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    language: Text = "en"


async def put_organization(call: Call) -> Reply:
    """Changes the agency; its methods are replaced as a whole."""
    body: OrganizationBody = call.body
    dispatch, shown = new_methods(call, body.dispatch, "dispatch")
    last_resort, shown_last = new_methods(call, body.last_resort, "last_resort")
    organization = Organization(
        id=call.organization,
        organization=call.organization,
        name=body.name,
        dispatch=dispatch,
        last_resort=last_resort,
        call_back=body.call_back,
        emergency=tuple(body.emergency),
    )

    async def work(tx: Transaction) -> Reply:
        await tx.put(organization)
        answer = {"id": call.organization, "name": body.name, "dispatch": shown, "last_resort": shown_last}
        return Reply(body={**answer, "call_back": body.call_back, "emergency": body.emergency})

    return await call.commit(work)


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
        }
    )


async def post_staff(call: Call) -> Reply:
    """A new member of staff, with a token and a link to sign in once."""
    body: StaffBody = call.body
    staff = Staff(
        id=new_id(), organization=call.organization, name=body.name, roles=tuple(body.roles), language=body.language
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
        return Reply(body={"id": staff.id, "name": staff.name, "token": token, "sign_in_url": url}, status=201)

    return await call.commit(work)


async def list_staff(call: Call) -> Reply:
    """Everybody who works here."""
    limit, after = page(call)
    found = await call.service.store.read(lambda tx: tx.listed(Staff, call.organization, after=after, limit=limit))
    staff = [{"id": s.id, "name": s.name, "roles": s.roles, "language": s.language} for _, s in found]
    return Reply(body={"staff": staff, "next": str(found[-1][0]) if len(found) == limit else None})


async def delete_staff(call: Call) -> Reply:
    """Their tokens are dead at once."""
    return await delete(call, Staff, call.path("id"))


ROUTES = (
    staff_route("PUT", "/v1/organization", put_organization, "Change the agency", OrganizationBody),
    staff_route("GET", "/v1/organization", get_organization, "The agency"),
    staff_route("POST", "/v1/staff", post_staff, "Add a member of staff", StaffBody, 201),
    staff_route("GET", "/v1/staff", list_staff, "List staff"),
    staff_route("DELETE", "/v1/staff/{id}", delete_staff, "Remove a member of staff", status=204),
)
