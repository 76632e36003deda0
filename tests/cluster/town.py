"""The town on many machines: a running cluster, receivers that listen, and phones that do not give up.

Nothing is faked here and time is real, so windows and graces are short, and every wait is for a condition.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import secrets
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec
from aiohttp import web

from services.settings import parse_key
from streams.sealing import MasterKey
from tests.cluster.cluster import KEY, ROLES, Cluster, Member
from tests.cluster.feed_reader import FeedReader
from tests.cluster.program import tail
from tests.services.sink import Received, Sink
from tests.services.town import PIN, TWIN, Answer

WITHIN = 30.0
"""Seconds in which whatever is to happen has happened, on a machine that is busy with other things too."""

FIGURE = re.compile(r"^porchlight_(\S+) (\S+)$", re.MULTILINE)
DUE = """
    WITH now AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at)
    SELECT (SELECT count(*) FROM deliveries, now WHERE state = 'sending' OR (state = 'queued' AND due_at <= at))
        + (SELECT count(*) FROM timers, now WHERE due_at <= at)
        + (SELECT count(*) FROM inbox WHERE handled_at IS NULL)
"""
AT_ONCE = 8
TRY_AT_MOST = 6.0
TRY_AGAIN_AFTER = 0.1
AT_ONCE_POLICY = {
    "name": "at-once",
    "cancel_window": "0s",
    "steps": [{"after": "0s", "notify": ["dispatch", "contacts"]}],
    "check_in": {"grace": "0s", "remind": [], "after_outage": {"ask_again": "0s"}},
}


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """A phone's tokens, and whom its person has told of her."""

    person: str
    device: str
    token: str
    panic: str
    tells: tuple[str, ...]
    """The receivers of her contacts."""


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """A press that was answered, as its phone knows it."""

    phone: Phone
    id: str
    body: Any
    api: int
    """Which API process it was that answered."""
    tries: int
    seconds: float
    """From the touch to the answer."""
    at: float
    """When it was answered, by the loop's clock."""

    @property
    def incident(self) -> str:
        """The incident as her phone knows it."""
        return str(self.body["incident"])


class SlowSink(Sink):
    """A receiver that has a message at once, and says so only after `delay` seconds."""

    delay = 0.0

    async def _take(self, request: web.Request) -> web.Response:
        answer = await super()._take(request)
        await asyncio.sleep(self.delay)
        return answer


class ClusterTown:
    """Starts a cluster, with an agency in it, and speaks to it. Raises `Missing`."""

    def __init__(self, *, brokers: int = 1, roles: Mapping[str, int] = ROLES) -> None:
        key = secrets.token_hex(32)
        self.master = MasterKey(parse_key(key, KEY))
        ours = {KEY: key, "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8", "PORCHLIGHT_LOG_FORMAT": "json"}
        self.cluster = Cluster(brokers=brokers, roles=roles, environment={**os.environ, **ours})
        self.sink = SlowSink()
        self._http: aiohttp.ClientSession | None = None
        self._made = 0

    async def start(self) -> None:
        """The first day: an agency whose dispatch listens, and a plan that tells everybody at once."""
        await self.sink.start()
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=TRY_AT_MOST)
        )
        await self.cluster.start()
        agency = {
            "name": "Harbour House",
            "dispatch": [self._hook("dispatch")],
            "last_resort": [self._hook("last-resort")],
            "call_back": "555-0100",
        }
        for path, body in (("/v1/organization", agency), ("/v1/policies/at-once", AT_ONCE_POLICY)):
            answer = await self.call("PUT", path, self.admin, body)
            assert answer.status == 200, answer.raw

    async def close(self) -> None:
        """The last day."""
        try:
            await self.cluster.close()
        finally:
            if self._http is not None:
                await self._http.close()
            await self.sink.stop()

    @property
    def admin(self) -> str:
        """The administrator's token."""
        return self.cluster.admin

    def member(self, role: str, number: int = 0) -> Member:
        """One of the processes."""
        return self.cluster.members[role][number]

    @asynccontextmanager
    async def one_more(self, role: str, environment: Mapping[str, str] = {}) -> AsyncIterator[Member]:
        """Another process of this role, for a while, with settings of its own."""
        members = self.cluster.members[role]
        added = self.cluster.add(role, environment)
        try:
            await added.start()
            yield added
        finally:
            members.remove(added)
            await added.stop()

    # Speaking to it
    async def call(
        self,
        method: str,
        path: str,
        token: str,
        body: Any = None,
        *,
        api: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request as it stands, to one of the API processes: the first that runs, unless said otherwise.

        Raises what a phone without a connection sees.
        """
        assert self._http is not None
        if api is None:
            api = next(number for number, member in enumerate(self.cluster.members["api"]) if member.program.running)
        data = msgspec.json.encode(body) if body is not None else None
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        async with self._http.request(method, self.cluster.api[api] + path, data=data, headers=sent) as answer:
            return Answer(status=answer.status, headers=dict(answer.headers), raw=await answer.read())

    async def get(self, path: str, token: str | None = None, *, api: int | None = None) -> Any:
        """A GET that must go well."""
        answer = await self.call("GET", path, token or self.admin, api=api)
        assert answer.status == 200, (path, answer.status, answer.raw)
        return answer.body

    async def post(self, path: str, token: str | None = None, body: Any = None, *, api: int | None = None) -> Any:
        """A POST that must go well."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = await self.call("POST", path, token or self.admin, body or {}, api=api, headers=headers)
        assert 200 <= answer.status < 300, (path, answer.status, answer.raw)
        return answer.body if answer.raw else None

    def feed(self, *, api: int = 0, token: str | None = None, after: str | None = None) -> FeedReader:
        """The console of somebody at the desk, connected to one of the API processes: `async with`."""
        return FeedReader(self.cluster.api[api], token or self.admin, after)

    # People
    async def phone(
        self, *, contacts: Iterable[str] = ("ana",), pin: bool = False, window: float | None = None
    ) -> Phone:
        """Somebody at risk, her contacts, her phone. Without a PIN there is no window: everybody is told at once."""
        number = self._made = self._made + 1
        pins = {"pin": PIN, "duress_pin": TWIN} if pin else {}
        own = {"cancel_window": window} if window is not None else {}
        person = await self.post("/v1/people", body={"name": f"Mia {number}", "policy": "at-once", **pins, **own})
        tells = tuple(f"{name}-{number}" for name in contacts)
        for name in tells:
            contact = {"name": name, "methods": [self._hook(name)], "consent": {"how": "in the office"}}
            await self.post(f"/v1/people/{person['id']}/contacts", body=contact)
        made = await self.post(f"/v1/people/{person['id']}/devices", body={"name": "phone"})
        return Phone(
            person=person["id"], device=made["id"], token=made["token"], panic=made["panic_token"], tells=tells
        )

    async def phones(self, count: int, **fields: Any) -> list[Phone]:
        """So many people with a phone each."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one() -> Phone:
            async with limit:
                return await self.phone(**fields)

        return list(await asyncio.gather(*(one() for _ in range(count))))

    async def staff(self, name: str, *roles: str) -> str:
        """The token of somebody at the desk."""
        made = await self.post("/v1/staff", body={"name": name, "roles": list(roles or ("dispatcher",))})
        return str(made["token"])

    # Acts
    async def press(self, phone: Phone, *, api: int = 0, only: bool = False, **fields: Any) -> Pressed:
        """A press. A phone that gets no answer sends it again under the same id, to whichever process answers.

        With `only` it stays with the one it began with.
        """
        key, began, tries = fields.pop("id", None) or str(uuid.uuid4()), self.clock(), 0
        while True:
            tries += 1
            answer = await self._try("/v1/panic", phone.panic, {"id": key, **fields}, api)
            if answer is not None and answer.status == 202:
                at = self.clock()
                return Pressed(phone=phone, id=key, body=answer.body, api=api, tries=tries, seconds=at - began, at=at)
            assert self.clock() - began < WITHIN, "a press was not answered"
            if not only:
                api = (api + 1) % len(self.cluster.api)
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def cancel(self, phone: Phone, pin: str = PIN, *, api: int = 0, **fields: Any) -> Answer:
        """A PIN against the running alarm; sent again, as it was, until it is answered."""
        key, began = str(uuid.uuid4()), self.clock()
        while True:
            answer = await self._try("/v1/panic/cancel", phone.panic, {"id": key, "pin": pin, **fields}, api)
            if answer is not None:
                return answer
            assert self.clock() - began < WITHIN, "a PIN was not answered"
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def check_in(self, phone: Phone, *, seconds: float, api: int | None = None, **fields: Any) -> Any:
        """She will be heard of by then; without grace or reminder unless said otherwise."""
        due_at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        body = {"due_at": due_at, "grace_seconds": 0, "remind_seconds": 0, **fields}
        return await self.post("/v1/check-ins", phone.token, body, api=api)

    def here(self) -> dict[str, Any]:
        """A position, now."""
        return {"latitude": 41.8818, "longitude": -87.63, "at": datetime.now(UTC).isoformat()}

    async def act(
        self, incident: str, what: str, token: str | None = None, *, api: int | None = None, **body: Any
    ) -> Any:
        """Something that a responder does, and that goes well."""
        return await self.post(f"/v1/incidents/{incident}/{what}", token, body, api=api)

    async def incident(self, identity: str, *, api: int | None = None) -> Any:
        """An incident as the desk sees it, by its id or an alias. A press is there once it was decided: soon."""

        async def decided() -> bool:
            return (await self.call("GET", f"/v1/incidents/{identity}", self.admin, api=api)).status != 404

        await until(decided, "there is no such incident")
        return await self.get(f"/v1/incidents/{identity}", api=api)

    async def live_of(self, phone: Phone, *, api: int | None = None) -> list[Any]:
        """What of hers is in the queue. There are never more than a few hundred incidents in this town."""
        rows: list[Any] = []
        page: Any = {"next": ""}
        while page["next"] is not None:
            after = f"&after={page['next']}" if page["next"] else ""
            page = await self.get(f"/v1/incidents?state=live&limit=200{after}", api=api)
            rows += [row for row in page["incidents"] if row["person"]["id"] == phone.person]
        return rows

    # Looking on
    def clock(self) -> float:
        """Seconds, by the loop that the tests run on."""
        return asyncio.get_running_loop().time()

    def purposes(self, phone: Phone) -> list[str]:
        """What her contacts have received messages for, one after the other."""
        return [purpose for name in phone.tells for purpose in self.sink.purposes(name)]

    def received(self, incident: str) -> list[Received]:
        """Every message about an incident."""
        return [one for one in self.sink.received if one.json["data"]["incident"] == incident]

    async def has_received(self, count: int) -> None:
        """Waits until so many messages came, to whomever."""
        await until(lambda: len(self.sink.received) >= count, "nobody is told", every=0.002)

    async def told(self, *phones: Phone, within: float = WITHIN) -> float:
        """Waits until every contact of these was told; the seconds that it took."""
        began = self.clock()
        names = [name for phone in phones for name in phone.tells]
        await until(lambda: all(self.sink.to(name) for name in names), "somebody was never told", within, 0.005)
        return self.clock() - began

    async def figures(self, member: Member) -> dict[str, float]:
        """The figures of one process: `store_up`, `waiting{what="mail_waiting"}`. Empty while it does not answer."""
        assert self._http is not None
        try:
            async with self._http.get(f"{member.url}/metrics") as answer:
                return {name: float(value) for name, value in FIGURE.findall(await answer.text())}
        except (aiohttp.ClientError, TimeoutError):
            return {}

    async def figure(self, member: Member, name: str) -> float | None:
        """One of them; None while it does not answer, or has no such figure."""
        return (await self.figures(member)).get(name)

    async def at_rest(self, within: float = WITHIN) -> None:
        """Waits until nothing is waiting anywhere: no mail, timer or delivery in the store, nothing in a spool."""
        await until(self._rests, "something waits that should have been done", within, 0.2)

    async def copied(self) -> None:
        """Waits until every spool's copy of what the store holds has caught up."""
        (row,) = await self.rows("SELECT coalesce(max(position), 0) FROM changes")

        def caught_up() -> bool:
            return all(position(member.data / "spool") >= row[0] for member in self.cluster.members["api"])

        await until(caught_up, "a spool's copy never caught up")

    async def passed(self, instant: str) -> None:
        """Waits until it is later than that."""
        await until(lambda: datetime.now(UTC) > datetime.fromisoformat(instant), "it never got that late")

    async def problems(self) -> list[str]:
        """Whatever is not as it should be in any process, by its own word."""
        assert self._http is not None
        found = []
        for members in self.cluster.members.values():
            for member in members:
                async with self._http.get(f"{member.url}/readyz") as answer:
                    found += [f"{member.program.name}: {problem}" for problem in (await answer.json())["problems"]]
        return found

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        """What the store says, behind everybody's back."""
        connection = await asyncpg.connect(self.cluster.postgres.url("porchlight"))
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def heal(self) -> None:
        """Whatever a test has ended runs again, and each process finds that all is well."""
        if not self.cluster.postgres.program.running:
            await self.cluster.postgres.start()
        down = [number for number, node in enumerate(self.cluster.kafka.nodes) if not node.running]
        if down:
            await self.cluster.kafka.start(*down)
        members = [member for members in self.cluster.members.values() for member in members]
        await asyncio.gather(*(member.start() for member in members if not member.program.running))
        await until(self._all_well, "the cluster never recovered", WITHIN, 0.1)

    async def _all_well(self) -> bool:
        try:
            return not await self.problems() and await self._shared_out()
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _shared_out(self) -> bool:
        """Every partition of `signals` and `locations` is read by somebody."""
        read = [await self.figure(member, "stream_partitions") for member in self.cluster.members.get("worker", [])]
        return sum(partitions or 0 for partitions in read) == 24 + 32

    async def _rests(self) -> bool:
        members = self.cluster.members
        lookers = [m for role in ("worker", "scheduler") for m in members.get(role, []) if m.program.running]
        figures = await self.figures(lookers[0])
        waiting = [value for name, value in figures.items() if name.startswith("waiting{")]
        spooled = [await self.figure(member, "spooled") for member in members["api"] if member.program.running]
        if figures.get("store_up") != 1 or len(waiting) != 4 or any(waiting) or any(spooled):
            return False
        # The figures say what was late when a process last looked; what is under way now is not at rest either.
        (row,) = await self.rows(DUE)
        return not row[0]

    async def _try(self, path: str, token: str, body: Any, api: int) -> Answer | None:
        """None where a phone tries again: nobody there, cut off, or not now."""
        try:
            answer = await self.call("POST", path, token, body, api=api)
        except (aiohttp.ClientError, TimeoutError):
            return None
        said = tail(self.cluster.members["api"][api].program.log) if answer.status == 500 else ""
        assert answer.status in {200, 202, 403, 503}, (answer.status, answer.raw, said)
        return None if answer.status == 503 else answer

    def _hook(self, name: str) -> dict[str, str]:
        return {"channel": "webhook", "address": self.sink.url(name)}


def position(spool: Path) -> int:
    """How far the copy in a spool's folder has come."""
    connection = sqlite3.connect(f"file:{spool / 'porchlight.db'}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT position FROM mirror").fetchone()
        return 0 if row is None else int(row[0])
    finally:
        connection.close()


async def until(condition: Callable[[], Any], otherwise: str, within: float = WITHIN, every: float = 0.05) -> None:
    """Waits for a condition, with a limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        found = condition()
        if await found if inspect.isawaitable(found) else found:
            return
        assert loop.time() < deadline, otherwise
        await asyncio.sleep(every)
