"""Places to be in, and places to keep out of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from services.web.call import Call, Reply
from services.web.directory import (
    Body,
    Latitude,
    Longitude,
    Text,
    changes_of,
    delete,
    staff_route,
    visible_person,
)
from services.web.problems import field_problem
from services.web.service import new_id
from streams.records import (
    Zone,
)
from streams.store import Transaction


class Point(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Degrees, WGS 84."""

    latitude: Latitude
    longitude: Longitude


Radius = Annotated[float, msgspec.Meta(ge=10, le=100_000)]
Polygon = Annotated[list[Point], msgspec.Meta(min_length=3, max_length=500)]


class ZoneBody(Body, kw_only=True, omit_defaults=True):
    """`POST /v1/people/{id}/zones`: a circle or a polygon."""

    name: Text
    kind: Literal["safe", "exclusion"]
    center: Point | None = None
    radius_m: Radius | None = None
    polygon: Polygon | None = None


class ZoneChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/zones/{id}`; what is not named stays."""

    name: Text | UnsetType = UNSET
    kind: Literal["safe", "exclusion"] | UnsetType = UNSET
    center: Point | UnsetType = UNSET
    radius_m: Radius | UnsetType = UNSET
    polygon: Polygon | UnsetType = UNSET
    id: str | None = None


def check_shape(center: Any, radius_m: Any, polygon: Any) -> None:
    """A circle or a polygon, whole."""
    if (center is None) == (polygon is None):
        raise field_problem("center", "give either center and radius_m, or polygon")
    if center is not None and radius_m is None:
        raise field_problem("radius_m", "is missing")


def zone_view(zone: Zone) -> dict[str, Any]:
    """A zone."""
    return {"id": zone.id, "name": zone.name, "kind": zone.kind, **zone.shape}


async def visible_zone(call: Call) -> Zone:
    """The zone of the path, unless the person is hidden from whoever asks."""
    zone = await call.get(Zone, call.path("id"))
    await visible_person(call, zone.person or "")
    return zone


async def get_zone(call: Call) -> Reply:
    """One zone."""
    return Reply(body=zone_view(await visible_zone(call)))


async def patch_zone(call: Call) -> Reply:
    """Changes what is named; a polygon takes a circle's place and the other way round."""
    zone = await visible_zone(call)
    changes = msgspec.to_builtins(changes_of(call.body))
    shape = {**zone.shape, **{k: changes.pop(k) for k in ("center", "radius_m", "polygon") if k in changes}}
    if call.body.polygon is not UNSET:
        shape |= {"center": None, "radius_m": None}
    elif call.body.center is not UNSET:
        shape["polygon"] = None
    check_shape(shape["center"], shape["radius_m"], shape["polygon"])
    zone = msgspec.structs.replace(zone, **changes, shape=shape)

    async def work(tx: Transaction) -> Reply:
        await tx.put(zone)
        return Reply(body=zone_view(zone))

    return await call.commit(work)


async def delete_zone(call: Call) -> Reply:
    """Gone."""
    zone = await visible_zone(call)
    return await delete(call, Zone, zone.id)


async def post_zone(call: Call) -> Reply:
    """A place to be in, or to keep out of."""
    body: ZoneBody = call.body
    check_shape(body.center, body.radius_m, body.polygon)
    person = await visible_person(call, call.path("id"))
    shape = msgspec.to_builtins({"center": body.center, "radius_m": body.radius_m, "polygon": body.polygon})
    zone = Zone(
        id=new_id(), organization=call.organization, person=person.id, name=body.name, kind=body.kind, shape=shape
    )

    async def work(tx: Transaction) -> Reply:
        await tx.put(zone)
        return Reply(body=zone_view(zone), status=201)

    return await call.commit(work)


async def list_zones(call: Call) -> Reply:
    """The zones of a person."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.listed(Zone, call.organization, person=person.id))
    zones = [zone_view(z) for _, z in found]
    return Reply(body={"zones": zones, "next": None})


ROUTES = (
    staff_route("POST", "/v1/people/{id}/zones", post_zone, "Add a zone", ZoneBody, 201),
    staff_route("GET", "/v1/people/{id}/zones", list_zones, "List zones"),
    staff_route("GET", "/v1/zones/{id}", get_zone, "One zone"),
    staff_route("PATCH", "/v1/zones/{id}", patch_zone, "Change a zone", ZoneChanges),
    staff_route("DELETE", "/v1/zones/{id}", delete_zone, "Remove a zone", status=204),
)
