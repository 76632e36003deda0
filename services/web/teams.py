"""Teams: who takes turns, who is on call, and what overrules the turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerts.on_call import OnCall, Override, Rota, next_change, turns
from alerts.policy import is_name
from services.policy_source import teams_named, with_team_renamed
from services.web.call import Call, Reply, Route
from services.web.directory import staff_route
from services.web.policies import MOST_POLICIES
from services.web.problems import Problem, field_problem
from services.web.service import new_id
from services.web.team_bodies import (
    NameBody,
    OverrideBody,
    SwapBody,
    TakeBody,
    TeamBody,
    members_of,
    override_of,
    rota_of,
    span_of,
    view,
)
from streams.records import Organization, PolicyText, Staff, Team
from streams.store import Transaction

KEPT_AFTER = timedelta(days=30)
"""Overrides that are over are shown in calendars for so long."""
MOST_TEAMS = 100
MOST_OVERRIDES = 500
TAKEN_FOR = timedelta(hours=12)
"""Where no change is in sight."""
TURN_AT_MOST = timedelta(days=92)
Change = Callable[[Team], Team]


def _name(call: Call) -> str:
    return call.request.match_info["name"]


async def _teams(tx: Transaction, organization: str) -> list[Team]:
    return [team for _, team in await tx.listed(Team, organization, limit=MOST_TEAMS)]


async def staff_by_id(tx: Transaction, organization: str) -> dict[str, Staff]:
    """Everybody who works here."""
    return {one.id: one for _, one in await tx.listed(Staff, organization, limit=10_000)}


async def team_of(tx: Transaction, call: Call) -> Team:
    """The team of the path. Raises the 404 problem."""
    found = next((team for team in await _teams(tx, call.organization) if team.name == _name(call)), None)
    if found is None:
        raise Problem("not-found")
    return found


async def shown(tx: Transaction, call: Call, team: Team) -> dict[str, Any]:
    """The team as it is now."""
    return view(team, await staff_by_id(tx, call.organization), frozenset(call.service.channels), call.now)


async def list_teams(call: Call) -> Reply:
    """Every team, by its name."""

    async def work(tx: Transaction) -> list[dict[str, Any]]:
        staff, usable = await staff_by_id(tx, call.organization), frozenset(call.service.channels)
        teams = sorted(await _teams(tx, call.organization), key=lambda team: team.name.casefold())
        return [view(team, staff, usable, call.now) for team in teams]

    return Reply(body={"teams": await call.service.store.read(work)})


async def get_team(call: Call) -> Reply:
    """One team."""

    async def work(tx: Transaction) -> dict[str, Any]:
        return await shown(tx, call, await team_of(tx, call))

    return Reply(body=await call.service.store.read(work))


async def put_team(call: Call) -> Reply:
    """Makes or changes a team; what overrules its turns stays."""
    body: TeamBody = call.body

    async def work(tx: Transaction) -> Reply:
        team = await _put(tx, call, body)
        await _keep(tx, call, team)
        return Reply(body=await shown(tx, call, team))

    return await call.commit(work)


async def draft_team(call: Call) -> Reply:
    """The team as it would be; nothing is kept."""
    body: TeamBody = call.body

    async def work(tx: Transaction) -> Reply:
        return Reply(body=await shown(tx, call, await _put(tx, call, body)))

    return await call.service.store.read(work)


async def _put(tx: Transaction, call: Call, body: TeamBody) -> Team:
    """The team of the path with this body."""
    name, teams = _name(call), await _teams(tx, call.organization)
    before = next((team for team in teams if team.name == name), None)
    _check_name(name, [team for team in teams if team is not before])
    if before is None and len(teams) >= MOST_TEAMS:
        raise field_problem("name", f"there are {MOST_TEAMS} teams already")
    rota = rota_of(body, before.rota if before is not None else None)
    members = members_of(body.members, rota)
    if before is not None:
        return msgspec.structs.replace(before, members=members, rota=rota)
    return Team(id=new_id(), organization=call.organization, name=name, members=members, rota=rota)


def _check_name(name: str, others: list[Team]) -> None:
    """A name means one team. Raises the problem."""
    if not is_name(name):
        raise field_problem("name", "has 1 to 64 characters, words with single blanks, no slash")
    for team in others:
        if name == team.name:
            raise field_problem("name", "is another team's")
        if name in team.formerly:
            raise field_problem("name", f"is what {team.name} was called before")


async def rename_team(call: Call) -> Reply:
    """Another name, in the policies too; whatever still says the old one goes on meaning this team."""
    name: str = call.body.name

    async def work(tx: Transaction) -> Reply:
        team = await team_of(tx, call)
        _check_name(name, [other for other in await _teams(tx, call.organization) if other.id != team.id])
        formerly = tuple(old for old in (*team.formerly, team.name) if old != name)
        renamed = msgspec.structs.replace(team, name=name, formerly=formerly)
        await tx.put(renamed)
        for _, policy in await tx.listed(PolicyText, call.organization, limit=MOST_POLICIES):
            if team.name in teams_named(policy):
                await tx.put(with_team_renamed(policy, team.name, name))
        return Reply(body=await shown(tx, call, renamed))

    return await call.commit(work)


async def delete_team(call: Call) -> Reply:
    """From now on the steps that name it reach nobody by it."""

    async def work(tx: Transaction) -> Reply:
        team = await team_of(tx, call)
        await tx.remove(Team, call.organization, team.id, call.now)
        return Reply(status=204)

    return await call.commit(work)


async def _keep(tx: Transaction, call: Call, team: Team) -> None:
    """Keeps a team whose members all work here."""
    staff = await staff_by_id(tx, call.organization)
    unknown = [member for member in team.members if member not in staff]
    if unknown:
        raise field_problem("members", f"{unknown[0][:64]!r} is not the id of a member of staff")
    agency = await tx.get(Organization, call.organization, call.organization)
    if agency is None:
        raise Problem("not-found")
    if not agency.has_teams:
        await tx.put(msgspec.structs.replace(agency, has_teams=True))
    await tx.put(team)


async def _change(call: Call, change: Callable[[Team], tuple[Override, ...]], status: int = 201) -> Reply:
    async def work(tx: Transaction) -> Reply:
        team = await team_of(tx, call)
        kept = tuple(o for o in team.rota.overrides if o.until > call.now - KEPT_AFTER)
        if len(kept) >= MOST_OVERRIDES:
            raise Problem("invalid", f"A team has at most {MOST_OVERRIDES} overrides; take some away.")
        rota = msgspec.structs.replace(team.rota, overrides=(*kept, *change(team)))
        team = msgspec.structs.replace(team, rota=rota, members=members_of(team.members, rota))
        await _keep(tx, call, team)
        return Reply(body=await shown(tx, call, team), status=status)

    return await call.commit(work)


async def post_override(call: Call) -> Reply:
    """Somebody, or nobody, in the place of somebody or of everybody."""
    override = override_of(call.body)
    return await _change(call, lambda _: (override,))


async def delete_override(call: Call) -> Reply:
    """The turns are again as they were."""

    async def work(tx: Transaction) -> Reply:
        team = await team_of(tx, call)
        rest = tuple(o for o in team.rota.overrides if o.id != call.path("override"))
        if len(rest) == len(team.rota.overrides):
            raise Problem("not-found")
        team = msgspec.structs.replace(team, rota=msgspec.structs.replace(team.rota, overrides=rest))
        await tx.put(team)
        return Reply(body=await shown(tx, call, team))

    return await call.commit(work)


async def take(call: Call) -> Reply:
    """Whoever asks is on from now on, in the place of everybody, until the next change or the instant they name."""
    body: TakeBody = call.body

    def change(team: Team) -> tuple[Override, ...]:
        until = body.until or next_change(team.rota, call.now) or call.now + TAKEN_FOR
        since, until = span_of(call.now, until, "")
        return (Override(id=new_id(), since=since, until=until, staff=call.token.subject),)

    return await _change(call, change)


async def swap(call: Call) -> Reply:
    """Two members swap a turn each."""
    body: SwapBody = call.body
    for field, at in (("at", body.at), ("with_at", body.with_at)):
        if at.tzinfo is None:
            raise field_problem(field, "needs a time zone, such as 2026-11-24T21:00:00Z")

    def change(team: Team) -> tuple[Override, ...]:
        mine = _turn_of(team.rota, body.staff, body.at, "at")
        theirs = _turn_of(team.rota, body.with_staff, body.with_at, "with_at")
        return (
            Override(id=new_id(), since=mine.since, until=mine.until, staff=body.with_staff, instead_of=body.staff),
            Override(id=new_id(), since=theirs.since, until=theirs.until, staff=body.staff, instead_of=body.with_staff),
        )

    return await _change(call, change)


def _turn_of(rota: Rota, staff: str, at: datetime, field: str) -> OnCall:
    """The turn of this member in which this instant lies."""
    runs: list[OnCall] = []
    for turn in turns(rota, at - TURN_AT_MOST, at + TURN_AT_MOST):
        if staff not in turn.staff:
            continue
        if runs and runs[-1].until == turn.since:
            # Others came and went meanwhile.
            runs[-1] = msgspec.structs.replace(runs[-1], until=turn.until)
        else:
            runs.append(turn)
    found = next((run for run in runs if run.since <= at < run.until), None)
    if found is None:
        raise field_problem(field, "is not in a turn of this member")
    return found


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, status: int = 200) -> Route:
    """A call that whoever is on duty may make as well."""
    return msgspec.structs.replace(
        staff_route(method, path, handler, summary, body, status), roles=("admin", "advocate", "dispatcher")
    )


TEAM = "/v1/teams/{name}"
ROUTES = (
    _route("GET", "/v1/teams", list_teams, "List teams: who is on call, who is next, when nobody is"),
    _route("GET", TEAM, get_team, "One team"),
    staff_route("PUT", TEAM, put_team, "Make or change a team", TeamBody),
    staff_route("POST", f"{TEAM}/draft", draft_team, "A team as it would be; nothing is kept", TeamBody),
    staff_route("POST", f"{TEAM}/rename", rename_team, "Another name for a team", NameBody),
    staff_route("DELETE", TEAM, delete_team, "Take a team away", status=204),
    _route("POST", f"{TEAM}/take", take, "Be on call from now on", TakeBody, 201),
    _route("POST", f"{TEAM}/swaps", swap, "Swap two turns", SwapBody, 201),
    _route("POST", f"{TEAM}/overrides", post_override, "Somebody else, or nobody, for a while", OverrideBody, 201),
    _route("DELETE", f"{TEAM}/overrides/{{override}}", delete_override, "Take an override back"),
)
