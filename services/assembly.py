"""Puts the parts together: the only module that names concrete adapters."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web

from services.channels.outbox import Outbox, OutboxChannel
from services.channels.smtp import SmtpChannel
from services.channels.webhook import WebhookChannel
from services.links import Links
from services.metrics import Metrics
from services.operator_alarm import OperatorAlarm
from services.settings import BadSetting, Settings, parse_key
from services.web.app import make_app
from services.web.feed import render
from services.web.service import Pins, Service
from services.wording.compose import MessageComposer
from streams.channel import Channel
from streams.clock import Clock
from streams.engine import Engine
from streams.feed import Feed
from streams.housekeeping import Housekeeping
from streams.sealing import MasterKey
from streams.sqlite.store import SqliteStore
from streams.store import Store

log = structlog.get_logger()

KEY_FILE = "master.key"
DEMO_CHANNELS = ("email", "sms", "voice", "web_push", "apprise")


class Assembly(msgspec.Struct, kw_only=True):
    """Everything that runs in one process, and how it is started and stopped."""

    service: Service
    app: web.Application
    store: Store
    engine: Engine
    feed: Feed
    housekeeping: Housekeeping
    alarm: OperatorAlarm
    feed_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts whatever moves by itself."""
        self.engine.start()
        self.feed_task = asyncio.create_task(self.feed.run(), name="Feed")
        self.housekeeping.start()

    async def stop(self) -> None:
        """Stops in order: no new timers, messages under way to their end, then channels and the store."""
        self.service.stopping.set()
        self.housekeeping.stop()
        await self.engine.stop()
        if self.feed_task is not None:
            self.feed_task.cancel()
            await asyncio.gather(self.feed_task, return_exceptions=True)
        await self.close()

    async def close(self) -> None:
        """Lets go of everything that is open."""
        await self.alarm.close()
        for channel in self.service.channels.values():
            await channel.close()
        self.service.pins.close()
        if self.service.outbox is not None:
            self.service.outbox.close()
        await self.store.close()


async def assemble(settings: Settings, clock: Clock, *, demo: bool = False) -> Assembly:
    """Opens the store and wires everything; nothing moves yet. Raises `BadSetting` and `InUse`."""
    master = master_key(settings)
    mail = SmtpChannel(settings.smtp) if settings.smtp is not None else None
    outbox = Outbox(settings.data / "outbox.jsonl") if demo else None
    channels = _channels(settings, clock, mail, outbox)
    store = SqliteStore(settings.data, master, frozenset(channels))
    metrics, links = Metrics(), Links(master)
    alarm = OperatorAlarm(settings.operator_alarm, mail, clock)
    feed = Feed(store, render)

    def ring(what: str) -> None:
        metrics.alarms.labels(what).inc()
        alarm.ring(what)

    composer = MessageComposer(settings.url, links)
    engine = Engine(store, clock, channels, composer, alarm=ring, published=feed.poke, tried=metrics.tried)
    service = Service(
        store=store,
        engine=engine,
        clock=clock,
        pins=Pins(master),
        public_url=settings.url,
        channels=channels,
        feed=feed,
        links=links,
        metrics=metrics,
        stopping=asyncio.Event(),
        outbox=outbox,
    )
    app = make_app(service, demo=demo)
    return Assembly(
        service=service,
        app=app,
        store=store,
        engine=engine,
        feed=feed,
        housekeeping=Housekeeping(store, clock, engine, ring),
        alarm=alarm,
    )


def open_store(settings: Settings) -> SqliteStore:
    """The store beside a service that may be running: for commands that read or add a little."""
    return SqliteStore(settings.data, master_key(settings), frozenset(), exclusive=False)


def master_key(settings: Settings) -> MasterKey:
    """The key of this deployment: the setting, else a file in the data folder that is made on the first start."""
    if settings.master_key is not None:
        return MasterKey(settings.master_key)
    path = settings.data / KEY_FILE
    if not path.exists():
        if (settings.data / "keys.db").exists():
            raise BadSetting(f"{path} is missing, and without it nothing in {settings.data} can be read: put it back")
        _make_key(path)
    return MasterKey(parse_key(path.read_text(encoding="ascii"), str(path)))


def _make_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, base64.b64encode(os.urandom(32)) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def _channels(settings: Settings, clock: Clock, mail: SmtpChannel | None, outbox: Outbox | None) -> dict[str, Channel]:
    loopback = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
    allowed = (*settings.webhook_allow, *(loopback if outbox is not None else ()))
    webhook = WebhookChannel(allowed, clock.now)
    if outbox is None:
        channels: dict[str, Channel] = {"webhook": webhook}
        return channels | {"email": mail} if mail is not None else channels
    demo: dict[str, Channel] = {name: OutboxChannel(name, outbox) for name in DEMO_CHANNELS}
    return demo | {"webhook": OutboxChannel("webhook", outbox, real=webhook, stays=_stays_here)}


def _stays_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(address).hostname or "").is_loopback
    except ValueError:
        return False
