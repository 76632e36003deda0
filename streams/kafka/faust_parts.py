"""Faust, held so that it cannot hurt the process it runs in: it waits for no thread, leaves no folder, reads no setting.

Everything that knows how Faust is made inside is here.
"""

from __future__ import annotations

from typing import Any

import faust
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.threads import WorkerThread

from streams.kafka.connection import Broker
from streams.kafka.messages import partition_of


class _Thread(WorkerThread):
    """The thread of the consumer. Faust's own is waited for by the loop itself, which stands still meanwhile."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True

    def stop(self) -> None:
        """Lets it end by itself: it was told to, and may wait for a broker that is away."""


class _ConsumerThread(AIOKafkaConsumerThread):
    Worker = _Thread

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Faust's own prints to standard error; that it crashed is seen and said by `StreamWorker`."""


class _Consumer(Consumer):
    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(Transport):
    Consumer = _Consumer


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
        "producer_partitioner": _partitioner,
    }
    return _App(group, **options)


def _partitioner(key: bytes | None, every: list[int], _available: list[int]) -> int:
    return every[partition_of(key or b"", len(every))]
