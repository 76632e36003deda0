"""Real components, for whichever test asks for them. Here, so that each is started once for all."""

from __future__ import annotations

from tests.kafka.fixtures import kafka, kafka_guarded, kafka_three
from tests.postgres.fixtures import database, postgres
from tests.sharing import pytest_xdist_make_scheduler

__all__ = ["database", "kafka", "kafka_guarded", "kafka_three", "postgres", "pytest_xdist_make_scheduler"]
