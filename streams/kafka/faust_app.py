"""The Faust apps: agents that are thin shells round a callback, and never raise.

An agent whose body raises loses the message it had; so the body does not, and whatever matters stands in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from streams.ending import in_time
from streams.kafka.connection import Broker
from streams.kafka.messages import Fixes, key_of, open_fixes, open_mail
from streams.kafka.topics import TOPICS, Topic, Topics
from streams.sealing import Sealer, Unreadable

log = structlog.get_logger()

TAKE = 500
WITHIN = 0.02
"""Seconds that fixes are gathered for; as long as a fix may wait here."""

KEEP_WITHIN = 5.0
KEEP_AGAIN = (0.1, 0.5, 1.0, 2.0, 4.0)
SAY_EVERY = 1000


class Tally(msgspec.Struct):
    """What went through one worker since the process began, however often its app was replaced."""

    handled: int = 0
    unreadable: int = 0
    failed: int = 0
    """Messages that were read and then given up on."""
    tries: int = 0

    @property
    def progress(self) -> int:
        """Something that grows as long as the agents do anything at all."""
        return self.handled + self.unreadable + self.failed + self.tries


Wake = Callable[[str, str, int], None]
Keep = Callable[[list[Fixes]], Awaitable[None]]


class StreamApp(msgspec.Struct, frozen=True, kw_only=True):
    """One app, to be started once, with what its watch needs to know of it."""

    app: Any
    group: str
    reads: Topic
    needs: tuple[Topic, ...]
    """The topics without which it must not be started: asking for one that is missing may make it, wrongly."""
    last_fixes: LastFixes | None = None


class LastFixes:
    """The newest fix of each person whose partition this process has: a cache of what the store knows for good."""

    def __init__(self, table: Any, sealer: Sealer) -> None:
        self._table = table
        self._sealer = sealer

    def of(self, person: str) -> Fixes | None:
        """Where she was last; None when she was never seen, or is another process's to know."""
        return self._read(key_of(person))

    def learn(self, key: bytes, fixes: Fixes, value: bytes) -> None:
        """Remembers these, unless newer ones are known."""
        known = self._read(key)
        if known is None or fixes.at > known.at:
            self._table[key] = value

    def _read(self, key: bytes) -> Fixes | None:
        value = self._table.data.get(key)
        if value is None:
            return None
        try:
            return open_fixes(self._sealer, key, value)
        except Unreadable:
            return None


def make_signals_app(broker: Broker, sealer: Sealer, wake: Wake, tally: Tally, topics: Topics = TOPICS) -> StreamApp:
    """Calls `wake(organization, person, lane)` for everybody who has mail."""
    from streams.kafka.faust_parts import new_agent, new_app  # noqa: PLC0415 - only who has a broker pays for Faust

    topic = topics.signals
    group = f"porchlight-{topic.name}"
    app = new_app(group, broker)

    async def mail(stream: Any) -> None:
        async for event in stream.events():
            try:
                wake(*open_mail(sealer, event.key, event.value))
                tally.handled += 1
            except Unreadable:
                _unreadable(tally, topic)
            except Exception:
                tally.failed += 1
                log.exception("waking failed", action="wake_failed")

    new_agent(app, "mail", topic, mail)
    return StreamApp(app=app, group=group, reads=topic, needs=(topic,))


def make_locations_app(
    broker: Broker, sealer: Sealer, keep: Keep, tally: Tally, *, alarm: Callable[[str], None], topics: Topics = TOPICS
) -> StreamApp:
    """Remembers the newest fix of each person and hands all of them, in batches, to `keep`.

    A batch that `keep` raises for is tried again for some seconds; then it is given up, counted, and the alarm rings.
    """
    from streams.kafka.faust_parts import new_agent, new_app, new_table  # noqa: PLC0415 - see above

    topic = topics.locations
    group = f"porchlight-{topic.name}"
    app = new_app(group, broker)
    last_fixes = LastFixes(new_table(app, "last_fix", topics.last_fixes), sealer)

    async def fixes(stream: Any) -> None:
        # Only once a batch is kept does Faust count its messages as read.
        async for events in stream.take_events(TAKE, within=WITHIN):
            try:
                batch = _opened(sealer, [(event.key, event.value) for event in events], last_fixes, tally, topic)
                if batch and await _kept(keep, batch, tally, alarm):
                    tally.handled += len(batch)
                else:
                    tally.failed += len(batch)
            except Exception:
                tally.failed += len(events)
                log.exception("a batch of fixes failed", action="fixes_failed", fixes=len(events))

    new_agent(app, "fixes", topic, fixes)
    return StreamApp(app=app, group=group, reads=topic, needs=(topic, topics.last_fixes), last_fixes=last_fixes)


def _opened(
    sealer: Sealer, messages: list[tuple[Any, Any]], last_fixes: LastFixes, tally: Tally, topic: Topic
) -> list[Fixes]:
    batch = []
    newest: dict[bytes, tuple[Fixes, bytes]] = {}
    for key, value in messages:
        try:
            fixes = open_fixes(sealer, key, value)
        except Unreadable:
            _unreadable(tally, topic)
            continue
        batch.append(fixes)
        if key not in newest or fixes.at > newest[key][0].at:
            newest[key] = (fixes, value)
    try:
        for key, (fixes, value) in newest.items():
            last_fixes.learn(key, fixes, value)
    except Exception:
        # It is a cache: who looks for a fix that is not in it asks the store.
        log.exception("a fix was not remembered", action="last_fix_failed")
    return batch


async def _kept(keep: Keep, batch: list[Fixes], tally: Tally, alarm: Callable[[str], None]) -> bool:
    for wait in (*KEEP_AGAIN, None):
        tally.tries += 1
        try:
            await in_time(keep(batch), KEEP_WITHIN)
        except Exception:
            log.exception("fixes were not kept", action="keep_failed", fixes=len(batch))
        else:
            return True
        if wait is not None:
            await asyncio.sleep(wait)
    alarm("fixes_lost")
    return False


def _unreadable(tally: Tally, topic: Topic) -> None:
    if tally.unreadable % SAY_EVERY == 0:
        log.warning("a message that is not ours", action="message_unreadable", topic=topic.name, more=tally.unreadable)
    tally.unreadable += 1
