"""Errors as RFC 9457 `application/problem+json`: the only place that knows which status an error has."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from alerts.turn import Refusal

TITLES = {
    "bad-json": (400, "The body is not JSON"),
    "bad-request": (400, "This cannot be read"),
    "no-token": (401, "A valid token is needed"),
    "not-allowed": (403, "This token may not do that"),
    "pin-refused": (403, "Not accepted"),
    "wrong-origin": (403, "This page may not do that"),
    "not-found": (404, "There is no such thing here"),
    "ping-refused": (403, "A ping is not enough here"),
    "nothing-planned": (409, "No check-in is planned"),
    "no-pin": (409, "There is no PIN to enter"),
    "wrong-method": (405, "This cannot be done here"),
    "internal": (500, "Something went wrong here"),
    "closed": (409, "It is closed already"),
    "held-by-other": (409, "Somebody else has it"),
    "answered-already": (409, "They have answered already"),
    "live-incident": (409, "An incident is live"),
    "check-in-over": (409, "This check-in is over"),
    "check-in-exists": (409, "There is a check-in with this id"),
    "phone-shows-closed": (409, "The phone shows this as called off"),
    "too-many-schedules": (409, "There are as many schedules as one person may have"),
    "too-many-zones": (409, "There are as many zones as one person may have"),
    "no-geocoder": (409, "No geocoder is set up"),
    "not-asked": (409, "Nothing is asked"),
    "under-way-already": (409, "A journey is under way already"),
    "not-near": (409, "Nobody is asked to stay near"),
    "key-reused": (409, "This key was used for something else"),
    "too-large": (413, "The body is too large"),
    "invalid": (422, "Some fields cannot be taken"),
    "no-such-step": (422, "The plan of this incident has no such step"),
    "extends-too-far": (422, "The policy does not allow so much more time"),
    "extends-backwards": (422, "The new time is before the old one"),
    "geocoder-away": (503, "The geocoder did not answer"),
    "not-kept": (503, "It could not be stored; try again"),
}

REFUSALS = {
    "no_live_incident": "closed",
    "other_incident": "closed",
    "held_by_other": "held-by-other",
    "unknown_check_in": "not-found",
    "check_in_over": "check-in-over",
    "check_in_exists": "check-in-exists",
    "extends_too_far": "extends-too-far",
    "extends_backwards": "extends-backwards",
    "phone_shows_closed": "phone-shows-closed",
    "no_such_step": "no-such-step",
    "not_asked": "not-asked",
    "not_near": "not-near",
    "under_way_already": "under-way-already",
}


class Problem(Exception):
    """Something that the caller has to know; `errors` name fields."""

    def __init__(self, slug: str, detail: str = "", *, errors: list[dict[str, str]] | None = None, **more: Any) -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail
        self.errors = errors
        self.more = more

    @property
    def status(self) -> int:
        """Its status."""
        return TITLES[self.slug][0]

    def body(self) -> dict[str, Any]:
        """What it says."""
        status, title = TITLES[self.slug]
        body: dict[str, Any] = {"type": f"/problems/{self.slug}", "title": title, "status": status, **self.more}
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = self.errors
        return body

    def response(self) -> web.Response:
        """The answer."""
        status = self.status
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if status == 503:
            headers["Retry-After"] = "1"
        return web.Response(
            body=msgspec.json.encode(self.body()),
            status=status,
            content_type="application/problem+json",
            headers=headers,
        )


def field_problem(field: str, message: str) -> Problem:
    """One field that cannot be taken."""
    return Problem("invalid", f"{field}: {message}", errors=[{"field": field, "message": message}])


def refused(refusal: Refusal) -> Problem:
    """The core's refusal as an answer."""
    slug = REFUSALS[refusal.code]
    return Problem(slug, holder=refusal.holder) if refusal.holder else Problem(slug)


def invalid(error: msgspec.ValidationError) -> Problem:
    """What msgspec says, with the field that it says it of."""
    text = str(error)
    message, _, path = text.partition(" - at `")
    field = path.rstrip("`").removeprefix("$").removeprefix(".")
    if "unknown field `" in message:
        named = message.split("unknown field `", maxsplit=1)[1].split("`", maxsplit=1)[0]
        field = f"{field}.{named}" if field else named
        message = "is not known here"
    elif "missing required field `" in message:
        named = message.split("missing required field `", maxsplit=1)[1].split("`", maxsplit=1)[0]
        field = f"{field}.{named}" if field else named
        message = "is missing"
    return field_problem(field or "body", message)
