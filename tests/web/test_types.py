"""The pages' types hold: `tsc --checkJs` with the version that `package-lock.json` names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = "Node.js with npm (Debian: apt-get install nodejs npm)"


@pytest.mark.timeout(300)
def test_the_types_of_the_pages_hold() -> None:
    """As strict as it gets."""
    npm = shutil.which("npm")
    if npm is None:
        assert not os.environ.get("CI"), f"install {NODE}"
        pytest.skip(f"install {NODE}")
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        subprocess.run([npm, "ci", "--silent"], cwd=HERE, check=True, timeout=240)
    done = subprocess.run(
        [npm, "run", "--silent", "check"], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
