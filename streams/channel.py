"""The port through which a message leaves: one small adapter per channel.

A channel builds the message in its own form, makes **one** try with a time limit, and maps what happened to an
`Outcome`. It never retries (tries live in rows of the store), never decides whether somebody may be told, and raises
only for a bug in itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address, ready to be sent.

    `delivery` stays the same on every try, so that a receiver can recognise a message that it already has.
    """

    delivery: str
    incident: str | None
    kind: str
    """What the message is for: `alert`, `news`, `all_clear`, `invitation`, `reminder`, `warning`, `reply`."""
    address: str
    secret: str | None = None
    """Signs the message where the channel signs (webhooks): `whsec_…`."""
    subject: str = ""
    text: str = ""
    language: str = "en"
    drill: bool = False
    link: str | None = None
    data: Mapping[str, Any] = {}
    """The facts for a machine that reads the message (webhooks); ids, never free text."""
    reply_to: str | None = None
    """Where it may be answered by a digit, for a channel in which that is an address of its own."""
    bounces_to: str | None = None
    """Where it is told that it could not be delivered."""
    recipient: str = ""
    """Who it is for, by name; for the demo's outbox, never sent."""
    at: str = ""
    """When the message was composed, RFC 3339 in UTC."""


class Delivered(msgspec.Struct, frozen=True):
    """The receiver itself has it (a webhook answered 2xx)."""

    reference: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """A provider or mail server took it over; whether it arrives is told later, or never."""

    reference: str | None = None


class Retry(msgspec.Struct, frozen=True):
    """Not now: try again, not before `after_seconds` when the other side named a time. `why` holds no address.

    `down` says that the other side as a whole is silent or broken, whatever the message.
    """

    why: str
    after_seconds: float | None = None
    down: bool = False


class Refused(msgspec.Struct, frozen=True):
    """Never: the same message to the same address cannot succeed. `why` holds no address.

    `opted_out` says that whoever has the address wants nothing more from us.
    """

    why: str
    opted_out: bool = False


Outcome = Delivered | Sent | Retry | Refused


class Progress(msgspec.Struct, frozen=True):
    """How far a message has come (`sent`, `delivered`, `read`, `failed`), and why not further."""

    state: str
    why: str | None = None


@runtime_checkable
class TellsProgress(Protocol):
    """A channel that can be asked later what became of a message, by the reference under which it was taken over."""

    async def progress(self, reference: str) -> Progress | None:
        """How far it has come; None where that is not known, or nothing new. Never raises for the other side."""
        ...


class Channel(Protocol):
    """One way to reach an address.

    `name` is what a method's `channel` says (`email`, `webhook`, …).
    """

    name: str
    shared: bool
    """Whether one provider stands behind all addresses; where not, one that hangs holds up nobody else."""

    def objection(self, address: str) -> str | None:
        """Why this address can never be reached here (shown to whoever enters it), or None when it may be."""
        ...

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One try, with a time limit of its own. Cancelling it is safe. Never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Lets go of connections; no `send` is under way any more."""
        ...
