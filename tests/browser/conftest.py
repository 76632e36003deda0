"""A real Chromium, and the demo's service for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.visitor import Demo, Visitors

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "install Chromium (Debian: apt-get install chromium)"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, from the machine's own packages."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        assert not os.environ.get("CI"), MISSING
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        # Inside a container, and as root, Chromium cannot build its own sandbox.
        opened = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        await opened.close()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """The demo, running."""
    made = Demo(tmp_path / "data")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def visitors(browser: Browser, demo: Demo) -> AsyncIterator[Visitors]:
    """People who open pages; at the end no page may have complained."""
    made = Visitors(browser, demo)
    yield made
    await made.leave()
    assert made.complaints == []
