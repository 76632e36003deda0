"""A policy proved before it is needed: who would be told when, and what it leaves open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plan_holes import holes
from alerts.policy import DEFAULT_POLICY, Policy
from alerts.policy_simulation import SimulatedTrigger, Simulation, simulate, stand_in
from alerts.policy_text import read_policy

AT = datetime(2026, 11, 29, 9, 10, tzinfo=UTC)


def told(found: Simulation, seconds: float) -> list[tuple[str, str, str]]:
    """Who is told at this second, how, and what comes of it."""
    return [(t.recipient, t.channel, t.outcome) for t in found.timeline if t.after_seconds == seconds]


def written(*steps: str, **fields: str) -> Policy:
    """A policy of these steps."""
    head = "".join(f"{name}: {value}\n" for name, value in {"name": "x", "cancel_window": "0s", **fields}.items())
    return read_policy(head + "steps:\n" + "".join(f"  - {step}\n" for step in steps))


class TestWho:
    """The exact timeline."""

    def test_the_default_policy(self) -> None:
        """Dispatch and two contacts when the window is over, everybody after three minutes, the last resort at six."""
        found = simulate(stand_in(DEFAULT_POLICY), AT)
        assert found.first_told_seconds == 10
        assert [who for who, _, _ in told(found, 10)] == ["dispatch", "contact:1", "contact:2"]
        assert ("contact:3", "sms", "told") in told(found, 190)
        assert [who for who, _, _ in told(found, 370) if who == "last_resort"] == ["last_resort"]
        assert found.untold == ()
        assert max(t.after_seconds for t in found.timeline) > 3000

    def test_a_dead_channel_moves_on_to_the_next(self) -> None:
        """In the same second."""
        found = simulate(stand_in(DEFAULT_POLICY), AT, dead=("sms",))
        assert told(found, 10)[:2] == [("dispatch", "sms", "failed"), ("dispatch", "email", "told")]
        assert found.first_told_seconds == 10

    def test_where_nothing_works_the_steps_are_gone_through_at_once(self) -> None:
        """Nobody waits for a step that nobody received."""
        found = simulate(stand_in(DEFAULT_POLICY), AT, dead=("sms", "email"))
        assert ("last_resort", "voice", "told") in told(found, 10)
        assert simulate(stand_in(DEFAULT_POLICY), AT, dead=("sms", "email", "voice")).first_told_seconds is None

    def test_whoever_is_asleep_does_not_count_as_told(self) -> None:
        """The message lies there."""
        found = simulate(stand_in(DEFAULT_POLICY), AT, asleep=("dispatch", "contact:1", "contact:2"))
        assert (found.first_told_seconds, found.untold) == (190, ("dispatch", "contact:1", "contact:2"))

    @pytest.mark.parametrize("trigger", ["duress", "missed_check_in", "zone"])
    def test_other_triggers_have_no_window(self, trigger: SimulatedTrigger) -> None:
        """Told at once."""
        assert simulate(stand_in(DEFAULT_POLICY), AT, trigger=trigger).first_told_seconds == 0

    @given(st.sets(st.sampled_from(["sms", "email", "voice"])), st.integers(0, 5))
    def test_whatever_fails_it_never_falls_silent(self, dead: set[str], contacts: int) -> None:
        """Somebody is tried again and again until the end."""
        found = simulate(stand_in(DEFAULT_POLICY, contacts), AT, dead=dead)
        assert found.timeline[-1].after_seconds > 3000
        later = [t.after_seconds for t in found.timeline]
        assert later == sorted(later)


class TestHoles:
    """What is left open."""

    def test_the_default_policy_has_none(self) -> None:
        """With contacts and without."""
        assert holes(stand_in(DEFAULT_POLICY), AT) == []

    @pytest.mark.parametrize(
        ("steps", "fields", "found"),
        [
            (
                ['{after: 0s, notify: ["team:night"]}', "{after: 1m, notify: [dispatch]}"],
                {},
                [("unreachable_step", 1), ("one_recipient", None)],
            ),
            (["{after: 0s, notify: [dispatch, contact:7]}"], {}, [("missing_recipient", 1), ("one_recipient", None)]),
            (["{after: 9m, notify: [dispatch, contacts]}"], {}, [("late", None)]),
            (["{after: 0s, notify: [contact:1]}"], {}, [("one_recipient", None)]),
        ],
    )
    def test_each_is_named(self, steps: list[str], fields: dict[str, str], found: list[tuple[str, int | None]]) -> None:
        """With its step, where it is about one."""
        kinds: list[Any] = [(hole.kind, hole.step) for hole in holes(stand_in(written(*steps, **fields)), AT)]
        assert kinds == found
