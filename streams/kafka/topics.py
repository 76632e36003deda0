"""The topics: what each is for, how many partitions it has, how long it keeps what it holds.

The number of partitions is never changed: it decides which partition a person's messages go to, and with it which
worker has them. The inbox is the truth, so `signals` and `feed` need to outlive a pause only.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec

from streams.ending import in_time
from streams.kafka.connection import ANSWER_WITHIN, CLOSE_WITHIN, Broker, Unreachable, survey

MINUTE, HOUR = 60, 3600


class Refused(Exception):
    """The broker answered and would not; the message says what it said."""


class Undeclared(Unreachable):
    """The broker answers, but topics are missing or were made by somebody else."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic. Without `keeps_for` it keeps the newest message of each key for good."""

    name: str
    partitions: int
    keeps_for: int | None
    segment: int
    """Seconds after which a piece of the log is closed: only closed pieces are cleaned."""

    def settings(self, replication: int) -> dict[str, str]:
        """What the broker is told about it."""
        settings = {
            "min.insync.replicas": "2" if replication >= 3 else "1",
            # By the sender's clock, a machine that is hours ahead would be refused, and one that is behind forgotten.
            "message.timestamp.type": "LogAppendTime",
            "segment.ms": str(self.segment * 1000),
        }
        if self.keeps_for is None:
            # A fix that was replaced by a newer one is gone within a day, and a restart reads little that is old.
            return settings | {
                "cleanup.policy": "compact",
                "min.cleanable.dirty.ratio": "0.2",
                "max.compaction.lag.ms": str(24 * HOUR * 1000),
            }
        return settings | {"cleanup.policy": "delete", "retention.ms": str(self.keeps_for * 1000)}


class Topics(msgspec.Struct, frozen=True, kw_only=True):
    """The topics that the processes share."""

    signals: Topic
    locations: Topic
    last_fixes: Topic
    """The changelog of the table of last fixes: as many partitions as `locations`, or Faust refuses to start."""
    feed: Topic

    def all(self) -> tuple[Topic, ...]:
        """Every one of them."""
        return (self.signals, self.locations, self.last_fixes, self.feed)


def topics(prefix: str = "", *, signals: int = 24, locations: int = 32) -> Topics:
    """The topics, by names of their own where several installations share a broker."""
    return Topics(
        signals=Topic(name=f"{prefix}signals", partitions=signals, keeps_for=HOUR, segment=15 * MINUTE),
        locations=Topic(name=f"{prefix}locations", partitions=locations, keeps_for=24 * HOUR, segment=HOUR),
        last_fixes=Topic(name=f"{prefix}locations-last-fix", partitions=locations, keeps_for=None, segment=10 * MINUTE),
        feed=Topic(name=f"{prefix}feed", partitions=1, keeps_for=10 * MINUTE, segment=5 * MINUTE),
    )


TOPICS = topics()


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one topic."""

    topic: str
    right: bool
    text: str


def shortcoming(there: dict[str, int], topic: Topic) -> str | None:
    """What is wrong with a topic as the broker has it, or None."""
    found = there.get(topic.name)
    if found is None:
        return "missing"
    if found != topic.partitions:
        return f"there, but with {found} partitions instead of {topic.partitions}"
    return None


async def expect(broker: Broker, wanted: tuple[Topic, ...]) -> None:
    """Returns when the broker answers and has these topics. Raises `Unreachable`, `Undeclared` among them.

    Asked before a client is made: a client that asks for a topic which is not there may bring it into being, with a
    number of partitions that is the broker's idea.
    """
    there = await survey(broker, [topic.name for topic in wanted])
    wrong = [topic.name for topic in wanted if shortcoming(there, topic) is not None]
    if wrong:
        raise Undeclared(f"`porchlight topics` has something to say about {', '.join(wrong)}")


async def declare(broker: Broker, wanted: Topics = TOPICS, replication: int | None = None) -> list[Declared]:
    """Makes the topics that are missing and changes none. Raises `Unreachable` and `Refused`."""
    there = await survey(broker, [topic.name for topic in wanted.all()])
    missing = [topic for topic in wanted.all() if topic.name not in there]
    made: set[str] = set()
    if missing:
        made = await _make(broker, missing, replication)
        there = await _visible(broker, wanted)
    declared = []
    for topic in wanted.all():
        wrong = shortcoming(there, topic)
        text = wrong or ("made" if topic.name in made else "there")
        declared.append(Declared(topic=topic.name, right=wrong is None, text=text))
    return declared


async def _visible(broker: Broker, wanted: Topics) -> dict[str, int]:
    """The topics, once the brokers have told one another of the new ones."""
    for _ in range(50):
        there = await survey(broker, [topic.name for topic in wanted.all()])
        if all(topic.name in there for topic in wanted.all()):
            break
        await asyncio.sleep(0.1)
    return there


async def _make(broker: Broker, missing: list[Topic], replication: int | None) -> set[str]:
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # noqa: PLC0415 - only where it is needed
    from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code  # noqa: PLC0415

    admin: Any = AIOKafkaAdminClient(**broker.options())
    made = set()
    try:
        async with asyncio.timeout(4 * ANSWER_WITHIN):
            await admin.start()
            copies = replication or min(3, len((await admin.describe_cluster())["brokers"]))
            new = [
                NewTopic(
                    name=topic.name,
                    num_partitions=topic.partitions,
                    replication_factor=copies,
                    topic_configs=topic.settings(copies),
                )
                for topic in missing
            ]
            answer = await admin.create_topics(new)
        for name, code, message in answer.topic_errors:
            if code == 0:
                made.add(name)
            elif code != TopicAlreadyExistsError.errno:
                raise Refused(f"{name}: {message or for_code(code).__name__}")
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unreachable(f"the brokers stopped answering while topics were made ({type(error).__name__})") from error
    finally:
        with contextlib.suppress(Exception):
            await in_time(admin.close(), CLOSE_WITHIN)
    return made
