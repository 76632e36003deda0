"""The service as a process of its own, with a town of any size in it.

    python -m tests.bench.server PLAN.json

Prints one line of JSON when it listens: the administrator's token and, in order, each person's panic token.
"""

from __future__ import annotations

import asyncio
import math
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from alerts.geography import Circle, Point, Polygon
from alerts.policy_text import read_policy, write_policy
from alerts.signals import CheckInPlanned
from alerts.track import WatchedZone
from services.assembly import assemble, clock_for
from services.clock import SystemClock
from services.commands import administration
from services.commands.serve import REQUESTS_END_WITHIN, listen, run_loop, tune
from services.process import Assembly
from services.service_log import set_up_log
from services.settings import read_settings
from services.web.service import new_id, new_token
from streams.processor import handle
from streams.records import Contact, Device, Method, Organization, Person, PolicyText, Token
from streams.sealing import token_hash
from streams.store import Transaction

POLICY = "name: bench\ncancel_window: 0s\nsteps:\n  - after: 0s\n    notify: [contacts]\n"
AT_ONCE = 250


class Plan(msgspec.Struct, kw_only=True):
    """What to seed. `due` is when everybody's check-in is due."""

    data: str
    sink: str
    store: str | None = None
    people: int = 0
    zones: int = 0
    contacts: int = 1
    engine: bool = True
    due: datetime | None = None
    cpu: int | None = None


class Seeded(msgspec.Struct, kw_only=True):
    """What the load needs to know."""

    port: int
    pid: int
    admin: str
    panic: list[str]
    device: list[str]


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
    for start in range(0, plan.people, AT_ONCE):
        numbers = range(start, min(plan.people, start + AT_ONCE))
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
            address=f"{plan.sink}/{number}",
            secret="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        )
        contact = Contact(
            id=new_id(),
            organization=agency,
            person=person.id,
            name=f"Contact {order}",
            order=order,
            methods=(method,),
            consent="confirmed",
        )
        await tx.put(contact)
    if plan.due is not None:
        await _check_in(tx, agency, person.id, plan.due)


async def _check_in(tx: Transaction, agency: str, person: str, due: datetime) -> None:
    now = SystemClock().now()
    identity = new_id()
    signal = CheckInPlanned(
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
    await tx.put_mail(agency, person, 2, signal)
    await handle(tx, [(agency, person)], now, claim=False)


async def serve(plan: Plan) -> None:
    """Seeds, listens, says so, and runs until it is ended."""
    from aiohttp import web  # noqa: PLC0415 - after uvloop is in place

    given = {"PORCHLIGHT_DATA": plan.data, "PORCHLIGHT_WEBHOOK_ALLOW": "127.0.0.0/8"}
    if plan.store is not None:
        given |= {"PORCHLIGHT_STORE": plan.store, "PORCHLIGHT_MASTER_KEY": "00" * 32}
    settings = read_settings(given)
    made = await administration.init(settings, "Bench")
    opened, settings = listen(msgspec.structs.replace(settings, port=0))
    assembly = await assemble(settings, clock_for(settings))
    panics, devices = await seed(assembly, made.organization["id"], plan)
    runner = web.AppRunner(assembly.app, access_log=None, shutdown_timeout=REQUESTS_END_WITHIN)
    await runner.setup()
    tune()
    if plan.engine:
        assembly.start()
    await web.SockSite(runner, opened, backlog=1024).start()
    import os  # noqa: PLC0415 - this is the only place that needs it

    seeded = Seeded(port=settings.port, pid=os.getpid(), admin=made.admin["token"], panic=panics, device=devices)
    print(msgspec.json.encode(seeded).decode(), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Reads the plan and serves."""
    set_up_log("json")
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    run_loop(serve(plan))


if __name__ == "__main__":
    main()


def in_seconds(seconds: float) -> datetime:
    """An instant ahead."""
    return SystemClock().now() + timedelta(seconds=seconds)
