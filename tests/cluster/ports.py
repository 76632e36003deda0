"""Ports on loopback for servers that come back under the same one."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

BELOW_THE_SYSTEMS_OWN = range(20_000, 32_000)
"""The system gives outgoing connections a port from 32768 on: one of those may be taken while its server is down."""

_kept: list[IO[bytes]] = []


def reserve(count: int) -> list[int]:
    """Ports that are free, and that nobody else is given by this function for as long as this process lives."""
    folder = Path(tempfile.gettempdir()) / f"porchlight-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    ports: list[int] = []
    for port in random.sample(BELOW_THE_SYSTEMS_OWN, len(BELOW_THE_SYSTEMS_OWN)):
        if len(ports) == count:
            break
        lock = (folder / str(port)).open("wb")
        if _ours(lock) and _free(port):
            _kept.append(lock)
            ports.append(port)
        else:
            lock.close()
    return ports


def _ours(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
