"""A team's turns as a calendar file, and a calendar file as its shifts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
from aiohttp import web

from alerts.rule_mistake import RuleMistake
from services.team_calendar import read_calendar, write_calendar
from services.web.call import Call, Reply, Route
from services.web.directory import staff_route
from services.web.problems import field_problem
from services.web.team_bodies import members_of
from services.web.teams import shown, staff_by_id, team_of
from streams.records import Team
from streams.store import Transaction

DAYS, MOST_DAYS = 90, 366


async def get_calendar(call: Call) -> web.Response:
    """The turns of the next `days`, of everybody or of the member `staff`."""
    given = call.request.query.get("days", str(DAYS))
    if not (given.isdigit() and 1 <= int(given) <= MOST_DAYS):
        raise field_problem("days", f"is 1 to {MOST_DAYS}")

    async def work(tx: Transaction) -> tuple[Team, dict[str, str]]:
        staff = await staff_by_id(tx, call.organization)
        return await team_of(tx, call), {one.id: one.name for one in staff.values()}

    team, names = await call.service.store.read(work)
    until = call.now + timedelta(days=int(given))
    written = write_calendar(team.name, team.rota, names, call.now, until, only=call.request.query.get("staff"))
    return web.Response(body=written, content_type="text/calendar", charset="utf-8")


async def put_calendar(call: Call) -> Reply:
    """The calendar's events of the next half year take the place of the team's shifts; its rotations stay."""
    team = await call.service.store.read(lambda tx: team_of(tx, call))
    staff = await call.service.store.read(lambda tx: staff_by_id(tx, call.organization))
    names = {one.id: one.name for one in staff.values()}
    try:
        shifts = await asyncio.to_thread(read_calendar, call.raw, names, team.rota.time_zone, call.now)
    except RuleMistake as mistake:
        raise field_problem(mistake.field, mistake.message) from mistake

    async def work(tx: Transaction) -> Reply:
        now_kept = await team_of(tx, call)
        rota = msgspec.structs.replace(now_kept.rota, shifts=shifts)
        changed = msgspec.structs.replace(now_kept, rota=rota, members=members_of(now_kept.members, rota))
        await tx.put(changed)
        return Reply(body=await shown(tx, call, changed))

    return await call.service.store.write(work)


CALENDAR = "/v1/teams/{name}/calendar"
ROUTES: tuple[Route, ...] = (
    msgspec.structs.replace(
        staff_route("GET", CALENDAR, get_calendar, "The team's turns as iCalendar"),
        roles=("admin", "advocate", "dispatcher"),
    ),
    staff_route("PUT", CALENDAR, put_calendar, "Shifts from an iCalendar file"),
)
