"""Puts the parts together: the only module that names concrete adapters."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from services.bad_setting import BadSetting
from services.channels.outbox import Outbox, OutboxChannel
from services.channels.smtp import SmtpChannel
from services.channels.twilio import TwilioAccount, TwilioSms, TwilioVoice
from services.channels.webhook import WebhookChannel
from services.clock import SystemClock
from services.geocoder import Geocoder
from services.links import Links
from services.mail_receiver import MailReceiver, listen_for_mail
from services.metrics import Metrics
from services.operator_alarm import OperatorAlarm
from services.process import Assembly, Loop, Role
from services.reply_address import ReplyAddresses
from services.settings import Settings, parse_key
from services.vitals import Vitals
from services.web.app import make_app
from services.web.feed import render
from services.web.service import Pins, Service
from services.wording.compose import MessageComposer
from streams.channel import Channel
from streams.clock import Clock
from streams.engine import Duties, Engine
from streams.feed import Feed
from streams.fix_stream import FixStream
from streams.housekeeping import Housekeeping
from streams.kafka.connection import Broker
from streams.kafka.faust_app import Tally, make_locations_app, make_signals_app
from streams.kafka.feed_wakeups import FeedWakeups
from streams.kafka.messages import PURPOSE
from streams.kafka.publisher import Publisher
from streams.kafka.stream_worker import ENDS_WITHIN, StreamWorker
from streams.plan_checks import PlanChecks
from streams.postgres.store import PostgresStore
from streams.practice import Practice
from streams.pump_duty import Alone, PumpDuty, Shared
from streams.sealing import MasterKey, Sealer
from streams.spool.spool import Spool
from streams.sqlite.store import SqliteStore
from streams.store import Store
from streams.store_clock import StoreClock

log = structlog.get_logger()

KEY_FILE = "master.key"
LOOK_FOR_OTHERS_EVERY = 0.2
DEMO_CHANNELS = ("email", "sms", "voice", "web_push", "apprise")


def clock_for(settings: Settings) -> Clock:
    """This machine's clock, or the store's where several machines share one."""
    return StoreClock(SystemClock()) if settings.store is not None else SystemClock()


async def assemble(settings: Settings, clock: Clock, *, demo: bool = False, role: Role = "all") -> Assembly:
    """Opens the store and wires everything; nothing moves yet. Raises `BadSetting` and `InUse`."""
    master = master_key(settings)
    replies = ReplyAddresses(master, settings.mail_replies.address) if settings.mail_replies is not None else None
    mail = SmtpChannel(settings.smtp) if settings.smtp is not None else None
    outbox = Outbox(settings.data / "outbox.jsonl") if demo else None
    channels = _channels(settings, clock, mail, outbox)
    metrics, links = Metrics(), Links(master)
    alarm = OperatorAlarm(settings.operator_alarm, mail, clock)

    def ring(what: str) -> None:
        metrics.alarms.labels(what).inc()
        alarm.ring(what)

    store = _store(settings, master, frozenset(channels), clock)
    duties = _duties(role, settings)
    feed = Feed(store, render, look_every=duties.look_every)
    publisher = Publisher(settings.kafka, master.sealer(PURPOSE)) if settings.kafka is not None else None

    texts_answered = settings.twilio is None or settings.twilio.answerable

    def make_engine(store: Store, duties: Duties, published: Callable[[], None], **more: Any) -> Engine:
        return Engine(
            store,
            clock,
            channels,
            MessageComposer(
                settings.url,
                links,
                replies=replies,
                texts_answered=texts_answered,
            ),
            alarm=ring,
            tried=metrics.tried,
            duties=duties,
            published=published,
            **more,
        )

    engine = make_engine(
        store,
        duties,
        feed.poke if publisher is None else publisher.poke,
        duty=_pump_duty(role, store, clock, ring),
        wake=publisher.wake if publisher is not None and not duties.decides else None,
    )
    fixes = FixStream(store, clock, publisher, engine.wake) if publisher is not None else None
    spool = _spool(role, settings, master, store, clock, make_engine, engine.wake, ring)
    service = Service(
        role=role,
        store=store,
        intake=spool.intake if spool is not None else store,
        engine=engine,
        clock=clock,
        pins=Pins(master),
        public_url=settings.url,
        channels=channels,
        feed=feed,
        links=links,
        metrics=metrics,
        vitals=Vitals(
            store=store,
            engine=engine,
            spool=spool,
            publisher=publisher,
            clock_offset=(lambda: clock.offset) if isinstance(clock, StoreClock) else None,
        ),
        fixes=fixes,
        stopping=asyncio.Event(),
        outbox=outbox,
        twilio=settings.twilio,
        plans=PlanChecks(store, clock),
        geocoder=Geocoder(settings.geocoder_url) if settings.geocoder_url is not None else None,
    )
    assembly = Assembly(
        role=role,
        service=service,
        app=make_app(service, demo=demo),
        store=store,
        engine=engine,
        feed=feed,
        housekeeping=Housekeeping(
            store,
            clock,
            engine,
            service.plans,
            Practice(store, clock, texts_answered=texts_answered),
            ring,
            tidies=role in {"all", "scheduler"},
        ),
        alarm=alarm,
    )
    if spool is not None:
        assembly.sources.append(spool)
    if settings.mail_replies is not None and replies is not None and role in {"all", "api"}:
        assembly.sources.append(MailReceiver(listen_for_mail(settings.mail_replies), service, replies))
    _join(assembly, settings.kafka, master.sealer(PURPOSE), publisher, ring)
    await store.start()
    return assembly


def _join(
    assembly: Assembly,
    broker: Broker | None,
    sealer: Sealer,
    publisher: Publisher | None,
    ring: Callable[[str], None],
) -> None:
    """The parts that tie this process to others."""
    if assembly.role in {"all", "api"}:
        assembly.sinks.append(Loop(assembly.feed.run, "Feed"))
    if broker is None or publisher is None:
        return
    assembly.sinks.append(publisher)
    service = assembly.service
    if assembly.role in {"all", "api"}:
        assembly.sources.append(Loop(FeedWakeups(broker, assembly.feed.poke).run, "FeedWakeups"))
    if assembly.role in {"all", "worker"} and service.fixes is not None:
        mail, positions = Tally(), Tally()
        wake, keep = assembly.engine.wake, service.fixes.keep
        workers = (
            StreamWorker(broker, lambda: make_signals_app(broker, sealer, wake, mail), mail, name="signals"),
            StreamWorker(
                broker,
                lambda: make_locations_app(broker, sealer, keep, positions, alarm=ring),
                positions,
                name="locations",
            ),
        )
        assembly.sources += [Loop(worker.run, "StreamWorker", ENDS_WITHIN) for worker in workers]
        service.vitals.consumers = workers


def _store(settings: Settings, master: MasterKey, reachable: frozenset[str], clock: Clock) -> Store:
    if settings.store is None:
        return _folder(settings.data, master, reachable)
    return PostgresStore(settings.store, master, reachable, clock if isinstance(clock, StoreClock) else None)


def _spool(
    role: Role,
    settings: Settings,
    master: MasterKey,
    store: Store,
    clock: Clock,
    make_engine: Callable[..., Engine],
    wake: Callable[[str, str, int], None],
    ring: Callable[[str], None],
) -> Spool | None:
    """Beside a store on another machine, whoever takes presses keeps a spool on this one."""
    if role not in {"all", "api"} or not isinstance(store, PostgresStore):
        return None
    local = _folder(settings.data / "spool", master, store.reachable, spool=True)
    duties = Duties(sweeps_at_once=False)
    return Spool(
        store,
        local,
        clock,
        engine=lambda: make_engine(local, duties, lambda: None),
        wake=wake,
        alarm=ring,
    )


def _folder(
    path: Path, master: MasterKey, reachable: frozenset[str], *, exclusive: bool = True, spool: bool = False
) -> SqliteStore:
    with _writable(path):
        return SqliteStore(path, master, reachable, exclusive=exclusive, spool=spool)


@contextlib.contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise BadSetting(f"PORCHLIGHT_DATA: {path} cannot be written ({error}); give a folder that can") from error


def _duties(role: Role, settings: Settings) -> Duties:
    look_every = 1.0 if settings.store is None else LOOK_FOR_OTHERS_EVERY
    return Duties(decides=role != "api", pumps=role != "api", claims=role != "api", look_every=look_every)


def _pump_duty(role: Role, store: Store, clock: Clock, ring: Callable[[str], None]) -> PumpDuty:
    if role == "all" or not isinstance(clock, StoreClock):
        return Alone()
    name = f"{socket.gethostname()}-{os.getpid()}"
    return Shared(store, clock, name=name, scheduler=role == "scheduler", clock_off=lambda: clock.off, alarm=ring)


def open_store(settings: Settings, clock: Clock | None = None) -> Store:
    """The store beside a service that may be running: for commands that read or add a little. `start` it first."""
    master = master_key(settings)
    if settings.store is not None:
        return PostgresStore(settings.store, master, frozenset(), clock if isinstance(clock, StoreClock) else None)
    return _folder(settings.data, master, frozenset(), exclusive=False)


def master_key(settings: Settings) -> MasterKey:
    """The key of this deployment: the setting, else a file in the data folder that is made on the first start."""
    if settings.master_key is not None:
        return MasterKey(settings.master_key)
    path = settings.data / KEY_FILE
    if not path.exists():
        if (settings.data / "keys.db").exists():
            raise BadSetting(f"{path} is missing, and without it nothing in {settings.data} can be read: put it back")
        with _writable(settings.data):
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
        if mail is not None:
            channels["email"] = mail
        if settings.twilio is not None:
            account = TwilioAccount(settings.twilio, settings.url)
            channels["sms"] = TwilioSms(account)
            if settings.twilio.caller is not None:
                channels["voice"] = TwilioVoice(account, settings.twilio.caller)
        return channels
    demo: dict[str, Channel] = {name: OutboxChannel(name, outbox) for name in DEMO_CHANNELS}
    return demo | {"webhook": OutboxChannel("webhook", outbox, real=webhook, stays=_stays_here)}


def _stays_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(address).hostname or "").is_loopback
    except ValueError:
        return False
