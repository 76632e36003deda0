"""The web application: every row of the contract, the pages, and an answer for what is neither."""

from __future__ import annotations

from aiohttp import web

from services.web import (
    agency,
    check_ins,
    contact_links,
    contacts,
    demo_calls,
    devices,
    evidence,
    feed,
    incidents,
    invitations,
    journeys,
    machines,
    me,
    outages,
    pages,
    panic,
    people,
    pings,
    plans,
    policies,
    questions,
    schedules,
    scripts,
    sessions,
    stay_near,
    team_calendars,
    teams,
    trackers,
    tracking,
    twilio_calls,
    voice_calls,
    wording_calls,
    zones,
)
from services.web.call import Route, aiohttp_handler
from services.web.problems import Problem
from services.web.service import BODY_LIMIT, SERVICE, Service

ROUTES: tuple[Route, ...] = (
    *panic.ROUTES,
    *check_ins.ROUTES,
    *schedules.ROUTES,
    *journeys.ROUTES,
    *stay_near.ROUTES,
    *me.ROUTES,
    *evidence.ROUTES,
    *questions.ROUTES,
    *incidents.ROUTES,
    *scripts.ROUTES,
    *feed.ROUTES,
    *outages.ROUTES,
    *sessions.ROUTES,
    *agency.ROUTES,
    *people.ROUTES,
    *contacts.ROUTES,
    *invitations.ROUTES,
    *devices.ROUTES,
    *zones.ROUTES,
    *tracking.ROUTES,
    *plans.ROUTES,
    *policies.ROUTES,
    *teams.ROUTES,
    *team_calendars.ROUTES,
    *contact_links.ROUTES,
    *trackers.ROUTES,
    *twilio_calls.ROUTES,
    *voice_calls.ROUTES,
    *pings.ROUTES,
    *wording_calls.ROUTES,
    *machines.ROUTES,
)


def make_app(service: Service, *, demo: bool = False) -> web.Application:
    """The application for this service."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app[SERVICE] = service
    serves = service.role in {"all", "api"}
    service.routes = (*ROUTES, *(demo_calls.ROUTES if demo else ())) if serves else machines.ROUTES
    for route in service.routes:
        app.router.add_route(route.method, route.path, aiohttp_handler(route))
    if serves:
        pages.add_pages(app, demo=demo)
    app.router.add_route("*", "/{rest:.*}", _nothing_here)
    return app


async def _nothing_here(request: web.Request) -> web.Response:
    """404, or 405 where the path is known with another method (RFC 9110 §15.5.6)."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical == "/{rest}" or resource.canonical.startswith("/{rest"):
            continue
        match, methods = await resource.resolve(request)
        if match is None:
            allowed |= methods
    if allowed:
        response = Problem("wrong-method", f"Allowed here: {', '.join(sorted(allowed))}.").response()
        response.headers["Allow"] = ", ".join(sorted(allowed))
        return response
    return Problem("not-found").response()
