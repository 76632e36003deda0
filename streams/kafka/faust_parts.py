"""Faust, held so that it cannot hurt its process: no waiting for threads, no folders, no settings of its own.

Everything that knows how Faust is made inside is here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.threads import WorkerThread

from streams.kafka.connection import Broker
from streams.kafka.messages import partition_of
from streams.kafka.topics import Topic


class _Thread(WorkerThread):
    """The thread of the consumer. Faust's own is waited for by the loop itself, which stands still meanwhile."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True

    def run(self) -> None:
        """What it dies of is known to the app by then; a thread's own way is to print it, whatever it quotes."""
        with contextlib.suppress(BaseException):
            super().run()

    def stop(self) -> None:
        """Lets it end by itself: it was told to, and may wait for a broker that is away."""


class _ConsumerThread(AIOKafkaConsumerThread):
    Worker = _Thread

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Faust's own prints to standard error; that it crashed is seen and said by `StreamWorker`."""

    async def _shutdown_thread(self) -> None:
        try:
            await super()._shutdown_thread()
        except asyncio.CancelledError:
            # Told to give up: whoever waits for this is told that it is over, and what is left is cleared away.
            self.set_shutdown()


class _Consumer(Consumer):
    def ack(self, message: Any) -> bool:
        """Counts a message as read, but not one that was only put aside because its partition is moving.

        Faust does, and may commit past messages that nobody has worked on; whoever has the partition next reads it.
        """
        app: Any = self.app
        if not app.flow_control.is_active() or message.generation_id != app.consumer_generation_id:
            return False
        return super().ack(message)

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(Transport):
    Consumer = _Consumer


class _Table(faust.Table[bytes, bytes]):
    def partition_for_key(self, key: bytes) -> int:
        """The partition that the key's messages come from. Faust's own needs the one message that is worked on."""
        return partition_of(key, self.partitions or 1)

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Tells the changelog; and the store, which drops what belongs to partitions that went elsewhere."""
        super().on_key_set(key, value)
        store: Any = self.data
        store._key_partition[key] = self.partition_for_key(key)  # noqa: SLF001


class _App(faust.App):
    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """Nothing of it is on disk: tables are in memory, and what is dear is in the store."""


def new_app(group: str, broker: Broker) -> Any:
    """An app that is not started yet, for the loop that runs now. It is used once: a new start takes a new app."""
    options: dict[str, Any] = {
        **broker.faust_options(),
        # Its settings would come from the environment before anything that stands here.
        "env": {},
        "store": "memory://",
        "cache": "memory://",
        "web_enabled": False,
        "loghandlers": [],
        "logging_config": None,
        "autodiscover": False,
        "key_serializer": "raw",
        "value_serializer": "raw",
        # A body that waits must not hold up a rebalance, nor a stop.
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 4096,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "consumer_auto_offset_reset": "earliest",
        "broker_commit_interval": 1.0,
        "broker_session_timeout": 10.0,
        "broker_heartbeat_interval": 3.0,
        "broker_rebalance_timeout": 10.0,
        "broker_request_timeout": 15.0,
        "broker_max_poll_records": 500,
        "producer_request_timeout": 15.0,
        "Table": _Table,
    }
    return _App(group, **options)


def new_agent(app: Any, name: str, source: Topic, body: Callable[[Any], Awaitable[None]]) -> None:
    """Runs `body` with the stream of a topic. Faust's decorator also reads the source code of whoever calls it."""
    channel = app.topic(source.name, partitions=source.partitions)
    agent = app.conf.Agent(body, name=name, app=app, channel=channel, concurrency=1)
    app.agents[name] = agent
    app.topics.beacon.add(agent)


def new_table(app: Any, name: str, changelog: Topic) -> Any:
    """A table of bytes in memory, that a new process reads again from its changelog."""
    topic = app.topic(
        changelog.name,
        partitions=changelog.partitions,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        compacting=True,
        acks=False,
        internal=True,
    )
    return app.Table(name, partitions=changelog.partitions, key_type=bytes, value_type=bytes, changelog_topic=topic)


def thread_ended(app: Any) -> bool:
    """Whether the thread of the app's consumer is gone, or never was."""
    thread = _consumer_thread(app)
    return thread is None or thread._thread is None or not thread._thread.is_alive()  # noqa: SLF001


def give_up(app: Any) -> None:
    """Makes the consumer's thread give up what it waits for now."""
    thread = _consumer_thread(app)
    if thread is not None:
        with contextlib.suppress(RuntimeError):
            thread.thread_loop.call_soon_threadsafe(_cancel_all, thread.thread_loop)


def _consumer_thread(app: Any) -> Any:
    return None if app._consumer is None else app._consumer._thread  # noqa: SLF001


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
