"""Signing in to the staff pages: a one-time code or a staff token becomes a cookie that scripts cannot read."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from services.web.call import COOKIE, Call, Reply, Route
from services.web.problems import Problem, field_problem
from services.web.service import new_token
from streams.records import Organization, Staff
from streams.sealing import token_hash
from streams.store import Transaction

SESSION_LASTS = timedelta(hours=12)


class SignInBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/sessions`: one of the two."""

    token: str | None = None
    code: str | None = None
    id: str | None = None


async def sign_in(call: Call) -> Reply:
    """A session of twelve hours, a shift's length."""
    body: SignInBody = call.body
    given = body.token or body.code
    if given is None or (body.token and body.code):
        raise field_problem("token", "give either token or code")
    hashed, session = token_hash(given.strip()), new_token()

    async def work(tx: Transaction) -> bool:
        known = await tx.token(hashed)
        if known is None or known.kind != ("staff" if body.token else "sign_in"):
            return False
        if body.code and await tx.spend_token(hashed) is None:
            return False
        if known.expires_at is not None and known.expires_at <= call.now:
            return False
        if await tx.get(Staff, known.organization, known.subject) is None:
            return False
        kept = msgspec.structs.replace(known, kind="session", expires_at=call.now + SESSION_LASTS)
        await tx.put_token(token_hash(session), kept)
        return True

    if not await call.service.store.write(work):
        raise Problem("no-token", "It is not known, was used already, or is too old.")
    return Reply(status=204, headers={"Set-Cookie": _cookie(call, session, int(SESSION_LASTS.total_seconds()))})


def _cookie(call: Call, value: str, seconds: int) -> str:
    secure = "; Secure" if call.service.public_url.startswith("https://") else ""
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"


async def who_am_i(call: Call) -> Reply:
    """Who is signed in, for which agency, and what is missing there."""
    staff = await call.get(Staff, call.token.subject)
    agency = await call.get(Organization, call.organization)
    usable = call.service.channels
    warnings = [
        f"{name}_empty"
        for name, methods in (("dispatch", agency.dispatch), ("last_resort", agency.last_resort))
        if not any(method.channel in usable for method in methods)
    ]
    return Reply(
        body={
            "staff": {"id": staff.id, "name": staff.name, "roles": staff.roles, "language": staff.language},
            "organization": {
                "id": agency.id,
                "name": agency.name,
                "call_back": agency.call_back,
                "emergency": agency.emergency,
                "warnings": warnings,
            },
        }
    )


async def sign_out(call: Call) -> Reply:
    """The session is over."""
    if call.token.kind == "session":
        await call.service.store.write(lambda tx: tx.spend_token(call.caller.hashed))
    return Reply(status=204, headers={"Set-Cookie": _cookie(call, "", 0)})


ROUTES = (
    Route(
        method="POST",
        path="/v1/sessions",
        handler=sign_in,
        who=("anybody",),
        summary="Sign in",
        body=SignInBody,
        status=204,
    ),
    Route(method="GET", path="/v1/session", handler=who_am_i, who=("staff",), summary="Who is signed in"),
    Route(method="DELETE", path="/v1/session", handler=sign_out, who=("staff",), summary="Sign out", status=204),
)
