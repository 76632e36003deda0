"""The demo's outbox: messages that would have left the machine, kept in a file and shown on a page."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from streams.channel import Channel, Delivered, Outcome, OutgoingMessage

KEPT = 500


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the page shows it."""

    id: str
    at: str
    channel: str
    to: str
    recipient: str | None
    subject: str | None
    text: str
    language: str
    links: tuple[str, ...] = ()


class Outbox:
    """Keeps the last messages; what was written survives a crash."""

    def __init__(self, path: Path) -> None:
        self._letters: deque[Letter] = deque(maxlen=KEPT)
        if path.exists():
            for line in path.read_bytes().splitlines():
                try:
                    self._letters.append(msgspec.json.decode(line, type=Letter))
                except msgspec.MsgspecError:
                    continue  # the end of a line that a crash cut off
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = path.open("ab")
        path.chmod(0o600)

    def keep(self, letter: Letter) -> None:
        """Adds a message, unless it is a repeat of one that is there."""
        if any(known.id == letter.id for known in self._letters):
            return
        self._file.write(b"\n" + msgspec.json.encode(letter))
        self._file.flush()
        self._letters.append(letter)

    def letters(self) -> list[Letter]:
        """The messages, the newest first."""
        return list(reversed(self._letters))

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


class OutboxChannel:
    """Stands in for a channel; hands to `real` what does not leave the machine."""

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        *,
        real: Channel | None = None,
        stays: Callable[[str], bool] = lambda _address: False,
    ) -> None:
        self.name = name
        self.shared = real is None or real.shared
        self._outbox = outbox
        self._real = real
        self._stays = stays

    def objection(self, address: str) -> str | None:
        """Whatever the real one would object to."""
        if self._real is not None and self._stays(address):
            return self._real.objection(address)
        return None

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Keeps it, or really sends it."""
        if self._real is not None and self._stays(message.address):
            return await self._real.send(message)
        self._outbox.keep(
            Letter(
                id=message.delivery,
                at=message.at,
                channel=self.name,
                to=message.address,
                recipient=message.recipient or None,
                subject=message.subject or None,
                text=message.text,
                language=message.language,
                links=(message.link,) if message.link else (),
            )
        )
        return Delivered()

    async def close(self) -> None:
        """Lets go of the real one."""
        if self._real is not None:
            await self._real.close()
