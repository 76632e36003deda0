"""`porchlight topics`, as an operator runs it."""

from __future__ import annotations

import pytest

from tests.cluster.ports import reserve
from tests.kafka.broker import KafkaCluster
from tests.services.test_commands import porchlight

NAMES = ("signals", "locations", "locations-last-fix", "feed")
SETTINGS = {"STORE": "postgresql://porchlight@127.0.0.1/porchlight", "MASTER_KEY": "00" * 32}


async def test_it_says_of_each_topic_what_became_of_it(kafka: KafkaCluster) -> None:
    """One line each; twice is as good as once."""
    settings = SETTINGS | {"KAFKA": kafka.servers}
    code, out, complaint = await porchlight("topics", **settings)
    assert (code, complaint) == (0, "")
    assert [line.split(": ")[0] for line in out.splitlines()] == list(NAMES)
    code, out, complaint = await porchlight("topics", "--replication", "1", **settings)
    assert (code, complaint) == (0, "")
    assert out.splitlines() == [f"{name}: there" for name in NAMES]


async def test_where_no_broker_answers_it_says_so() -> None:
    """And fails, so that a script notices."""
    server = f"127.0.0.1:{reserve(1)[0]}"
    code, out, complaint = await porchlight("topics", **SETTINGS, KAFKA=server)
    assert (code, out) == (1, "")
    assert complaint.startswith(f"porchlight: no broker answers at {server}: ConnectionRefused")
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [(["topics"], {}, "PORCHLIGHT_KAFKA"), (["topics", "--replication", "0"], {"KAFKA": "a:1"}, "--replication")],
)
async def test_called_wrongly_it_names_what_is_wrong(
    arguments: list[str], settings: dict[str, str], named: str
) -> None:
    """The setting or the option."""
    code, _, complaint = await porchlight(*arguments, **SETTINGS, **settings)
    assert code == 2
    assert named in complaint
