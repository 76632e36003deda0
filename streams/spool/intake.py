"""Where presses, cancels and answers are taken: the store, and while that is out of reach, a spool on this machine.

What was taken into the spool stays there, and so does all that comes after it, until it has been moved to the store in
order. Reading follows: whoever looks while the spool is in use sees what was taken into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import structlog

from streams.records import Token
from streams.sealing import Unreadable
from streams.store import Store, Unreachable

log = structlog.get_logger()

T = TypeVar("T")
PATIENCE = 1.5
"""Seconds that somebody who presses waits for the store, before the spool takes it."""


class Intake(Protocol):
    """Takes what must never be refused."""

    async def write(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int = 2, *, about: str | None = None
    ) -> T:
        """Runs `work` where it can be kept now; returns its result once that is durable."""
        ...

    async def read(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on what was taken."""
        ...

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do. Raises `Unreachable` where that cannot be known now."""
        ...


class PostedStore(Store, Protocol):
    """A store that may be out of reach."""

    def suspect(self) -> None:
        """Somebody waited in vain: it counts as away until the next look."""


class SpoolingIntake:
    """The store, and the spool beside it. `begun` is called when the spool takes something over."""

    def __init__(self, store: PostedStore, spool: Store, begun: Callable[[], None]) -> None:
        self._store = store
        self._spool = spool
        self._begun = begun
        self._writing = 0
        self.spooling = False
        """Whether the spool takes everything now."""

    async def write(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], lane: int = 2, *, about: str | None = None
    ) -> T:
        """Runs `work` in the store, else in the spool."""
        if self._store.up and not self.spooling:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._store.write(work, lane, about=about)
            except (Unreachable, TimeoutError) as error:
                self._store.suspect()
                log.warning("the spool takes over", action="spooled", why=type(error).__name__)
        self.begin()
        self._writing += 1
        try:
            return await self._spool.write(work, lane)
        except Unreadable as error:
            # The copy is not complete yet, and she is not in it.
            raise Unreachable("this person is not in the copy") from error
        finally:
            self._writing -= 1

    async def read(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on the store, else on the spool and the copy in it."""
        if self._store.up and not self.spooling:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._store.read(work)
            except (Unreachable, TimeoutError):
                self._store.suspect()
        return await self._spool.read(work)

    async def token(self, hashed: bytes) -> Token | None:
        """By the store; by the copy where the store is out of reach. One that the copy lacks may be good: not known."""
        if self._store.up:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._store.token(hashed)
            except (Unreachable, TimeoutError):
                # Whoever has waited for this once does not wait again for the press itself.
                self._store.suspect()
        known = await self._spool.token(hashed)
        if known is None:
            raise Unreachable("this token is not in the copy")
        return known

    def begin(self) -> None:
        """From now on the spool takes everything."""
        if not self.spooling:
            self.spooling = True
            self._begun()

    def end(self) -> bool:
        """The spool is empty: the store takes everything again, unless something is being spooled just now."""
        if self._writing:
            return False
        self.spooling = False
        return True
