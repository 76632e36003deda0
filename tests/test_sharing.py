"""A process of the suite that dies takes one test with it: the others are run, and the suite ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import os
import signal

import pytest

@pytest.mark.parametrize("number", range(40))
def test_one(number):
    if number == 11:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_dies_does_not_keep_the_suite_from_ending(tmp_path: Path) -> None:
    """Thirty-nine pass, one fails, whoever runs them."""
    (tmp_path / "test_it.py").write_text(SUITE)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.sharing",
            "-p",
            "no:cacheprovider",
            "-n",
            "2",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert "1 failed, 39 passed" in done.stdout, done.stdout
