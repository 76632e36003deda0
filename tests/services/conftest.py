"""Fixtures of the service's stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town with the service running in it."""
    made = Town(tmp_path / "data")
    await made.open()
    try:
        yield made
    finally:
        await made.close()
