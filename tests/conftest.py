"""Real components, for whichever test asks for them. Here, so that each is started once for all."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.kafka.fixtures import kafka, kafka_guarded, kafka_three
from tests.postgres.fixtures import database, postgres
from tests.sharing import pytest_xdist_make_scheduler

__all__ = ["database", "kafka", "kafka_guarded", "kafka_three", "postgres", "pytest_xdist_make_scheduler"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("porchlight", deadline=None)
settings.load_profile("porchlight")


class SaidAtOnce:
    """Tells what failed when it fails: a run that is cut off says it too."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Asked about each part of each test."""
        if report.failed:
            self._terminal.write_line("")
            self._terminal.write_line(f"FAILED {report.nodeid} ({report.when}, {report.duration:.1f} s)", red=True)
            self._terminal.write_line("\n".join(report.longreprtext.splitlines()[-12:]))


def pytest_sessionstart(session: pytest.Session) -> None:
    """In the process that people look at."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if not hasattr(session.config, "workerinput") and terminal is not None:
        session.config.pluginmanager.register(SaidAtOnce(terminal), "said-at-once")
