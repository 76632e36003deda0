"""Real components for tests: started, closed whatever happens; and what a machine may lack, said in one line."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import pytest


class Missing(Exception):
    """A component that is not there; the message says what to install."""


class Component(Protocol):
    """What can be started and closed, as often as one likes."""

    async def start(self) -> None:
        """Starts it and waits until it is ready. Raises when it does not get there; it wants to be closed even so."""

    async def close(self) -> None:
        """Ends all of it and removes what it wrote."""


T = TypeVar("T")
Made = TypeVar("Made", bound=Component)


def or_skip(make: Callable[[], T]) -> T:
    """What `make` makes. Where something is missing for it the test skips, and in CI it fails."""
    try:
        return make()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@asynccontextmanager
async def running(make: Callable[[], Made]) -> AsyncIterator[Made]:
    """What `make` makes, running; see `or_skip`."""
    component = or_skip(make)
    try:
        await component.start()
        yield component
    finally:
        await component.close()
