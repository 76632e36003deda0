"""What to read aloud to the emergency centre about an incident."""

from __future__ import annotations

import msgspec

from services.web.call import Call, Reply, Route
from services.web.directory import audit
from services.web.problems import Problem
from services.wording.emergency_script import Script, emergency_script
from streams.records import Organization, Person, Staff
from streams.store import Transaction


async def script(call: Call) -> Reply:
    """The numbers and the sentences, in the language of whoever reads them aloud."""

    async def work(tx: Transaction) -> tuple[str, str, Script]:
        view = await tx.incident(call.organization, call.path("id"))
        person = await tx.get(Person, call.organization, view.person) if view is not None else None
        agency = await tx.get(Organization, call.organization, call.organization)
        staff = await tx.get(Staff, call.organization, call.token.subject)
        if view is None or person is None or agency is None or call.token.subject in person.hidden_from:
            raise Problem("not-found")
        language = call.request.query.get("language") or (staff.language if staff is not None else "en")
        return person.id, view.incident.id, emergency_script(language, agency, person, view.incident, call.now)

    person, incident, found = await call.service.store.read(work)
    await audit(call, person, "incident.read", incident)
    return Reply(body=msgspec.to_builtins(found))


ROUTES = (
    Route(
        method="GET",
        path="/v1/incidents/{id}/script",
        handler=script,
        who=("staff",),
        roles=("admin", "dispatcher", "advocate"),
        summary="What to read aloud to the emergency centre",
        query=("language",),
    ),
)
