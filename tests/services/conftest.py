"""Fixtures of the service's stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.services.provider import Provider
from tests.services.town import Town


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request: pytest.FixtureRequest) -> str | None:
    """Where the town's store is: in its folder, or at this address. Every story is told on both."""
    return request.getfixturevalue("database") if request.param == "postgres" else None


@pytest.fixture
async def town(tmp_path: Path, stored: str | None) -> AsyncIterator[Town]:
    """A town with the service running in it."""
    made = Town(tmp_path / "data", stored)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def provider(town: Town) -> AsyncIterator[Provider]:
    """A provider at which the town has an account."""
    made = Provider()
    await made.start()
    await town.stop()
    town.settings = msgspec.structs.replace(town.settings, twilio=made.settings)
    await town.start()
    yield made
    await made.stop()
