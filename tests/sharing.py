"""How the suite is shared out among its processes: what shares something costly stays in one of them, in order.

(The marks that pytest-xdist has for this do nothing under the pytest that we have.)
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/cluster/",)
"""All tests in such a folder share one thing: two clusters at a time are too much for a small machine."""

FILE_BY_FILE = ("tests/kafka/", "tests/streams/kafka/")
"""Brokers are started for the tests of one file."""


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each test to whoever is free, unless it belongs with others."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in TOGETHER:
            if nodeid.startswith(folder):
                return folder
        return nodeid.split("::", 1)[0] if nodeid.startswith(FILE_BY_FILE) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Asked for when the suite runs in several processes."""
    return Sharing(config, log)
