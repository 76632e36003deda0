"""A process that serves until it is told to stop: the whole service, or one role of it."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog
from aiohttp import web

from services.assembly import assemble, clock_for
from services.bad_setting import BadSetting
from services.process import Assembly, Role
from services.settings import Settings
from services.wording.catalogue import read_formats

log = structlog.get_logger()

REQUESTS_END_WITHIN = 3.0
BACKLOG = 1024

Ready = Callable[[Assembly], Coroutine[Any, Any, None]]


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Opens the port before anything else is started, so that a port that is taken says so at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        opened = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BadSetting(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); choose another port"
        ) from error
    return opened, msgspec.structs.replace(settings, port=opened.getsockname()[1])


async def run(
    settings: Settings, opened: socket.socket, *, ready: Ready, demo: bool = False, role: Role = "all"
) -> None:
    """Runs until SIGINT or SIGTERM, then drains in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    assembly = await assemble(settings, clock_for(settings), demo=demo, role=role)
    runner = web.AppRunner(assembly.app, access_log=None, shutdown_timeout=REQUESTS_END_WITHIN)
    try:
        await runner.setup()
        tune()
        assembly.start()
        await web.SockSite(runner, opened, backlog=BACKLOG).start()
        await ready(assembly)
        await stop.wait()
        log.info("stopping", action="stopping")
    finally:
        assembly.service.stopping.set()
        await runner.cleanup()
        await assembly.stop()


def tune() -> None:
    """What the interpreter is told once everything is loaded.

    What is there by now stays: the collector need not look at it again. And a thread that computes gives way after
    half a millisecond, so that the writer does not wait out five each time it comes back from the disk.
    """
    read_formats()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    sys.setswitchinterval(0.0005)


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Runs on uvloop where there is one."""
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop  # noqa: PLC0415 - it does not exist on Windows

    uvloop.run(main)
