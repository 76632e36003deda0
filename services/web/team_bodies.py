"""What is sent and shown of teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import msgspec

from alerts.on_call import OnCall, Override, Rota, Rotation, Shift, Unit, gaps, on_call, turns
from services.web.directory import Body, Text
from services.web.hours_bodies import AllHours, Clock, checked_hours, hours_view
from services.web.people import check_zone_name
from services.web.problems import field_problem
from services.web.service import new_id
from streams.records import Staff, Team

SHOWN = timedelta(days=28)
"""How far ahead turns and gaps are shown."""
MOST_MEMBERS = 100
MOST_SHIFTS = 2000
FARTHEST = timedelta(days=366)

Members = Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_MEMBERS)]


class RotationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Members take turns from `begins` at `hand_over`, each for `every` of `unit`; with `hours` only then."""

    members: Members
    begins: date
    hand_over: Clock
    every: Annotated[int, msgspec.Meta(ge=1, le=366)] = 1
    unit: Unit = "weeks"
    hours: AllHours = []


class ShiftBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One member is on from `since` until `until`."""

    staff: str
    since: datetime
    until: datetime


class TeamBody(Body, kw_only=True):
    """`PUT /v1/teams/{name}`. Overrides stay as they are."""

    time_zone: Text = "UTC"
    members: Annotated[list[str], msgspec.Meta(max_length=MOST_MEMBERS)] = []
    rotations: Annotated[list[RotationBody], msgspec.Meta(max_length=20)] = []
    shifts: Annotated[list[ShiftBody], msgspec.Meta(max_length=MOST_SHIFTS)] = []


class NameBody(Body, kw_only=True):
    """`POST /v1/teams/{name}/rename`."""

    name: Text


class OverrideBody(Body, kw_only=True):
    """`POST /v1/teams/{name}/overrides`: `staff` (null: nobody) in the place of `instead_of` (absent: of everybody)."""

    since: datetime
    until: datetime
    staff: str | None = None
    instead_of: str | None = None


class TakeBody(Body, kw_only=True):
    """`POST /v1/teams/{name}/take`: whoever asks is on from now until then, or until the next change."""

    until: datetime | None = None


class SwapBody(Body, kw_only=True):
    """`POST /v1/teams/{name}/swaps`: two members swap the turns in which these instants lie."""

    staff: str
    at: datetime
    with_staff: str
    with_at: datetime


def rota_of(body: TeamBody, before: Rota | None) -> Rota:
    """The turns of this body. Raises the problem that names the field."""
    check_zone_name(body.time_zone)
    return Rota(
        time_zone=body.time_zone,
        rotations=tuple(_rotation(rotation, number) for number, rotation in enumerate(body.rotations)),
        shifts=tuple(_shift(shift, number) for number, shift in enumerate(body.shifts)),
        overrides=before.overrides if before is not None else (),
    )


def members_of(given: Iterable[str], rota: Rota) -> tuple[str, ...]:
    """Everybody who is named, each once."""
    named = dict.fromkeys(given)
    for rotation in rota.rotations:
        named.update(dict.fromkeys(rotation.members))
    named.update(dict.fromkeys(shift.staff for shift in rota.shifts))
    named.update(dict.fromkeys(o.staff for o in rota.overrides if o.staff is not None))
    return tuple(named)


def span_of(since: datetime, until: datetime, field: str) -> tuple[datetime, datetime]:
    """Two instants in their order. Raises the problem that names the field."""
    for name, value in (("since", since), ("until", until)):
        if value.tzinfo is None:
            raise field_problem(f"{field}{name}", "needs a time zone, such as 2026-11-24T21:00:00Z")
    if until <= since:
        raise field_problem(f"{field}until", "lies before its beginning")
    if until - since > FARTHEST:
        raise field_problem(f"{field}until", "lies more than a year after its beginning")
    return since.astimezone(UTC), until.astimezone(UTC)


def view(team: Team, staff: Mapping[str, Staff], usable: frozenset[str], now: datetime) -> dict[str, Any]:
    """The team, who is on, who is next, and when nobody is."""
    rota = team.rota
    coming = turns(rota, now, now + SHOWN)
    return {
        "name": team.name,
        "time_zone": rota.time_zone,
        "members": [_member(staff[one], usable) for one in team.members if one in staff],
        "rotations": [_shown_rotation(rotation) for rotation in rota.rotations],
        "shifts": rota.shifts,
        "overrides": [o for o in rota.overrides if o.until > now],
        "on_call": {"staff": _named(on_call(rota, now), staff), "until": coming[0].until if coming[1:] else None},
        "next": _turn(coming[1], staff) if coming[1:] else None,
        "turns": [_turn(turn, staff) for turn in coming],
        "gaps": [{"since": gap.begins, "until": gap.ends} for gap in gaps(rota, now, now + SHOWN)],
    }


def _member(staff: Staff, usable: frozenset[str]) -> dict[str, Any]:
    reachable = any(method.channel in usable for method in staff.methods)
    return {"id": staff.id, "name": staff.name, "reachable": reachable}


def _turn(turn: OnCall, staff: Mapping[str, Staff]) -> dict[str, Any]:
    return {"since": turn.since, "until": turn.until, "staff": _named(turn.staff, staff)}


def _named(ids: Iterable[str], staff: Mapping[str, Staff]) -> list[dict[str, str]]:
    return [{"id": one, "name": staff[one].name} for one in ids if one in staff]


def _shown_rotation(rotation: Rotation) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(rotation)
    clock = {"hand_over": f"{rotation.hand_over:%H:%M}"}
    return {**shown, "every": rotation.every, "unit": rotation.unit, **clock, "hours": hours_view(rotation.hours)}


def _rotation(body: RotationBody, number: int) -> Rotation:
    return Rotation(
        members=tuple(body.members),
        begins=body.begins,
        hand_over=time.fromisoformat(body.hand_over),
        every=body.every,
        unit=body.unit,
        hours=checked_hours(body.hours, f"rotations[{number}].hours"),
    )


def _shift(body: ShiftBody, number: int) -> Shift:
    since, until = span_of(body.since, body.until, f"shifts[{number}].")
    return Shift(id=new_id(), staff=body.staff, since=since, until=until)


def override_of(body: OverrideBody) -> Override:
    """What overrules the turns. Raises the problem that names the field."""
    since, until = span_of(body.since, body.until, "")
    if body.staff is not None and body.staff == body.instead_of:
        raise field_problem("instead_of", "is the same member")
    return Override(id=new_id(), since=since, until=until, staff=body.staff, instead_of=body.instead_of)
