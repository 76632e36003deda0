"""People with browsers: a phone in a hand, a screen on a desk."""

from __future__ import annotations

import os
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from alerts.schedule import DAY_NAMES, Rule, Terms
from alerts.signals import CheckInPlanned, ScheduleSet, Signal, ZoneSet
from alerts.zone_rule import ZoneRule
from services.assembly import assemble
from services.clock import SystemClock
from services.commands.demo import furnish
from services.process import Assembly
from services.settings import Settings
from services.web.service import new_id, new_token
from streams.records import Device, Person, Role, Schedule, Staff, Token
from streams.sealing import token_hash
from streams.store import Transaction

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
EXPECTED = ("404 (Not Found)", "401 (Unauthorized)", "403 (Forbidden)", "422 (Unprocessable Entity)")
"""Chromium logs every answer that is no success; these are part of the plan."""


class Demo:
    """The demo on a port of its own, by the machine's clock."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(data=folder, public_url="http://127.0.0.1")
        self._port = 0
        self._assembly: Assembly
        self._runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Starts it, the second time on the same port."""
        self._assembly = await assemble(self._settings, SystemClock(), demo=True)
        self._assembly.service.demo_organization = await furnish(self._assembly)
        self._runner = web.AppRunner(self._assembly.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self._assembly.start()

    async def stop(self) -> None:
        """Stops it."""
        self._assembly.service.stopping.set()
        await self._runner.cleanup()
        await self._assembly.stop()

    async def _mia(self) -> Person:
        people = await self._assembly.store.read(lambda tx: tx.listed(Person, self._organization()))
        found: Person = next(person for _, person in people if person.name == "Mia Larsen")
        return found

    def _organization(self) -> str:
        organization = self._assembly.service.demo_organization
        assert organization is not None
        return organization

    async def _decide(self, person: str, *signals: Signal) -> None:
        for signal in signals:
            await self._assembly.engine.decide_now(self._organization(), person, signal)

    async def expects_mia_at_home(self) -> None:
        """Staff expect her at home at all hours, and ask her every evening; nobody knows where she is."""
        mia, now = await self._mia(), SystemClock().now()
        rule = ZoneRule(id=new_id(), kind="safe", zone="America/Chicago", expected=True, wait_ms=600_000)
        terms = Terms(id=new_id(), name="In the evening", rule=Rule(days=DAY_NAMES, at=(time(21),)),
                      zone="America/Chicago", made_at=now)  # fmt: skip
        schedule = Schedule(id=terms.id, organization=self._organization(), person=mia.id, terms=terms)
        await self._assembly.store.write(lambda tx: tx.put(schedule))
        common: dict[str, Any] = {"person": mia.id, "at": now, "received_at": now}
        await self._decide(
            mia.id,
            ZoneSet(**common, id=new_id(), rule=rule, redrawn=True),
            ScheduleSet(**common, id=new_id(), terms=terms),
        )

    async def was_away(self, *, people: int) -> None:
        """So many people's check-ins came due while nobody was at work."""
        now = SystemClock().now()
        for number in range(people):
            person = Person(id=new_id(), organization=self._organization(), name=f"Lia {number}", policy="demo")

            async def add(tx: Transaction, person: Person = person) -> None:
                await tx.put(person)

            await self._assembly.store.write(add)
            planned = CheckInPlanned(
                id=new_id(), person=person.id, at=now, received_at=now, check_in=new_id(),
                due_at=now - timedelta(minutes=40), grace_ms=0, remind_ms=(), extend_at_most_ms=0, ask_again_ms=120_000,
            )  # fmt: skip
            await self._decide(person.id, planned)
        self._assembly.engine.look()

    async def employs(self, name: str, role: Role) -> str:
        """Somebody with this role alone; their token."""
        token, agency = new_token(), self._organization()
        staff = Staff(id=new_id(), organization=agency, name=name, roles=(role,))

        async def add(tx: Transaction) -> None:
            await tx.put(staff)
            known = Token(kind="staff", organization=agency, subject=staff.id, roles=staff.roles, name=name)
            await tx.put_token(token_hash(token), known)

        await self._assembly.store.write(add)
        return token

    async def looks_after(self, *names: str, time_zone: str = "UTC") -> list[str]:
        """People of these names, who live there; their ids."""
        people = [Person(id=new_id(), organization=self._organization(), name=n, time_zone=time_zone) for n in names]

        async def add(tx: Transaction) -> None:
            for person in people:
                await tx.put(person)

        await self._assembly.store.write(add)
        return [person.id for person in people]

    async def ping_path(self) -> str:
        """The address that completes Lia's check-in; she has no PIN."""
        now, key = SystemClock().now(), new_token()
        person = Person(id=new_id(), organization=self._organization(), name="Lia", policy="demo")
        device = Device(id=new_id(), organization=self._organization(), person=person.id, name="bookmark")

        async def add(tx: Transaction) -> None:
            await tx.put(person)
            await tx.put(device)
            token = Token(kind="ping", organization=person.organization, subject=device.id, person=person.id)
            await tx.put_token(token_hash(key), token)

        await self._assembly.store.write(add)
        planned = CheckInPlanned(
            id=new_id(), person=person.id, at=now, received_at=now, check_in=new_id(),
            due_at=now + timedelta(minutes=40), grace_ms=0, remind_ms=(), extend_at_most_ms=0, ask_again_ms=0,
        )  # fmt: skip
        await self._decide(person.id, planned)
        return f"/ping/{key}"


class Visitors:
    """Opens pages for people, and remembers what their browsers complained of."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser = browser
        self.demo = demo
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def leave(self) -> None:
        """Everybody closes their browser."""
        for context in self._contexts:
            await context.close()

    async def links(self) -> dict[str, str]:
        """The demo's links by kind, phones with their owner's name."""
        context = await self._browser.new_context()
        answer = await context.request.get(f"{self.demo.url}/v1/demo")
        found = (await answer.json())["links"]
        await context.close()
        return {link["name"] if link["kind"] == "phone" else link["kind"]: link["url"] for link in found}

    async def open(
        self, path: str, size: dict[str, int], *, language: str = "en", dark: bool = False, **more: Any
    ) -> Page:
        """A page in a browser of its own."""
        context = await self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            locale=language,
            color_scheme="dark" if dark else "light",
            **more,
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(self.demo.url + path)
        return page

    async def phone(self, name: str = "Mia", **more: Any) -> Page:
        """Somebody's phone, enrolled."""
        page = await self.open((await self.links())[name], PHONE, **more)
        await expect(page.get_by_test_id("press")).to_be_visible()
        return page

    async def desk(self, **more: Any) -> Page:
        """The dispatcher's screen, signed in."""
        page = await self.open((await self.links())["desk"], DESK, **more)
        await expect(page.get_by_test_id("workspace")).to_be_visible()
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(known in message.text for known in EXPECTED):
            self.complaints.append(message.text)


async def hold(page: Page) -> None:
    """Holds the button until the ring is full."""
    box = await page.get_by_test_id("press").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await expect(page.get_by_test_id("under-way")).to_be_visible(timeout=10_000)
    await page.mouse.up()


async def enter_pin(page: Page, pin: str) -> None:
    """Types a PIN on the pad."""
    for digit in pin:
        await page.get_by_test_id(f"pin-key-{digit}").click()
    await page.get_by_test_id("pin-submit").click()


async def examine(page: Page, name: str) -> None:
    """Axe finds nothing; a picture is kept where `PORCHLIGHT_SHOTS` names a folder."""
    await settle(page)
    folder = os.environ.get("SHOTS")
    if folder:
        await page.screenshot(path=str(Path(folder) / f"{name}.png"))
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


async def settle(page: Page) -> None:
    """Waits for fades to end, which axe would take for pale text; what pulses for as long as it is there never ends."""
    await page.evaluate(
        "Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().iterations !== Infinity)"
        ".map(a => a.finished.catch(() => null)))"
    )
