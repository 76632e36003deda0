"""A town with an agency in it: the whole service over real HTTP, with a clock that jumps and receivers that listen.

Mia is at risk; Ana and Ben are her contacts; Sam and Dana work at the desk; Olga set it all up.
"""

from __future__ import annotations

import asyncio
import ipaddress
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from services.assembly import assemble
from services.commands import administration
from services.process import Assembly
from services.settings import Settings, Smtp
from tests.services.jump_clock import JumpClock
from tests.services.sink import Sink

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
PIN, TWIN = "2580", "7913"
WITHIN = 8.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the service answered."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON of it."""
        return msgspec.json.decode(self.raw)

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        return str(self.body["type"]).removeprefix("/problems/")


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """A phone's tokens."""

    person: str
    device: str
    token: str
    panic: str


class Town:
    """Starts the service in a folder, and speaks to it."""

    def __init__(self, folder: Path, stored: str | None = None) -> None:
        self.folder = folder
        self.clock = JumpClock()
        self.sink = Sink()
        self.settings = Settings(
            data=folder,
            store=stored,
            master_key=b"k" * 32 if stored is not None else None,
            webhook_allow=LOOPBACK,
            public_url="https://porchlight.test",
        )
        self.admin = ""
        self.organization = ""
        self.url = ""
        self.assembly: Assembly
        self._runner: web.AppRunner
        self._http: aiohttp.ClientSession

    async def open(self, *, smtp: Smtp | None = None, alarm: tuple[str, ...] = ()) -> None:
        """The first day."""
        await self.sink.start()
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self.settings = msgspec.structs.replace(self.settings, smtp=smtp, operator_alarm=alarm)
        made = await administration.init(self.settings, "Harbour House")
        self.admin, self.organization = made.admin["token"], made.organization["id"]
        await self.start()

    async def start(self) -> None:
        """Starts the service."""
        self.assembly = await assemble(self.settings, self.clock)
        self._runner = web.AppRunner(self.assembly.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.assembly.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stops the service."""
        self.assembly.service.stopping.set()
        await self._runner.cleanup()
        await self.assembly.stop()

    async def close(self) -> None:
        """The last day."""
        await self.stop()
        await self._http.close()
        await self.sink.stop()

    # Speaking to it
    async def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request as it stands."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        data = raw if raw is not None else msgspec.json.encode(body) if body is not None else None
        async with self._http.request(method, self.url + path, data=data, headers=sent) as answer:
            return Answer(status=answer.status, headers=dict(answer.headers), raw=await answer.read())

    async def get(self, path: str, token: str | None = None) -> Any:
        """A GET that must go well."""
        answer = await self.call("GET", path, token)
        assert answer.status == 200, answer.raw
        return answer.body

    async def post(self, path: str, token: str | None = None, body: Any = None, *, key: str | None = None) -> Any:
        """A POST that must go well."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        answer = await self.call("POST", path, token, {} if body is None else body, headers=headers)
        assert 200 <= answer.status < 300, (answer.status, answer.raw)
        return answer.body if answer.raw else None

    def stream(self, path: str, token: str, headers: dict[str, str] | None = None) -> Any:
        """A response that goes on."""
        return self._http.get(self.url + path, headers={"Authorization": f"Bearer {token}", **(headers or {})})

    # People
    async def agency(self, **fields: Any) -> Any:
        """The agency's own responders and last resort, on webhooks unless said otherwise."""
        body = {
            "name": "Harbour House",
            "dispatch": [self.hook("dispatch")],
            "last_resort": [self.hook("last-resort")],
            "call_back": "555-0100",
            "emergency": [{"label": "Emergency services", "call": "911"}],
            **fields,
        }
        answer = await self.call("PUT", "/v1/organization", self.admin, body)
        assert answer.status == 200, answer.raw
        return answer.body

    def hook(self, name: str) -> dict[str, str]:
        """A webhook method."""
        return {"channel": "webhook", "address": self.sink.url(name)}

    async def person(self, name: str = "Mia Larsen", *, pin: bool = True, **fields: Any) -> str:
        """Somebody at risk; with a PIN and its twin unless said otherwise."""
        pins = {"pin": PIN, "duress_pin": TWIN} if pin else {}
        made = await self.post("/v1/people", self.admin, {"name": name, **pins, **fields})
        return str(made["id"])

    async def contact(self, person: str, name: str, *, confirmed: bool = True, **fields: Any) -> Any:
        """A trusted contact with one webhook of their name."""
        body = {"name": name, "methods": [self.hook(name.lower())], **fields}
        if confirmed:
            body["consent"] = {"how": "in the office"}
        return await self.post(f"/v1/people/{person}/contacts", self.admin, body)

    async def phone(self, person: str) -> Phone:
        """A phone for her."""
        made = await self.post(f"/v1/people/{person}/devices", self.admin, {"name": "phone"})
        return Phone(person=person, device=made["id"], token=made["token"], panic=made["panic_token"])

    async def staff(self, name: str, *roles: str) -> Any:
        """Somebody at the desk."""
        return await self.post("/v1/staff", self.admin, {"name": name, "roles": list(roles or ("dispatcher",))})

    async def policy(self, name: str, **fields: Any) -> None:
        """An escalation policy."""
        answer = await self.call("PUT", f"/v1/policies/{name}", self.admin, {"name": name, **fields})
        assert answer.status == 200, answer.raw

    async def mia(self, **fields: Any) -> Phone:
        """The agency, Mia with Ana and Ben, and her phone."""
        await self.agency()
        person = await self.person(**fields)
        await self.contact(person, "Ana")
        await self.contact(person, "Ben")
        return await self.phone(person)

    # Acts
    async def press(self, phone: Phone, **fields: Any) -> Any:
        """A press, told once all that follows at once has happened."""
        answer = await self.call("POST", "/v1/panic", phone.panic, fields)
        assert answer.status == 202, answer.raw
        await self.settled()
        return answer.body

    async def cancel(self, phone: Phone, pin: str = PIN, **fields: Any) -> Answer:
        """A PIN against the running alarm."""
        answer = await self.call("POST", "/v1/panic/cancel", phone.panic, {"pin": pin, **fields})
        await self.settled()
        return answer

    async def incident(self, identity: str | None = None) -> Any:
        """An incident as the desk sees it; the only live one unless named."""
        if identity is None:
            (row,) = (await self.get("/v1/incidents?state=live", self.admin))["incidents"]
            identity = row["id"]
        return await self.get(f"/v1/incidents/{identity}", self.admin)

    async def live(self) -> list[Any]:
        """The queue."""
        found: list[Any] = (await self.get("/v1/incidents?state=live", self.admin))["incidents"]
        return found

    async def act(self, identity: str, what: str, staff: str | None = None, **body: Any) -> Any:
        """Something that a responder does."""
        done = await self.post(f"/v1/incidents/{identity}/{what}", staff or self.admin, body)
        await self.settled()
        return done

    # Time
    async def wait(self, **span: float) -> None:
        """Lets time pass, in steps, so that each deadline is met when it is due."""
        seconds = span.get("seconds", 0) + 60 * span.get("minutes", 0) + 3600 * span.get("hours", 0)
        until = self.clock.monotonic() + seconds
        while True:
            await self.settled()
            left = until - self.clock.monotonic()
            if left <= 0:
                return
            ahead = await self._next()
            self.clock.jump(seconds=min(left, ahead) if ahead is not None else left)
            self.assembly.engine.look()

    async def until_sent(self, name: str, count: int = 1) -> None:
        """Waits until this receiver has got so many messages."""

        async def got() -> bool:
            return len(self.sink.to(name)) >= count

        await until(got, f"{name} never got anything")

    async def settled(self) -> None:
        """Everything that is due now has been done."""
        await until(self._quiet, "the engine never came to rest")

    async def _quiet(self) -> bool:
        now, store = self.clock.now(), self.assembly.store
        waiting = await store.read(lambda tx: tx.waiting(1))
        timer = await store.read(lambda tx: tx.next_due())
        delivery = await store.read(lambda tx: tx.next_delivery_due())
        due = [at for at in (timer, delivery) if at is not None and at <= now]
        return not waiting and not due and not self.assembly.engine.busy

    async def _next(self) -> float | None:
        store, now = self.assembly.store, self.clock.now()
        times = [await store.read(lambda tx: tx.next_due()), await store.read(lambda tx: tx.next_delivery_due())]
        ahead = [(at - now).total_seconds() for at in times if at is not None]
        return max(0.0, min(ahead)) if ahead else None


async def until(condition: Callable[[], Any], otherwise: str, within: float = WITHIN) -> None:
    """Waits for a condition, with a limit."""
    deadline = asyncio.get_running_loop().time() + within
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, otherwise
        await asyncio.sleep(0.003)
