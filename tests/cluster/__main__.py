"""`make cluster`: many machines on this one, until it is interrupted; `make cluster BROKERS=3` with three brokers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import msgspec

from tests.cluster.cluster import Cluster
from tests.cluster.component import Missing
from tests.cluster.program import Failed


async def main() -> int:
    """Starts it, says so in one line of JSON, waits, cleans up."""
    brokers = os.environ.get("BROKERS") or "1"
    if brokers not in {"1", "3"}:
        print(f"BROKERS is 1 or 3, not {brokers!r}", file=sys.stderr)
        return 2
    try:
        cluster = Cluster(brokers=int(brokers))
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"Logs are in {cluster.folder}, {cluster.kafka.folder} and {cluster.postgres.folder}", file=sys.stderr)
    code = 0
    try:
        await _run(cluster)
    except* Failed as failed:
        print(*_each(failed), sep="\n\n", file=sys.stderr)
        code = 1
    return code


async def _run(cluster: Cluster) -> None:
    interrupted = asyncio.create_task(_interrupted())
    starting = asyncio.create_task(cluster.start())
    try:
        await asyncio.wait({interrupted, starting}, return_when=asyncio.FIRST_COMPLETED)
        if not interrupted.done():
            await starting
            print(msgspec.json.encode(cluster.description).decode(), flush=True)
            await interrupted
    finally:
        starting.cancel()
        await asyncio.wait({starting})
        await cluster.close()


def _each(group: ExceptionGroup[Failed]) -> list[Failed]:
    """What failed, out of groups in groups."""
    found = [_each(one) if isinstance(one, ExceptionGroup) else [one] for one in group.exceptions]
    return [failed for some in found for failed in some]


async def _interrupted() -> None:
    """Until a signal says so, or whoever started us is gone."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    starter = os.getppid()
    while not stop.is_set() and os.getppid() == starter:
        try:
            await asyncio.wait_for(stop.wait(), 1)
        except TimeoutError:
            continue


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
