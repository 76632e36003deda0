"""The port to the data keys: one per person and one per organization, wrapped by the deployment's master key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from streams.sealing import Sealer


class KeyRing(Protocol):
    """Makes and finds data keys; remembers those that were found."""

    def known(self, subject: str) -> Sealer | None:
        """The sealer of a person or organization where it is at hand."""
        ...

    async def find(self, subject: str) -> Sealer:
        """The sealer of a person or organization. Raises `Unreadable` when its key was destroyed or never made."""
        ...

    async def load(self, subjects: Iterable[str]) -> None:
        """Has the sealers of these at hand, as far as there are any, at the cost of one look."""
        ...

    async def make(self, kind: str, subject: str) -> None:
        """A key for `subject`, durable before this returns; the one it has already, if any."""
        ...

    def index(self, value: str) -> bytes:
        """A keyed hash by which an address is found without being kept."""
        ...
