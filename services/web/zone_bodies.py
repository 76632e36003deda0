"""What is sent and shown of zones."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from alerts.geography import MOST_CORNERS, Circle, Polygon, Shape, check_shape
from alerts.geography import Point as Place
from alerts.rule_mistake import RuleMistake
from alerts.track import WatchedZone
from alerts.wall_time import instant_of
from alerts.zone_rule import ZoneKind, ZoneRule, check_hours
from services.web.directory import Body, Latitude, Longitude, Text
from services.web.hours_bodies import AllHours, hours_of, hours_view
from services.web.problems import field_problem
from streams.records import CourtOrder, Zone

WAITS_FOR_EXPECTED_S = 300.0
DAY = timedelta(days=1)


class Point(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Degrees, WGS 84."""

    latitude: Latitude
    longitude: Longitude


class OrderBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The court order that protects a place."""

    court: Text | None = None
    number: Text | None = None
    granted_on: date | None = None
    expires_on: date | None = None
    note: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


Radius = Annotated[float, msgspec.Meta(ge=10, le=100_000)]
Corners = Annotated[list[Point], msgspec.Meta(min_length=3, max_length=MOST_CORNERS)]
Wait = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ZoneBody(Body, kw_only=True, omit_defaults=True):
    """`POST /v1/people/{id}/zones`: a circle or a polygon, and what is asked of it."""

    name: Text
    kind: ZoneKind
    center: Point | None = None
    radius_m: Radius | None = None
    polygon: Corners | None = None
    hours: AllHours = []
    time_zone: Text | None = None
    expected: bool | None = None
    wait_seconds: Wait | None = None
    address: Address | None = None
    order: OrderBody | None = None


class ZoneChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/zones/{id}`; what is not named stays."""

    name: Text | UnsetType = UNSET
    kind: ZoneKind | UnsetType = UNSET
    center: Point | UnsetType = UNSET
    radius_m: Radius | UnsetType = UNSET
    polygon: Corners | UnsetType = UNSET
    hours: AllHours | UnsetType = UNSET
    time_zone: Text | UnsetType = UNSET
    expected: bool | UnsetType = UNSET
    wait_seconds: Wait | UnsetType = UNSET
    address: Address | UnsetType | None = UNSET
    order: OrderBody | UnsetType | None = UNSET
    id: str | None = None


def new_zone(body: ZoneBody, zone: str, organization: str, person: str, time_zone: str) -> Zone:
    """The zone of this body. Raises the problem that names the field."""
    if body.center is None and body.polygon is None and body.address is not None:
        raise field_problem(
            "center", "is missing: an address alone cannot be watched; POST /v1/geocode finds where it may be"
        )
    expected = body.expected if body.expected is not None else body.kind == "safe" and bool(body.hours)
    wait = body.wait_seconds if body.wait_seconds is not None else (WAITS_FOR_EXPECTED_S if expected else 0.0)
    return checked(
        Zone(
            id=zone,
            organization=organization,
            person=person,
            name=body.name,
            kind=body.kind,
            shape=msgspec.to_builtins({"center": body.center, "radius_m": body.radius_m, "polygon": body.polygon}),
            hours=hours_of(body.hours),
            time_zone=body.time_zone or time_zone,
            expected=expected,
            wait_s=wait,
            address=body.address,
            order=_order(body.order),
        )
    )


def changed_zone(zone: Zone, body: ZoneChanges) -> Zone:
    """What is named changes; a polygon takes a circle's place and the other way round."""
    shape = dict(zone.shape)
    for name in ("center", "radius_m", "polygon"):
        value = getattr(body, name)
        if value is not UNSET:
            shape[name] = msgspec.to_builtins(value)
    if body.polygon is not UNSET:
        shape |= {"center": None, "radius_m": None}
    elif body.center is not UNSET:
        shape["polygon"] = None
    named = ("name", "kind", "time_zone", "expected", "address")
    changes: dict[str, Any] = {name: getattr(body, name) for name in named if getattr(body, name) is not UNSET}
    if body.wait_seconds is not UNSET:
        changes["wait_s"] = body.wait_seconds
    if body.hours is not UNSET:
        changes["hours"] = hours_of(body.hours)
    if body.order is not UNSET:
        changes["order"] = _order(body.order)
    return checked(msgspec.structs.replace(zone, shape=shape, **changes))


def checked(zone: Zone) -> Zone:
    """The zone, if it can be watched. Raises the problem that names the field."""
    if (zone.shape.get("center") is None) == (zone.shape.get("polygon") is None):
        raise field_problem("center", "give either center and radius_m, or polygon")
    if zone.shape.get("center") is not None and zone.shape.get("radius_m") is None:
        raise field_problem("radius_m", "is missing")
    if zone.expected and zone.kind == "exclusion":
        raise field_problem("expected", "goes with a safe zone only")
    try:
        check_shape(shape_of(zone))
        check_hours(rule_of(zone))
    except RuleMistake as mistake:
        raise field_problem(mistake.field, mistake.message) from mistake
    return zone


def shape_of(zone: Zone) -> Shape:
    """Its border."""
    corners = zone.shape.get("polygon")
    if corners is not None:
        return Polygon(corners=tuple(Place(c["latitude"], c["longitude"]) for c in corners))
    center = zone.shape["center"]
    return Circle(center=Place(center["latitude"], center["longitude"]), radius_m=zone.shape["radius_m"])


def watched(zone: Zone) -> WatchedZone:
    """What is watched of it."""
    return WatchedZone(id=zone.id, kind=zone.kind, shape=shape_of(zone))


def rule_of(zone: Zone) -> ZoneRule:
    """What is asked of it."""
    return ZoneRule(
        id=zone.id,
        kind=zone.kind,
        zone=zone.time_zone,
        hours=zone.hours,
        expected=zone.expected,
        wait_ms=int(zone.wait_s * 1000),
        until=_ends(zone),
        name=zone.name,
    )


def view(zone: Zone) -> dict[str, Any]:
    """A zone."""
    return {
        "id": zone.id,
        "name": zone.name,
        "kind": zone.kind,
        **zone.shape,
        "hours": hours_view(zone.hours),
        "time_zone": zone.time_zone,
        "expected": zone.expected,
        "wait_seconds": zone.wait_s,
        "address": zone.address,
        "order": zone.order,
    }


def _order(given: OrderBody | None) -> CourtOrder | None:
    return msgspec.convert(msgspec.to_builtins(given), CourtOrder) if given is not None else None


def _ends(zone: Zone) -> datetime | None:
    """The end of the day on which the order expires."""
    if zone.order is None or zone.order.expires_on is None:
        return None
    return instant_of(datetime.combine(zone.order.expires_on + DAY, time(0)), ZoneInfo(zone.time_zone))
