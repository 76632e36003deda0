"""The service as a process of its own, with a town of any size in it.

    python -m tests.bench.server PLAN.json

Prints one line of JSON when it listens: the administrator's token and, in order, each person's panic token.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from alerts.geography import Circle, Point, Polygon
from alerts.policy_text import read_policy
from alerts.policy_writing import write_policy
from alerts.signals import CheckInPlanned
from alerts.track import WatchedZone
from services.assembly import assemble, clock_for
from services.clock import SystemClock
from services.commands import administration
from services.commands.serve import REQUESTS_END_WITHIN, listen, run_loop, tune
from services.process import Assembly
from services.service_log import set_up_log
from services.settings import Settings, read_settings
from services.web.service import new_id, new_token
from streams.processor import handle
from streams.records import Contact, Device, Method, Organization, Person, PolicyText, Token
from streams.sealing import token_hash
from streams.store import Transaction

POLICY = "name: bench\ncancel_window: 0s\nsteps:\n  - after: 0s\n    notify: [contacts]\n"
AT_ONCE = 250
SLICE = 64


class Seeded(msgspec.Struct, kw_only=True):
    """What the load needs to know. `plans`: check-ins planned a second; `start_up`: seconds until it listens."""

    port: int
    pid: int
    admin: str
    panic: list[str]
    device: list[str]
    plans: float = 0.0
    start_up: float = 0.0


class Plan(msgspec.Struct, kw_only=True):
    """What to seed. `due` is when everybody's check-in is due; `more` are people without one.

    `apart`: each contact has a path of its own. `provider`: texts come first, by this one.

    With `anew` the process begins again when it has seeded, knowing nothing.
    """

    data: str
    sink: str
    store: str | None = None
    people: int = 0
    zones: int = 0
    contacts: int = 1
    engine: bool = True
    due: datetime | None = None
    more: int = 0
    anew: bool = False
    apart: bool = False
    provider: str | None = None
    seeded: Seeded | None = None
    cpu: int | None = None


async def seed(assembly: Assembly, agency: str, plan: Plan) -> tuple[list[str], list[str]]:
    """People with a phone and contacts; PINs are left out, since hashing them is slow on purpose."""
    store = assembly.store
    policy = write_policy(read_policy(POLICY, name="bench"))

    async def prepare(tx: Transaction) -> None:
        await tx.put(PolicyText(id=new_id(), organization=agency, name="bench", document=policy))
        found = await tx.get(Organization, agency, agency)
        assert found is not None
        last = Method(id=new_id(), channel="webhook", address=f"{plan.sink}/last")
        await tx.put(msgspec.structs.replace(found, last_resort=(last,)))

    await store.write(prepare)
    panics, devices = [], []
    everybody = plan.people + plan.more
    for start in range(0, everybody, AT_ONCE):
        numbers = range(start, min(everybody, start + AT_ONCE))
        tokens = [(new_token(), new_token()) for _ in numbers]

        async def add(tx: Transaction, numbers: range = numbers, tokens: Any = tokens) -> None:
            for number, pair in zip(numbers, tokens, strict=True):
                await _person(tx, agency, number, pair, plan)

        await store.write(add)
        panics += [panic for panic, _ in tokens]
        devices += [device for _, device in tokens]
    return panics, devices


def _zone(number: int) -> WatchedZone:
    """Every other one is drawn by hand; the first is where she walks past, the others are elsewhere in town."""
    latitude, longitude = 41.89 + number / 20, -87.632
    center = Point(latitude, longitude)
    if number % 2 == 0:
        return WatchedZone(id=new_id(), kind="exclusion", shape=Circle(center=center, radius_m=200))
    corners = [
        Point(latitude + 0.01 * math.sin(2 * math.pi * k / 12), longitude + 0.01 * math.cos(2 * math.pi * k / 12))
        for k in range(12)
    ]
    return WatchedZone(id=new_id(), kind="safe", shape=Polygon(corners=tuple(corners)))


async def _person(tx: Transaction, agency: str, number: int, tokens: tuple[str, str], plan: Plan) -> None:
    person = Person(id=new_id(), organization=agency, name=f"Person {number}", policy="bench")
    await tx.put(person)
    device = Device(id=new_id(), organization=agency, person=person.id, name="phone")
    await tx.put(device)
    token = Token(kind="panic", organization=agency, subject=device.id, person=person.id)
    await tx.put_token(token_hash(tokens[0]), token)
    await tx.put_token(token_hash(tokens[1]), msgspec.structs.replace(token, kind="device"))
    await tx.save_watched(agency, person.id, tuple(_zone(at) for at in range(plan.zones)))
    for order in range(1, plan.contacts + 1):
        method = Method(
            id=new_id(),
            channel="webhook",
            address=f"{plan.sink}/{number}/{order}" if plan.apart else f"{plan.sink}/{number}",
            secret="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        )
        contact = Contact(
            id=new_id(),
            organization=agency,
            person=person.id,
            name=f"Contact {order}",
            order=order,
            methods=(method,) if plan.provider is None else (_text(number), method),
            consent="confirmed",
        )
        await tx.put(contact)
    if plan.due is not None and not plan.anew:
        await tx.put_mail(agency, person.id, 2, _planned(person.id, plan.due))
        await handle(tx, [(agency, person.id)], SystemClock().now(), claim=False)


def _text(number: int) -> Method:
    """A number that can take texts."""
    return Method(id=new_id(), channel="sms", address=f"+1312555{number:04}")


def _planned(person: str, due: datetime) -> CheckInPlanned:
    now = SystemClock().now()
    identity = new_id()
    return CheckInPlanned(
        id=identity,
        person=person,
        at=now,
        received_at=now,
        check_in=identity,
        due_at=due,
        grace_ms=0,
        remind_ms=(),
        extend_at_most_ms=0,
        ask_again_ms=0,
    )


def in_seconds(seconds: float) -> datetime:
    """An instant ahead."""
    return SystemClock().now() + timedelta(seconds=seconds)


async def _plan_all(assembly: Assembly, agency: str, people: list[str], due: datetime) -> float:
    """Plans a check-in for each of these; how many a second."""
    began = time.perf_counter()
    for start in range(0, len(people), SLICE):
        some = people[start : start + SLICE]

        async def work(tx: Transaction, some: list[str] = some) -> None:
            for person in some:
                await tx.put_mail(agency, person, 2, _planned(person, due))
            await handle(tx, [(agency, person) for person in some], SystemClock().now(), claim=False)

        await assembly.store.write(work)
    return len(people) / (time.perf_counter() - began)


async def _seed_and_begin_anew(plan: Plan) -> None:
    """Nothing of what seeding left in memory is measured."""
    settings = _settings(plan)
    made = await administration.init(settings, "Bench")
    assembly = await assemble(settings, clock_for(settings))
    agency = made.organization["id"]
    panics, devices = await seed(assembly, agency, plan)
    people = [row[1].id for row in await _all_people(assembly, agency)][: plan.people]
    due = plan.due or in_seconds(86_400)
    rate = await _plan_all(assembly, agency, people if plan.due is not None else people[:0], due)
    await assembly.store.close()
    plan.seeded = Seeded(port=0, pid=0, admin=made.admin["token"], panic=panics, device=devices, plans=rate)


async def _all_people(assembly: Assembly, agency: str) -> list[tuple[int, Person]]:
    found: list[tuple[int, Person]] = []

    async def more(tx: Transaction) -> list[tuple[int, Person]]:
        return await tx.listed(Person, agency, after=found[-1][0] if found else 0, limit=5_000)

    while some := await assembly.store.read(more):
        found += some
    return found


def _settings(plan: Plan) -> Settings:
    given = {"PORCHLIGHT_DATA": plan.data, "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8"}
    if plan.store is not None:
        given |= {"PORCHLIGHT_STORE": plan.store, "PORCHLIGHT_MASTER_KEY": "00" * 32}
    if plan.provider is not None:
        account = {"ACCOUNT": f"AC{0:032x}", "TOKEN": "bench", "FROM": "+13125550100", "URL": plan.provider}
        given |= {f"PORCHLIGHT_TWILIO_{name}": value for name, value in account.items()}
        given["PORCHLIGHT_PUBLIC_URL"] = "https://bench.test"
    return read_settings(given)


async def serve(plan: Plan) -> None:
    """Seeds, listens, says so, and runs until it is ended."""
    from aiohttp import web  # noqa: PLC0415 - after uvloop is in place

    settings = _settings(plan)
    began = time.perf_counter()
    made = await administration.init(settings, "Bench") if plan.seeded is None else None
    opened, settings = listen(msgspec.structs.replace(settings, port=0))
    assembly = await assemble(settings, clock_for(settings))
    if made is not None:
        panics, devices = await seed(assembly, made.organization["id"], plan)
        seeded = Seeded(port=0, pid=0, admin=made.admin["token"], panic=panics, device=devices)
    else:
        assert plan.seeded is not None
        seeded = plan.seeded
    runner = web.AppRunner(assembly.app, access_log=None, shutdown_timeout=REQUESTS_END_WITHIN)
    await runner.setup()
    tune()
    if plan.engine:
        assembly.start()
    await web.SockSite(runner, opened, backlog=1024).start()
    seeded.port, seeded.pid, seeded.start_up = settings.port, os.getpid(), time.perf_counter() - began
    print(msgspec.json.encode(seeded).decode(), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Reads the plan and serves."""
    set_up_log("json")
    path = Path(sys.argv[1])
    plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    if plan.anew and plan.seeded is None:
        run_loop(_seed_and_begin_anew(plan))
        path.write_bytes(msgspec.json.encode(plan))
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench.server", str(path)])
    run_loop(serve(plan))


if __name__ == "__main__":
    main()
