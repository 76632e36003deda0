"""One call: who calls, the body that was validated, and the answer, given once for every idempotency key."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Literal, TypeVar

import msgspec
import structlog
from aiohttp import web

from alerts.decide import Decision
from alerts.signals import Signal
from services.web.problems import Problem, field_problem, invalid, refused
from services.web.service import BODY_LIMIT, SERVICE, Caller, Service
from streams.records import Record, Role, Token
from streams.sealing import token_hash
from streams.store import NotKept, Transaction, Unreachable

log = structlog.get_logger()
R = TypeVar("R", bound=Record)
Who = Literal["anybody", "staff", "device", "panic", "contact", "alert", "code"]
COOKIE = "porchlight_session"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
SAFE_METHODS = frozenset({"GET", "HEAD"})


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}

    def response(self) -> web.Response:
        """As aiohttp sends it; never kept by a cache."""
        headers = {**ALWAYS, **self.headers}
        if self.body is None:
            return web.Response(status=self.status, headers=headers)
        raw = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        kind = "application/problem+json" if self.status >= 400 else "application/json"
        return web.Response(body=raw, status=self.status, content_type=kind, headers=headers)


class Repeated(Exception):
    """This key was answered before."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Call:
    """What a handler gets."""

    def __init__(self, request: web.Request, service: Service, caller: Caller | None, body: Any, raw: bytes) -> None:
        self.request = request
        self.service = service
        self._caller = caller
        self.body = body
        self.raw = raw
        self.now = service.clock.now()
        self._decided: str | None = None

    @property
    def caller(self) -> Caller:
        """Who calls; asked for only where a token is needed."""
        if self._caller is None:
            raise Problem("no-token")
        return self._caller

    @property
    def token(self) -> Token:
        """The caller's token."""
        return self.caller.token

    @property
    def organization(self) -> str:
        """The caller's agency: every look-up keeps to it."""
        return self.token.organization

    @property
    def person(self) -> str:
        """The person whose phone calls."""
        if self.token.person is None:
            raise Problem("not-allowed")
        return self.token.person

    def admit(self, caller: Caller) -> None:
        """This is who calls: for a handler whose address or body holds the key."""
        self._caller = caller

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name].lower()

    @property
    def key(self) -> str | None:
        """The idempotency key: the body's `id`, else the header."""
        given = getattr(self.body, "id", None) or self.request.headers.get("Idempotency-Key")
        if given is not None and not (1 <= len(given) <= 255 and given.isprintable()):
            raise field_problem("Idempotency-Key", "has 1 to 255 printable characters")
        return given

    async def get(self, kind: type[R], record: str) -> R:
        """The record of this id in the caller's agency. Raises the 404 problem."""
        hers = self.token.kind in {"device", "panic", "ping"}
        source = self.service.intake if hers else self.service.store
        found: R | None = await source.read(lambda tx: tx.get(kind, self.organization, record))
        if found is None:
            raise Problem("not-found")
        return found

    async def commit(self, work: Callable[[Transaction], Coroutine[Any, Any, Reply]], lane: int = 2) -> Reply:
        """Runs `work` and keeps its answer in the same transaction; a repeat gets the first answer."""
        key, fingerprint = self.key, self._fingerprint()

        async def once(tx: Transaction) -> Reply:
            if key is not None:
                await self._first(tx, key, fingerprint)
            reply = await work(tx)
            if key is not None:
                raw = msgspec.json.encode(reply.body)
                await tx.keep_answer(
                    self.organization, self.caller.actor, key, fingerprint, reply.status, raw, self.now
                )
            return reply

        try:
            return await self.service.store.write(once, lane)
        except Repeated as repeated:
            return repeated.reply

    async def decide(self, person: str, make: Callable[[str], Signal]) -> Decision:
        """Decides a signal under the person's lock; `make` is given the signal's id. Raises what was refused.

        What is answered in the end is kept for repeats: see `keep`.
        """
        await self.expect_repeats()
        decision = await self.service.engine.decide_now(self.organization, person, make(self.signal_id()))
        if decision.refusal is not None:
            raise refused(decision.refusal)
        return decision

    async def expect_repeats(self) -> None:
        """Raises `Repeated` where this call was answered before; what is answered now is kept for its repeats."""
        key = self.key
        if key is not None:
            fingerprint = self._fingerprint()
            await self.service.store.read(lambda tx: self._first(tx, key, fingerprint))
            self._decided = key

    def signal_id(self) -> str:
        """The id of the signal that this call makes: the same for a repeat under the same key."""
        return str(
            uuid.uuid5(uuid.NAMESPACE_OID, f"{self.caller.actor}|{self.request.path}|{self.key or uuid.uuid4()}")
        )

    async def keep(self, status: int, body: Any) -> None:
        """Keeps the answer to what was decided under a key, a refusal as well.

        Where a crash comes between, the repeat finds the signal decided and answers with how things are by then.
        """
        key = self._decided
        if key is None:
            return
        raw, fingerprint = msgspec.json.encode(body), self._fingerprint()

        async def work(tx: Transaction) -> None:
            await tx.keep_answer(self.organization, self.caller.actor, key, fingerprint, status, raw, self.now)

        with contextlib.suppress(Unreachable):
            # What was spooled is known by its signal's id; its answer follows from that.
            await self.service.store.write(work)

    async def _first(self, tx: Transaction, key: str, fingerprint: bytes) -> None:
        kept = await tx.kept_answer(self.caller.actor, key)
        if kept is None:
            return
        if kept[0] != fingerprint:
            raise Problem("key-reused", "Use a new id or Idempotency-Key for a new request.")
        raise Repeated(Reply(body=msgspec.json.decode(kept[2]), status=kept[1]))

    def _fingerprint(self) -> bytes:
        # Keyed: a body may hold a PIN, which a bare hash of it would give away to whoever can count to 10,000.
        digest = hashlib.sha256(f"{self.request.method} {self.request.path}\n".encode() + self.raw).hexdigest()
        return self.service.pins.keyed(digest)


Handler = Callable[[Call], Awaitable[Reply | web.StreamResponse]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the contract: the same row serves, validates and documents it."""

    method: str
    path: str
    handler: Handler
    who: tuple[Who, ...]
    summary: str
    roles: tuple[Role, ...] = ()
    body: Any = None
    status: int = 200
    query: tuple[str, ...] = ()
    """Parameters that it takes in the address, for the document."""
    answer: str = "application/json"


def aiohttp_handler(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The row as a handler of aiohttp."""
    decoder = msgspec.json.Decoder(route.body) if route.body is not None else None

    async def handle(request: web.Request) -> web.StreamResponse:
        service = request.app[SERVICE]
        call: Call | None = None
        try:
            caller = None if "anybody" in route.who else await authenticate(request, service, route)
            raw = await _read(request)
            body = _decode(decoder, raw)
            call = Call(request, service, caller, body, raw)
            reply = await route.handler(call)
            if isinstance(reply, Reply):
                await call.keep(reply.status, reply.body)
        except Problem as problem:
            if call is not None:
                await call.keep(problem.status, problem.body())
            return problem.response()
        except Repeated as repeated:
            return repeated.reply.response()
        except NotKept as error:
            log.warning("not kept", action="not_kept", path=route.path, why=str(error))
            return Problem("not-kept").response()
        except Exception:
            log.exception("call failed", action="call_failed", path=route.path)
            return Problem("internal").response()
        return reply.response() if isinstance(reply, Reply) else reply

    return handle


async def authenticate(request: web.Request, service: Service, route: Route) -> Caller:
    """Who calls. An unknown token and an expired one get the same answer."""
    given, cookie = bearer(request), False
    if given is None:
        given, cookie = request.cookies.get(COOKIE), True
    if not given:
        raise Problem("no-token")
    hashed = token_hash(given)
    token = await service.intake.token(hashed)
    if token is None and not cookie:
        token = _by_link(given, service)
    if token is None or (token.expires_at is not None and token.expires_at <= service.clock.now()):
        raise Problem("no-token")
    if cookie and (token.kind != "session" or not _same_origin(request, service)):
        raise Problem("wrong-origin")
    kind = "staff" if token.kind == "session" else token.kind
    if kind not in route.who or (kind == "staff" and route.roles and not set(route.roles) & set(token.roles)):
        raise Problem("not-allowed")
    return Caller(token=token, hashed=hashed, cookie=cookie)


def _by_link(code: str, service: Service) -> Token | None:
    """What the signed code of a contact's link may do."""
    link = service.links.read(code)
    if link is None:
        return None
    return Token(
        kind=link.kind,
        organization=link.organization,
        subject=link.contact,
        person=link.person,
        incident=link.incident,
    )


def bearer(request: web.Request) -> str | None:
    """The token of the Authorization header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _same_origin(request: web.Request, service: Service) -> bool:
    if request.method in SAFE_METHODS:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin in {service.public_url, f"{request.scheme}://{request.host}"}


async def _read(request: web.Request) -> bytes:
    if not request.can_read_body:
        return b""
    if (request.content_length or 0) > BODY_LIMIT:
        raise Problem("too-large", f"At most {BODY_LIMIT} bytes.")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Problem("too-large", f"At most {BODY_LIMIT} bytes.") from error


def _decode(decoder: msgspec.json.Decoder[Any] | None, raw: bytes) -> Any:
    if decoder is None:
        return None
    try:
        return decoder.decode(raw or b"{}")
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("bad-json", str(error)) from error
