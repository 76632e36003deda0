"""A real Apache Kafka of our own: one broker or three in KRaft mode, on loopback, gone afterwards.

Each node is broker and controller at once and has three listeners: CLIENT for us, BROKER among themselves, CONTROLLER.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import ssl
import tempfile
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from tests.cluster.ports import reserve
from tests.cluster.program import Program, finish
from tests.kafka.certificates import Certificates
from tests.kafka.jars import jars

JAVA = ("java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN")
FORMAT_WITHIN = 60.0
START_WITHIN = 90.0
STOP_WITHIN = 30.0
USER = "porchlight"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
LOGIN = "org.apache.kafka.common.security"

Security = Literal["plaintext", "sasl_ssl"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class KafkaCluster:
    """So many brokers, counted from 0. What they hold survives `stop`, `kill` and a new `start`, on the same ports.

    With `security="sasl_ssl"` clients need TLS, `USER` and `password`. Raises `Missing`.
    """

    def __init__(self, count: int = 1, security: Security = "plaintext") -> None:
        self._classpath = f"{jars()}/*"
        self._security = security
        self._ports = [reserve(3) for _ in range(count)]
        self._folder = tempfile.TemporaryDirectory(prefix="porchlight-kafka-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.password = secrets.token_hex(16)
        self.certificates = Certificates(self.folder) if security == "sasl_ssl" else None
        self._id = _kafka_uuid()
        self._formatted = False
        self.nodes = [self._node(node) for node in range(count)]

    @property
    def servers(self) -> str:
        """The bootstrap servers."""
        return ",".join(f"127.0.0.1:{client}" for client, _, _ in self._ports)

    @property
    def pids(self) -> list[int]:
        """The ids of their processes."""
        return [node.pid for node in self.nodes]

    def client(self, mechanism: Mechanism = "PLAIN") -> dict[str, Any]:
        """What an aiokafka client needs to know."""
        if self.certificates is None:
            return {"bootstrap_servers": self.servers}
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": "SASL_SSL",
            "ssl_context": self.trust(),
            "sasl_mechanism": mechanism,
            "sasl_plain_username": USER,
            "sasl_plain_password": self.password,
        }

    def trust(self) -> ssl.SSLContext:
        """A TLS context that trusts these brokers."""
        assert self.certificates is not None
        context: ssl.SSLContext = create_ssl_context(cafile=str(self.certificates.authority))
        return context

    async def start(self, *brokers: int) -> None:
        """Starts these, or all, and waits until each knows all of them. Replicas catch up after that."""
        numbers = brokers or range(len(self.nodes))
        if not self._formatted:
            async with asyncio.TaskGroup() as tasks:
                for number in range(len(self.nodes)):
                    tasks.create_task(self._format(number))
            self._formatted = True
        for number in numbers:
            self.nodes[number].start()
        async with asyncio.TaskGroup() as tasks:
            for number in numbers:
                tasks.create_task(self._ready(number, numbers))

    async def stop(self, broker: int) -> None:
        """Stops one in order: it hands over what it leads."""
        await self.nodes[broker].stop(within=STOP_WITHIN)

    async def kill(self, *brokers: int) -> None:
        """Kills these, or all."""
        await asyncio.gather(*(self.nodes[number].kill() for number in brokers or range(len(self.nodes))))

    def pause(self, broker: int) -> None:
        """It stands still, its connections open, until `resume`."""
        self.nodes[broker].pause()

    def resume(self, broker: int) -> None:
        """It goes on."""
        self.nodes[broker].resume()

    async def close(self) -> None:
        """Ends all and removes their folder. Nothing is handed over: nothing is kept."""
        await self.kill()
        self._folder.cleanup()

    def _node(self, node: int) -> Program:
        folder = self.folder / str(node)
        folder.mkdir()
        (folder / "server.properties").write_text("".join(f"{k}={v}\n" for k, v in self._properties(node).items()))
        command = (*JAVA, "-cp", self._classpath, "kafka.Kafka", str(folder / "server.properties"))
        return Program(f"Kafka broker {node}", command, folder / "log")

    def _properties(self, node: int) -> dict[str, Any]:
        client, broker, controller = self._ports[node]
        count = len(self._ports)
        return {
            "node.id": node,
            "process.roles": "broker,controller",
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{ports[2]}" for n, ports in enumerate(self._ports)),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "BROKER",
            "listeners": f"CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker}",
            "listener.security.protocol.map": f"CLIENT:{self._security.upper()},BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / str(node) / "data",
            "auto.create.topics.enable": "false",
            "default.replication.factor": count,
            "min.insync.replicas": 2 if count > 2 else 1,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": count,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": count,
            "transaction.state.log.min.isr": 2 if count > 2 else 1,
            # A group is ready at once, and a test may choose how soon a dead member or broker is noticed.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 4000,
            **self._secured(),
        }

    def _secured(self) -> dict[str, Any]:
        if self.certificates is None:
            return {}
        scram = f"{LOGIN}.scram.ScramLoginModule required;"
        return {
            "listener.name.client.ssl.keystore.type": "PEM",
            "listener.name.client.ssl.keystore.location": self.certificates.keystore,
            "listener.name.client.sasl.enabled.mechanisms": ",".join(MECHANISMS),
            "listener.name.client.plain.sasl.jaas.config": (
                f'{LOGIN}.plain.PlainLoginModule required user_{USER}="{self.password}";'
            ),
            "listener.name.client.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.client.scram-sha-512.sasl.jaas.config": scram,
        }

    async def _format(self, node: int) -> None:
        properties = str(self.folder / str(node) / "server.properties")
        command = [*JAVA, "-cp", self._classpath, "kafka.tools.StorageTool", "format", "-t", self._id, "-c", properties]
        if self.certificates is not None:
            for mechanism in MECHANISMS[1:]:
                command += ["--add-scram", f"{mechanism}=[name={USER},password={self.password}]"]
        await finish("formatting Kafka's folder", command, within=FORMAT_WITHIN)

    async def _ready(self, number: int, others: Iterable[int]) -> None:
        async def knows_all() -> bool:
            return set(others) <= await self._known_to(number)

        await self.nodes[number].ready(knows_all, START_WITHIN)

    async def _known_to(self, number: int) -> set[int]:
        """The brokers that one of them counts as running."""
        host, port = "127.0.0.1", self._ports[number][0]
        try:
            # Asked first, since aiokafka complains loudly where nobody listens.
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
        except OSError:
            return set()
        client = AIOKafkaClient(**{**self.client(), "bootstrap_servers": f"{host}:{port}"})
        try:
            await client.bootstrap()
            return {broker.nodeId for broker in client.cluster.brokers()}
        except KafkaError:
            return set()
        finally:
            await client.close()


def _kafka_uuid() -> str:
    """Kafka writes its UUIDs in base64, and takes one that begins with a dash for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
