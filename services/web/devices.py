"""The phones of a person."""

from __future__ import annotations

from typing import Any

import msgspec

from services.web.call import Call, Reply
from services.web.directory import (
    CODE_LIVES,
    Body,
    Text,
    changes_of,
    delete,
    staff_route,
    visible_person,
)
from services.web.keys import make_keys
from services.web.problems import Problem
from services.web.service import new_id, new_token
from streams.records import (
    Device,
    Token,
)
from streams.sealing import token_hash
from streams.store import Transaction


class DeviceBody(Body, kw_only=True):
    """`POST /v1/people/{id}/devices`."""

    name: Text
    ping_allowed: bool = False
    """Whether a ping completes a check-in also where the person has a PIN, which it cannot carry."""


class DeviceChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/devices/{id}`."""

    name: Text | msgspec.UnsetType = msgspec.UNSET
    ping_allowed: bool | msgspec.UnsetType = msgspec.UNSET
    id: str | None = None


class KeysBody(Body, kw_only=True):
    """`POST /v1/devices/{id}/keys`."""


def view(device: Device) -> dict[str, Any]:
    """A phone as staff see it."""
    return {"id": device.id, "name": device.name, "ping_allowed": device.ping_allowed}


async def post_device(call: Call) -> Reply:
    """A phone: its tokens are shown once."""
    person = await visible_person(call, call.path("id"))
    device = Device(
        id=new_id(),
        organization=call.organization,
        person=person.id,
        name=call.body.name,
        ping_allowed=call.body.ping_allowed,
    )
    token, panic, code = new_token(), new_token(), new_token()

    async def work(tx: Transaction) -> Reply:
        await tx.put(device)
        kept = Token(kind="device", organization=call.organization, subject=device.id, person=person.id)
        await tx.put_token(token_hash(token), kept)
        await tx.put_token(token_hash(panic), msgspec.structs.replace(kept, kind="panic"))
        once = msgspec.structs.replace(kept, kind="enrol", expires_at=call.now + CODE_LIVES)
        await tx.put_token(token_hash(code), once)
        url = f"{call.service.public_url}/phone#{code}"
        body = {**view(device), "token": token, "panic_token": panic, "enrol_url": url}
        return Reply(body={**body, **await make_keys(tx, device, call.service.public_url)}, status=201)

    return await call.commit(work)


async def list_devices(call: Call) -> Reply:
    """The phones of a person."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.listed(Device, call.organization, person=person.id))
    return Reply(body={"devices": [view(d) for _, d in found], "next": None})


async def visible_device(call: Call) -> Device:
    """The phone of the path, unless its owner is hidden from whoever asks."""
    device = await call.get(Device, call.path("id"))
    await visible_person(call, device.person or "")
    return device


async def get_device(call: Call) -> Reply:
    """One phone; never its tokens."""
    device = await visible_device(call)
    return Reply(body=view(device))


async def patch_device(call: Call) -> Reply:
    """Another name; whether its ping is enough."""
    device = msgspec.structs.replace(await visible_device(call), **changes_of(call.body))

    async def work(tx: Transaction) -> Reply:
        await tx.put(device)
        return Reply(body=view(device))

    return await call.commit(work)


async def post_keys(call: Call) -> Reply:
    """New keys for its tracker and its ping, shown once; those from before are dead at once."""
    device = await visible_device(call)

    async def work(tx: Transaction) -> Reply:
        if await tx.get(Device, device.organization, device.id) is None:
            raise Problem("not-found")
        return Reply(body={"id": device.id, **await make_keys(tx, device, call.service.public_url)}, status=201)

    return await call.commit(work)


async def delete_device(call: Call) -> Reply:
    """Its tokens are dead at once."""
    device = await visible_device(call)
    return await delete(call, Device, device.id)


ROUTES = (
    staff_route("POST", "/v1/people/{id}/devices", post_device, "Add a phone", DeviceBody, 201),
    staff_route("GET", "/v1/people/{id}/devices", list_devices, "List phones"),
    staff_route("GET", "/v1/devices/{id}", get_device, "One phone"),
    staff_route("PATCH", "/v1/devices/{id}", patch_device, "Change a phone", DeviceChanges),
    staff_route("POST", "/v1/devices/{id}/keys", post_keys, "New keys for tracker and ping", KeysBody, 201),
    staff_route("DELETE", "/v1/devices/{id}", delete_device, "Remove a phone", status=204),
)
