"""`doctor`: looks at everything that must be right, and says what to do where it is not."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiosmtplib
import msgspec

from services.assembly import clock_for, open_store
from services.bad_setting import BadSetting
from services.channels.smtp import SmtpChannel
from services.clock import SystemClock
from services.operator_alarm import OperatorAlarm
from services.settings import LOOPBACK_NAMES, Settings, check_listening
from streams.kafka.connection import Broker, Unreachable
from streams.kafka.topics import TOPICS, Undeclared, expect
from streams.records import Organization
from streams.sealing import Unreadable
from streams.store import NotKept, Transaction
from streams.store_clock import StoreClock

# No release is older than this: a clock that says so is wrong.
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
WITHIN = 10.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `advice` where something is to be done."""

    what: str
    good: bool
    text: str
    advice: str | None = None


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, one after the other."""
    yield _address(settings)
    yield _clock()
    async for finding in _store(settings):
        yield finding
    if settings.kafka is not None:
        yield await _broker(settings.kafka)
    yield await _mail(settings)
    async for finding in _alarm(settings):
        yield finding


def _address(settings: Settings) -> Finding:
    try:
        check_listening(settings)
    except BadSetting as error:
        return Finding(what="address", good=False, text="reachable without https", advice=str(error))
    if settings.host in LOOPBACK_NAMES and settings.public_url is None:
        return Finding(
            what="address",
            good=False,
            text=f"only this machine can reach {settings.url}",
            advice="put a proxy with https in front and set PORCHLIGHT_PUBLIC_URL to its address",
        )
    return Finding(what="address", good=True, text=settings.url)


def _clock() -> Finding:
    now = SystemClock().now()
    if now < NOT_BEFORE:
        return Finding(what="clock", good=False, text=f"says {now:%Y-%m-%d}", advice="switch time synchronisation on")
    return Finding(what="clock", good=True, text=f"{now:%Y-%m-%d %H:%M:%S} UTC; keep time synchronisation on")


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    if settings.store is None and not (settings.data / "porchlight.db").exists():
        advice = "`porchlight init --organization NAME` makes one"
        yield Finding(what="store", good=False, text=f"nothing in {settings.data}", advice=advice)
        return
    try:
        clock = clock_for(settings)
        store = open_store(settings, clock)
        await store.start()
    except (BadSetting, sqlite3.Error, OSError, Unreadable) as error:
        yield Finding(what="store", good=False, text="cannot be opened", advice=str(error))
        return
    try:
        await store.write(lambda tx: tx.beat("doctor", SystemClock().now()))
        yield Finding(what="store", good=True, text=f"{settings.place} can be read and written")
        if isinstance(clock, StoreClock):
            yield _store_clock(clock)
        for agency in await store.read(_agencies):
            for finding in _recipients(settings, agency):
                yield finding
    except NotKept as error:
        yield Finding(
            what="store", good=False, text=f"{settings.place}: {error}", advice="is it running, and is it let in?"
        )
    except Unreadable:
        advice = "PORCHLIGHT_MASTER_KEY or master.key is not the one that this store was made with"
        yield Finding(what="store", good=False, text="cannot be unsealed", advice=advice)
    finally:
        await store.close()


def _store_clock(clock: StoreClock) -> Finding:
    text = f"{clock.offset:+.3f} s against this machine's"
    if clock.off:
        advice = "switch time synchronisation on, here and where PostgreSQL runs: this machine would take no timers"
        return Finding(what="store's clock", good=False, text=text, advice=advice)
    return Finding(what="store's clock", good=True, text=text)


async def _broker(broker: Broker) -> Finding:
    servers = ", ".join(broker.servers)
    try:
        await expect(broker, TOPICS.all())
    except Undeclared as error:
        return Finding(
            what="broker", good=False, text=f"{servers}: {error}", advice="`porchlight topics` declares them"
        )
    except Unreachable as error:
        advice = "presses are taken all the same, and told two seconds later; is it running, and is it let in?"
        return Finding(what="broker", good=False, text=f"{servers}: {error}", advice=advice)
    return Finding(what="broker", good=True, text=f"{servers} answers, and has the topics")


async def _agencies(tx: Transaction) -> list[Organization]:
    found = [await tx.get(Organization, identity, identity) for identity in await tx.organizations()]
    return [agency for agency in found if agency is not None]


def _recipients(settings: Settings, agency: Organization) -> list[Finding]:
    usable = {"webhook"} | ({"email"} if settings.smtp is not None else set())
    usable |= {"sms", "voice"} if settings.twilio is not None else set()
    found = []
    for name, methods in (("dispatch", agency.dispatch), ("last_resort", agency.last_resort)):
        working = [method.channel for method in methods if method.channel in usable]
        if working:
            found.append(Finding(what=name, good=True, text=f"{agency.name}: by {', '.join(working)}"))
            continue
        advice = f"give `{name}` a method that works with PUT /v1/organization"
        text = f"{agency.name}: nobody can be told" + (f" ({len(methods)} methods, none configured)" if methods else "")
        found.append(Finding(what=name, good=False, text=text, advice=advice))
    return found


async def _mail(settings: Settings) -> Finding:
    server = settings.smtp
    if server is None:
        return Finding(what="email", good=True, text="not configured (PORCHLIGHT_SMTP_URL)")
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls,
        timeout=WITHIN,
    )
    try:
        await client.connect()
        await client.noop()
        await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        advice = "check host, port, user and password in PORCHLIGHT_SMTP_URL"
        text = f"{server.host}:{server.port} does not take us ({type(error).__name__})"
        return Finding(what="email", good=False, text=text, advice=advice)
    answered = settings.mail_replies
    replies = f"; answers are taken at {answered.address}" if answered is not None else "; mails cannot be answered"
    return Finding(what="email", good=True, text=f"{server.host}:{server.port} answers{replies}")


async def _alarm(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.operator_alarm:
        advice = "set PORCHLIGHT_OPERATOR_ALARM to a mailto: or https: address of whoever runs this"
        yield Finding(what="operator alarm", good=False, text="nobody would hear of a fault", advice=advice)
        return
    mail = SmtpChannel(settings.smtp) if settings.smtp is not None else None
    alarm = OperatorAlarm(settings.operator_alarm, mail, SystemClock())
    for number, address in enumerate(settings.operator_alarm, 1):
        why = await alarm.ring_one(address, "test")
        name = f"operator alarm {number}"
        if why is None:
            yield Finding(what=name, good=True, text="a test was sent; did it arrive?")
        else:
            yield Finding(what=name, good=False, text="the test did not get through", advice=why)
    if mail is not None:
        await mail.close()
