"""`topics`: makes the topics that the broker lacks, and says of each what became of it."""

from __future__ import annotations

import asyncio
import sys

from services.bad_setting import BadSetting
from services.settings import Settings
from streams.kafka.connection import Unreachable
from streams.kafka.topics import Refused, declare


def declare_topics(settings: Settings, replication: int | None) -> int:
    """Prints a line for each topic; 1 when one is not as it has to be, or no broker answers."""
    if settings.kafka is None:
        raise BadSetting("PORCHLIGHT_KAFKA is not set: there is no broker to make topics at")
    if replication is not None and replication < 1:
        raise BadSetting("--replication is how many brokers have a copy, 1 or more")
    try:
        found = asyncio.run(declare(settings.kafka, replication=replication))
    except (Unreachable, Refused) as error:
        print(f"porchlight: {error}", file=sys.stderr)
        return 1
    for declared in found:
        print(f"{declared.topic}: {declared.text}")
    return 0 if all(declared.right for declared in found) else 1
