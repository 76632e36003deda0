"""How the broker is reached: one description from which every client, aiokafka's and Faust's, is made.

The libraries are loaded where a client is made: a process without a broker never pays for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import itertools
import logging
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from streams.ending import in_time

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

ANSWER_WITHIN = 5.0
"""Seconds in which a broker that is well has answered any of our requests."""

CLOSE_WITHIN = 2.0
BACK_OFF = (0.2, 0.5, 1.0, 2.0)
NOISY = ("aiokafka", "faust", "mode", "streams.kafka.faust_parts")
"""The loggers of the libraries; what is made of Faust's classes logs under the name of its module."""


class Unreachable(Exception):
    """No broker answers; the message says which were asked. Try again later."""


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Files in PEM: whom to trust (the system's own authorities when there is none), and who we are."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def context(self) -> ssl.SSLContext:
        """Made anew when a file has changed: a renewed certificate is taken up. Raises `OSError`, also for bad ones."""
        return _context(self, tuple(Path(file).stat().st_mtime_ns for file in (self.ca, self.cert, self.key) if file))


@functools.lru_cache(maxsize=4)
def _context(tls: Tls, _changed: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.cert is not None:
        # A key that wants a password is an error, not a question on somebody's terminal.
        context.load_cert_chain(tls.cert, tls.key, password="")
    return context


class Sasl(msgspec.Struct, frozen=True, kw_only=True):
    """A name and a password."""

    mechanism: Mechanism
    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Sasl({self.mechanism}, {self.user})"


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """The brokers to ask first, and how to prove who we are."""

    servers: tuple[str, ...]
    tls: Tls | None = None
    sasl: Sasl | None = None

    def options(self) -> dict[str, Any]:
        """The arguments that every aiokafka client takes."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "request_timeout_ms": int(ANSWER_WITHIN * 1000),
            "security_protocol": ("SASL_" if self.sasl else "") + ("SSL" if self.tls else "PLAINTEXT"),
        }
        if not self.sasl and not self.tls:
            return options
        if self.tls:
            options["ssl_context"] = self.tls.context()
        if self.sasl:
            options["sasl_mechanism"] = self.sasl.mechanism
            options["sasl_plain_username"] = self.sasl.user
            options["sasl_plain_password"] = self.sasl.password
        return options

    def faust_options(self) -> dict[str, Any]:
        """The same for a Faust app."""
        options: dict[str, Any] = {"broker": [f"kafka://{server}" for server in self.servers]}
        import faust  # noqa: PLC0415 - see above

        context = self.tls.context() if self.tls else None
        if self.sasl:
            options["broker_credentials"] = faust.SASLCredentials(
                username=self.sasl.user,
                password=self.sasl.password,
                mechanism=self.sasl.mechanism,
                ssl_context=context,
            )
        elif context is not None:
            options["broker_credentials"] = faust.SSLCredentials(context)
        return options


def back_off() -> Iterator[float]:
    """The seconds to wait after one attempt and before the next, without end."""
    return itertools.chain(BACK_OFF, itertools.repeat(BACK_OFF[-1]))


async def load(*modules: str) -> None:
    """Loads libraries beside the loop, which would stand still for half a second."""
    for module in modules:
        await asyncio.to_thread(importlib.import_module, module)


def calm_libraries() -> None:
    """Keeps the libraries from telling each failed attempt: that the broker is away is said once, by us."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


async def survey(broker: Broker, topics: Sequence[str]) -> dict[str, int]:
    """Which of these topics there are, and how many partitions each has; makes none. Raises `Unreachable`."""
    from aiokafka.client import AIOKafkaClient  # noqa: PLC0415 - see above
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - see above

    calm_libraries()
    client: Any = None
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            client = AIOKafkaClient(**broker.options())
            await client.bootstrap()
            return await _described(client, topics)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unreachable(f"no broker answers at {', '.join(broker.servers)}: {await _why(broker, error)}") from error
    finally:
        if client is not None:
            with contextlib.suppress(Exception):
                await in_time(client.close(), CLOSE_WITHIN)


async def _described(client: Any, topics: Sequence[str]) -> dict[str, int]:
    from aiokafka.errors import KafkaConnectionError, KafkaError  # noqa: PLC0415 - see above
    from aiokafka.protocol.metadata import MetadataRequest  # noqa: PLC0415 - see above

    last: Exception = KafkaConnectionError("no brokers")
    for one in client.cluster.brokers():
        try:
            # The library's own questions make a topic that is not there, by the broker's idea of it.
            answer = await client.send(one.nodeId, MetadataRequest(list(topics), allow_auto_topic_creation=False))
        except KafkaError as error:
            last = error
            continue
        found = answer.to_object()["topics"]
        return {topic["topic"]: len(topic["partitions"]) for topic in found if not topic["error_code"]}
    raise last


async def _why(broker: Broker, error: Exception) -> str:
    """What the first server says: the library keeps to itself whether it was the port, the certificate or the name."""
    from aiokafka.conn import collect_hosts, create_conn  # noqa: PLC0415 - see above

    try:
        options = broker.options()
        host, port, _ = collect_hosts(options.pop("bootstrap_servers"), randomize=False)[0]
        conn = await in_time(create_conn(host, port, **options), ANSWER_WITHIN)
        conn.close()
    except TimeoutError:
        return "no answer in time"
    except Exception as reason:  # noqa: BLE001 - whatever it is, it is what the operator wants to know
        return f"{type(reason).__name__}: {reason}"
    return type(error).__name__
