"""The marks of every test that drives a cluster."""

from __future__ import annotations

import pytest

TOGETHER = [
    # On the loop that the receivers live on. `tests/sharing.py` keeps them in one process of the suite.
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]
