"""Places to be in, and places to keep out of: from a map, or from a court order."""

from __future__ import annotations

from typing import Any

import msgspec

from alerts.signals import ZoneRemoved, ZoneSet
from services.web.call import Call, Reply
from services.web.directory import Body, audit, staff_route, visible_person
from services.web.problems import Problem
from services.web.service import new_id
from services.web.zone_bodies import (
    Address,
    ZoneBody,
    ZoneChanges,
    changed_zone,
    new_zone,
    rule_of,
    shape_of,
    view,
    watched,
)
from streams.records import LANE_REST, Zone
from streams.store import Transaction

MOST_ZONES = 50


class AddressBody(Body, kw_only=True):
    """`POST /v1/geocode`."""

    address: Address


async def _visible(call: Call) -> Zone:
    """The zone of the path, unless the person is hidden from whoever asks."""
    zone = await call.get(Zone, call.path("id"))
    await visible_person(call, zone.person or "")
    return zone


async def get_zone(call: Call) -> Reply:
    """One zone."""
    return Reply(body=view(await _visible(call)))


async def list_zones(call: Call) -> Reply:
    """The zones of a person."""
    person = await visible_person(call, call.path("id"))
    found = await call.service.store.read(lambda tx: tx.listed(Zone, call.organization, person=person.id))
    return Reply(body={"zones": [view(zone) for _, zone in found], "next": None})


async def post_zone(call: Call) -> Reply:
    """A place to be in, or to keep out of."""
    person = await visible_person(call, call.path("id"))
    zone = new_zone(call.body, new_id(), call.organization, person.id, person.time_zone)

    async def work(tx: Transaction) -> Reply:
        there = await tx.listed(Zone, call.organization, person=person.id)
        if len(there) >= MOST_ZONES:
            raise Problem("too-many-zones", f"At most {MOST_ZONES} for one person.")
        await tx.put(zone)
        await _watch(call, tx, person.id, ZoneSet(**_common(call, person.id), rule=rule_of(zone), redrawn=True))
        return Reply(body=view(zone), status=201)

    return await _change(call, person.id, zone.id, work)


async def patch_zone(call: Call) -> Reply:
    """Changes what is named; with another shape, nobody knows any more on which side of its border she is."""
    found = await _visible(call)
    person = found.person or ""
    changed_zone(found, call.body)

    async def work(tx: Transaction) -> Reply:
        before = await tx.get(Zone, call.organization, found.id)
        if before is None:
            raise Problem("not-found")
        zone = changed_zone(before, call.body)
        await tx.put(zone)
        redrawn = shape_of(zone) != shape_of(before) or zone.kind != before.kind
        await _watch(call, tx, person, ZoneSet(**_common(call, person), rule=rule_of(zone), redrawn=redrawn))
        return Reply(body=view(zone))

    return await _change(call, person, found.id, work)


async def delete_zone(call: Call) -> Reply:
    """Gone: it is watched no more."""
    found = await _visible(call)
    person = found.person or ""

    async def work(tx: Transaction) -> Reply:
        await tx.remove(Zone, call.organization, found.id, call.now)
        await _watch(call, tx, person, ZoneRemoved(**_common(call, person), zone=found.id))
        return Reply(status=204)

    return await _change(call, person, found.id, work)


async def _watch(call: Call, tx: Transaction, person: str, signal: ZoneSet | ZoneRemoved) -> None:
    """From now on her zones are watched as they lie in the store."""
    zones = await tx.listed(Zone, call.organization, person=person)
    await tx.save_watched(call.organization, person, tuple(watched(zone) for _, zone in zones))
    await tx.put_mail(call.organization, person, LANE_REST, signal)


async def _change(call: Call, person: str, zone: str, work: Any) -> Reply:
    reply = await call.commit(work)
    call.service.engine.wake(call.organization, person, LANE_REST)
    await audit(call, person, "zone.changed", zone)
    return reply


def _common(call: Call, person: str) -> dict[str, Any]:
    return {"id": call.signal_id(), "person": person, "at": call.now, "received_at": call.now}


async def geocode(call: Call) -> Reply:
    """Where an address may be, for whoever draws a zone to look at and choose from."""
    geocoder = call.service.geocoder
    if geocoder is None:
        raise Problem("no-geocoder", "Set PORCHLIGHT_GEOCODER_URL, or take the coordinates from a map.")
    found = await geocoder.find(call.body.address)
    if found is None:
        raise Problem("geocoder-away", "Take the coordinates from a map, or try again later.")
    return Reply(body={"places": msgspec.to_builtins(found)})


ROUTES = (
    staff_route("POST", "/v1/people/{id}/zones", post_zone, "Add a zone", ZoneBody, 201),
    staff_route("GET", "/v1/people/{id}/zones", list_zones, "List zones"),
    staff_route("GET", "/v1/zones/{id}", get_zone, "One zone"),
    staff_route("PATCH", "/v1/zones/{id}", patch_zone, "Change a zone", ZoneChanges),
    staff_route("DELETE", "/v1/zones/{id}", delete_zone, "Remove a zone", status=204),
    staff_route("POST", "/v1/geocode", geocode, "Where an address may be", AddressBody),
)
