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

    # pytest-xdist 3.8 hands what a dead process had done out again, as work of no tests at all, and gives the process
    # that comes in its place a single test, which waits for one to follow: then nobody ever ends.
    def remove_node(self, node: Any) -> str | None:
        """A process has ended; the test that it died of counts as run, the others that it was given wait again."""
        undone = [
            (scope, nodeid)
            for scope, unit in self.assigned_work.pop(node).items()
            for nodeid, completed in unit.items()
            if not completed
        ]
        for scope, nodeid in undone[1:]:
            self.workqueue.setdefault(scope, {})[nodeid] = False
        for other in self.assigned_work:
            self._reschedule(other)
        return undone[0][1] if undone else None

    def schedule(self) -> None:
        """Everybody has two tests, if there are so many."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Asked for when the suite runs in several processes."""
    return Sharing(config, log)
