"""The marks of every test that drives a cluster."""

from __future__ import annotations

import pytest

TOGETHER = [
    # One after the other in one process of the suite, and on the loop that the receivers live on.
    pytest.mark.xdist_group("cluster"),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]
