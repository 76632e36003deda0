"""The operator alarm: tells whoever runs the service that it cannot do its work. It does not pass through the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp
import structlog

from services.channels.smtp import SmtpChannel
from streams.channel import OutgoingMessage, Sent
from streams.clock import Clock

log = structlog.get_logger()

QUIET_FOR = 300.0
WITHIN = aiohttp.ClientTimeout(total=10)
MEANINGS = {
    "undecidable_signal": "Something that came in could not be decided. If it was a press or a deadline, an incident "
    "of the kind `fault` was opened and told. The log says where it happened.",
    "nobody_reachable": "An incident is open and nobody can be told of it: no dispatch, last resort or contact has a "
    "method that works. Look at the console now.",
    "nobody_reached": "An incident is open and every message about it has failed so far. Look at the console now.",
    "channel_silent": "Texts, calls or mails cannot be handed over: the provider or mail server is silent or broken. "
    "People are told by their other methods, and it is tried again every few seconds. The log names the channel.",
    "decide_failed": "What came in for somebody cannot be worked on; it is tried again. The log says why.",
    "clock_stepped": "This machine's clock jumped. Missed check-ins are held back for a minute, presses are not. "
    "Check the time synchronisation.",
    "engine_stopped": "A part of the engine had stopped and was started again. The log says why.",
    "clock_off": "This machine's clock is more than two seconds away from the store's. It takes no timers until that "
    "is put right; others do. Check the time synchronisation.",
    "spooling": "PostgreSQL cannot be reached. Presses, cancels and answers are taken into this machine's spool and "
    "told from there; everything else waits. Bring PostgreSQL back; keep this process and its folder.",
    "spool_stuck": "What somebody's spool holds cannot be moved to the store; it is tried again. The log says why. "
    "Keep this process and its folder.",
    "fixes_lost": "Positions that came through the broker could not be kept. The alarms themselves are not touched.",
    "test": "This is a test: the operator alarm works.",
}


class OperatorAlarm:
    """Rings every address, the same matter at most once in five minutes."""

    def __init__(self, addresses: Sequence[str], mail: SmtpChannel | None, clock: Clock) -> None:
        self._addresses = tuple(addresses)
        self._mail = mail
        self._clock = clock
        self._rung: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = 0

    def ring(self, what: str) -> None:
        """Rings without waiting. `what` is one of `MEANINGS`; it names no person."""
        self.count += 1
        log.error("operator alarm", action="operator_alarm", what=what)
        now = self._clock.monotonic()
        if now - self._rung.get(what, -QUIET_FOR) < QUIET_FOR:
            return
        self._rung[what] = now
        for address in self._addresses:
            task = asyncio.get_running_loop().create_task(self._ring_quietly(address, what))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ring_quietly(self, address: str, what: str) -> None:
        why = await self.ring_one(address, what)
        if why is not None:
            log.error("operator alarm not delivered", action="operator_alarm_failed", why=why)

    async def ring_one(self, address: str, what: str) -> str | None:
        """Rings one address; why it did not work, or None."""
        text = MEANINGS.get(what, what)
        if address.startswith("mailto:"):
            if self._mail is None:
                return "PORCHLIGHT_SMTP_URL is not set"
            at = self._clock.now()
            message = OutgoingMessage(
                delivery=f"operator-{what}-{int(at.timestamp())}",
                incident=None,
                kind="operator",
                address=urlsplit(address).path,
                subject=f"Porchlight: {what.replace('_', ' ')}",
                text=text,
                at=at.isoformat(),
            )
            outcome = await self._mail.send(message)
            return None if isinstance(outcome, Sent) else getattr(outcome, "why", "not sent")
        try:
            async with (
                aiohttp.ClientSession(timeout=WITHIN) as session,
                session.post(address, json={"type": "operator_alarm", "what": what, "text": text}) as answer,
            ):
                return None if answer.status < 300 else f"status {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    async def close(self) -> None:
        """Lets what is under way end, for a moment."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
