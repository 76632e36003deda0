"""What every handler works with."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Literal

import msgspec
import uuid_utils
from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from services.channels.outbox import Outbox
from services.geocoder import Geocoder
from services.helped import Helped
from services.links import Links
from services.metrics import Metrics
from services.settings import Twilio
from services.vitals import Vitals
from streams.channel import Channel
from streams.clock import Clock
from streams.engine import Engine
from streams.feed import Feed
from streams.fix_stream import FixStream
from streams.plan_checks import PlanChecks
from streams.records import Person, Role, Token
from streams.sealing import MasterKey
from streams.spool.intake import Intake
from streams.store import Store

# OWASP's least parameters for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
BODY_LIMIT = 262_144
"""Bytes: a thousand positions at once, with all that a tracker says about each."""


class Pins:
    """Hashes and verifies PINs in one thread of their own, so that nothing else waits for them."""

    def __init__(self, master: MasterKey) -> None:
        self._pepper = master
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="porchlight-pins")
        self._dummy = HASHER.hash(secrets.token_hex())

    async def hash(self, pin: str) -> str:
        """The hash of a PIN, useless without the pepper, which is not in the database."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, HASHER.hash, self._peppered(pin))

    async def verdict(self, person: Person, pin: str) -> Literal["pin", "duress"] | None:
        """Which of the two it is. Both are always verified, so that time tells nothing."""
        loop = asyncio.get_running_loop()
        peppered = self._peppered(pin)
        first = await loop.run_in_executor(self._pool, self._matches, person.pin_hash, peppered)
        second = await loop.run_in_executor(self._pool, self._matches, person.duress_hash, peppered)
        return "pin" if first else "duress" if second else None

    def keyed(self, digest: str) -> bytes:
        """A keyed hash of a hash, under the same key as the PINs' pepper."""
        return self._pepper.index(f"body:{digest}")

    def _matches(self, hashed: str | None, pin: str) -> bool:
        try:
            return HASHER.verify(hashed or self._dummy, pin) and hashed is not None
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _peppered(self, pin: str) -> str:
        return self._pepper.index(f"pin:{pin}").hex()

    def close(self) -> None:
        """Ends the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)


HELPED_AT_MOST, HELPED_WITHIN = 10, timedelta(hours=1)
"""To one number, of what was no digit."""


class Service(msgspec.Struct, kw_only=True):
    """The parts that handlers are given."""

    role: str = "all"
    store: Store
    intake: Intake
    """Where presses, cancels and answers are taken: the store, or what stands in for it."""
    engine: Engine
    clock: Clock
    pins: Pins
    public_url: str
    channels: dict[str, Channel]
    feed: Feed
    links: Links
    metrics: Metrics
    vitals: Vitals
    fixes: FixStream | None = None
    """Where positions go first; the store takes what it does not."""
    stopping: asyncio.Event
    routes: tuple[Any, ...] = ()
    outbox: Outbox | None = None
    plans: PlanChecks
    twilio: Twilio | None = None
    """Whose calls are taken as answers and receipts."""
    geocoder: Geocoder | None = None
    demo_organization: str | None = None
    helped: Helped = msgspec.field(default_factory=lambda: Helped(HELPED_AT_MOST, HELPED_WITHIN))
    """Of which numbers somebody was told lately how to answer."""


SERVICE: web.AppKey[Service] = web.AppKey("service", Service)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, and with which token."""

    token: Token
    hashed: bytes
    cookie: bool = False

    @property
    def actor(self) -> str:
        """Whose idempotency keys these are."""
        return self.token.person or self.token.subject

    def has_role(self, *roles: Role) -> bool:
        """Whether it is staff with one of these roles."""
        return any(role in self.token.roles for role in roles)


def new_id() -> str:
    """A UUIDv7 (RFC 9562), lower-case."""
    return str(uuid_utils.uuid7())


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)
