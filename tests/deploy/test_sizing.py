"""deploy/SIZING.md: every figure follows from its inputs, and the inputs that stand in the code are the code's."""

from __future__ import annotations

import re

import pytest

from services.web.service import HASHER
from streams.kafka.topics import TOPICS
from streams.postgres.store import CONNECTIONS
from tests.deploy.sizing import NAME, SIZES, SIZING, cells, corrected, figures, inputs, shown, worked_out

TEXT = SIZING.read_text()


def test_every_figure_follows_from_the_inputs() -> None:
    """`python -m tests.deploy.sizing --write` works them out anew."""
    assert corrected(TEXT).splitlines() == TEXT.splitlines()


def test_a_changed_input_changes_what_follows() -> None:
    """Otherwise the page would only look as if it calculated."""
    changed = TEXT.replace("| `pin_share` | 0.8 |", "| `pin_share` | 0.4 |")
    before, after = figures(TEXT), figures(corrected(changed))
    assert after["pin_cores"][1] == pytest.approx(before["pin_cores"][1] / 2, rel=0.01)
    assert after["api_processes"][1] < before["api_processes"][1]
    assert after["press_rate"] == before["press_rate"]


def test_every_input_is_used() -> None:
    """One that nothing follows from is none."""
    formulas = " ".join(row[1] for line in TEXT.splitlines() if (row := cells(line)) and NAME.fullmatch(row[0]))
    assert [name for name in inputs(TEXT) if not re.search(rf"\b{name}\b", formulas)] == []


def test_what_stands_in_the_code_is_the_codes() -> None:
    """Partitions, connections, and how dear a PIN is made."""
    given = inputs(TEXT)
    assert given["signals_partitions"] == TOPICS.signals.partitions
    assert given["locations_partitions"] == TOPICS.locations.partitions == TOPICS.last_fixes.partitions
    assert given["connections_each"] == CONNECTIONS + 2
    assert (HASHER.time_cost, HASHER.memory_cost, HASHER.parallelism) == (2, 19_456, 1)


def test_the_words_at_the_end_still_hold() -> None:
    """They are about the figures: whoever changes those reads the words again."""
    found = figures(TEXT)
    roles = ("api_processes", "worker_processes", "scheduler_processes", "postgres_cores")
    assert {found[name][SIZES.index(100_000)] for name in roles} == {2}
    large = SIZES.index(10_000_000)
    assert found["pin_cores"][large] > found["worker_cores"][large] > found["api_cores"][large]
    assert found["workers_with_signals"][large] == found["worker_processes"][large]


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (2, "2"), (0.0242, "0.0242"), (22.22, "22.2"), (166.67, "167"), (7168, "7,168")]
)
def test_numbers_are_shown_with_three_figures(number: float, text: str) -> None:
    """The inputs are not worth more."""
    assert shown(number) == text


def test_only_arithmetic_is_worked_out() -> None:
    """A page is not a program."""
    assert worked_out("max(2, ceil(people / 3))", {"people": 10}) == 4
    for formula in ("__import__('os')", "people.real", "open('x')", "'a'"):
        with pytest.raises((ValueError, KeyError)):
            worked_out(formula, {"people": 1})
