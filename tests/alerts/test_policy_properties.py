"""What holds for every policy and for every text."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.condition import ClockSpan, Condition
from alerts.policy import CheckInRules, Policy, Recipient, Repeat, Step, Tail, is_name, parse_recipient
from alerts.policy_text import Mistake, PolicyMistakes, read_policy, read_policy_document
from alerts.policy_writing import write_policy
from alerts.schedule import DAY_NAMES

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def durations(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least // SECOND, most // SECOND).map(lambda seconds: seconds * SECOND)


names = st.text(min_size=1, max_size=64).filter(is_name)
recipients = st.one_of(
    st.sampled_from([Recipient("dispatch"), Recipient("contacts"), Recipient("last_resort")]),
    st.integers(1, 99).map(lambda number: Recipient("contact", number)),
    st.builds(Recipient, st.sampled_from(["team", "webhook"]), st.none(), names),
)
notified = st.lists(recipients, min_size=1, max_size=20, unique=True).map(tuple)
times_of_day = st.times().map(lambda at: at.replace(second=0, microsecond=0))
conditions = st.builds(
    Condition,
    trigger=st.lists(st.sampled_from(["panic", "duress", "zone"]), max_size=3, unique=True).map(tuple),
    severity=st.lists(st.sampled_from(["extreme", "minor"]), max_size=2, unique=True).map(tuple),
    zone=st.lists(st.sampled_from(["Home", "the old flat", "學校"]), max_size=2, unique=True).map(tuple),
    local_time=st.none() | st.builds(ClockSpan, times_of_day, times_of_day),
    days=st.lists(st.sampled_from(DAY_NAMES), max_size=7, unique=True).map(tuple),
    battery_below=st.none() | st.integers(1, 100),
    presses_at_least=st.none() | st.integers(1, 50),
    language=st.lists(st.sampled_from(["es", "pt-BR", "zh"]), max_size=2, unique=True).map(tuple),
)
steps = st.builds(
    Step,
    after_ms=durations(0, DAY),
    notify=notified,
    repeat=st.none() | st.builds(Repeat, every_ms=durations(15 * SECOND, HOUR), times=st.integers(1, 100)),
    nobody_on_call=st.just(()) | notified,
    when=st.none() | conditions.filter(lambda condition: condition != Condition()),
)
policies = st.builds(
    Policy,
    name=names,
    cancel_window_ms=durations(0, 2 * MINUTE),
    lease_ms=durations(MINUTE, HOUR),
    quorum=st.integers(1, 5),
    contacts_hold=st.sampled_from(["contacts", "all"]),
    steps=st.lists(steps, min_size=1, max_size=6).map(lambda some: tuple(sorted(some, key=lambda s: s.after_ms))),
    check_in=st.builds(
        CheckInRules,
        grace_ms=durations(0, DAY),
        remind_ms=st.sets(durations(0, DAY), max_size=10).map(lambda some: tuple(sorted(some, reverse=True))),
        extend_at_most_ms=durations(0, DAY),
        ask_again_ms=durations(0, HOUR),
    ),
    tail=st.builds(
        Tail, every_ms=durations(MINUTE, HOUR), notify=notified, contacts_every_ms=durations(10 * MINUTE, DAY)
    ),
)

pieces = st.sampled_from(
    [
        *("name", "steps", "after", "notify", "repeat", "dispatch", "contact:1", "5m", "0s", "5", "on", "~", "''"),
        *(
            ": ",
            ":",
            "- ",
            "-",
            "\n",
            "\n  ",
            "\n    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            '"',
            "'",
            "#",
            "&a ",
            "*a",
            "!",
            "!!int ",
        ),
        *(
            "? ",
            "|\n",
            ">\n",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "%TAG ! !\n",
            "<<",
            "\t",
            "\r",
            "\\",
            '"\\u',
            '"\\x',
            "é",
            "\0",
        ),
    ]
)


def mistakes_of(text: str) -> tuple[Mistake, ...] | None:
    """What is wrong with a text, at least one thing, or None when it is a policy."""
    try:
        read_policy(text)
    except PolicyMistakes as refused:
        return refused.mistakes or pytest.fail("refused without a reason")
    return None


@settings(deadline=None)
@given(policies)
def test_a_policy_reads_back_as_it_was_written(policy: Policy) -> None:
    """What is written of a policy, as JSON or as a parsed value, is the same policy."""
    written = write_policy(policy)
    assert read_policy_document(written) == policy
    assert read_policy(json.dumps(written)) == policy
    assert read_policy(msgspec.json.encode(written).decode()) == policy


@given(recipients)
def test_a_recipient_reads_back_as_it_was_written(recipient: Recipient) -> None:
    """Every recipient has one spelling."""
    assert parse_recipient(str(recipient)) == recipient


@settings(deadline=None, max_examples=300)
@given(
    st.text() | st.text(alphabet=":-?{}[],&*!|>'\"%@`#~ \n\r\tab01\\xuU", max_size=60) | st.lists(pieces).map("".join)
)
@example("%YAML 9" + "9" * 5000 + ".0\n---\n")
@example("!<%ff> a")
@example('"\\ud83d"')
@example("\ud800")
@example("? - a\n? - b")
def test_any_text_is_a_policy_or_a_list_of_mistakes(text: str) -> None:
    """No text whatever gets anything but a policy or its mistakes, each within the text and safe to send."""
    mistakes = mistakes_of(text)
    for mistake in mistakes or ():
        assert mistake.line is not None
        assert mistake.column is not None
        assert 1 <= mistake.line <= len(text) + 1
        assert 1 <= mistake.column <= len(text) + 1
    assert mistakes is None or msgspec.json.encode(mistakes)


@settings(deadline=None)
@given(policies, st.data())
def test_a_damaged_policy_is_a_policy_or_a_list_of_mistakes(policy: Policy, data: st.DataObject) -> None:
    """A good document into which something was typed is read or refused, and never anything else."""
    text = json.dumps(write_policy(policy), indent=1)
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 3))
    damaged = text[:at] + data.draw(pieces) + text[at + gone :]
    mistakes_of(damaged)
