"""The demo's own calls: what lies in the outbox, and links to sign in as anybody. Served by `porchlight demo` only."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from services.web.call import Call, Reply, Route
from services.web.problems import Problem
from services.web.service import new_token
from streams.records import Device, Person, Staff, Token
from streams.sealing import token_hash
from streams.store import Transaction

LINK_LIVES = timedelta(hours=12)


async def outbox(call: Call) -> Reply:
    """What would have left the machine, the newest first."""
    letters = call.service.outbox.letters() if call.service.outbox is not None else []
    return Reply(body={"messages": letters})


async def links(call: Call) -> Reply:
    """Fresh one-time links to every page."""
    service = call.service
    organization = service.demo_organization
    if organization is None:
        raise Problem("not-found")

    async def work(tx: Transaction) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for _, person in await tx.listed(Person, organization):
            for _, device in await tx.listed(Device, organization, person=person.id):
                code = await _code(
                    tx, call, Token(kind="enrol", organization=organization, subject=device.id, person=person.id)
                )
                found.append({"kind": "phone", "url": f"/phone#{code}", "name": person.known_as or person.name})
        for _, staff in (await tx.listed(Staff, organization))[:1]:
            if "dispatcher" in staff.roles:
                token = Token(
                    kind="sign_in", organization=organization, subject=staff.id, roles=staff.roles, name=staff.name
                )
                found.append({"kind": "desk", "url": f"/desk#{await _code(tx, call, token)}", "name": staff.name})
        return [*found, {"kind": "outbox", "url": "/outbox"}]

    return Reply(body={"links": await service.store.write(work)})


async def _code(tx: Transaction, call: Call, token: Token) -> str:
    code = new_token()
    await tx.put_token(token_hash(code), msgspec.structs.replace(token, expires_at=call.now + LINK_LIVES))
    return code


ROUTES = (
    Route(method="GET", path="/v1/outbox", handler=outbox, who=("anybody",), summary="The demo's outbox"),
    Route(method="GET", path="/v1/demo", handler=links, who=("anybody",), summary="Links into the demo"),
)
