"""The policy as data: the default one, recipients and durations."""

from __future__ import annotations

import msgspec
import pytest

from alerts.policy import (
    DEFAULT_POLICY,
    Policy,
    Recipient,
    Repeat,
    format_duration,
    is_name,
    parse_duration,
    parse_recipient,
)

MINUTE = 60_000


def test_default_policy_tells_dispatch_and_two_contacts_then_everybody_then_the_last_resort() -> None:
    """Without a policy of one's own: 10 s window, three steps, the first repeated every 2 min three times."""
    assert DEFAULT_POLICY.cancel_window_ms == 10_000
    told = [(step.after_ms, [str(recipient) for recipient in step.notify]) for step in DEFAULT_POLICY.steps]
    assert told == [
        (0, ["dispatch", "contact:1", "contact:2"]),
        (3 * MINUTE, ["contacts"]),
        (6 * MINUTE, ["last_resort"]),
    ]
    assert [step.repeat for step in DEFAULT_POLICY.steps] == [Repeat(every_ms=2 * MINUTE, times=3), None, None]


def test_default_policy_goes_on_until_the_incident_is_resolved() -> None:
    """After the last step dispatch and the last resort are told every 10 min, the contacts at most hourly."""
    tail = DEFAULT_POLICY.tail
    assert [str(recipient) for recipient in tail.notify] == ["dispatch", "last_resort"]
    assert (tail.every_ms, tail.contacts_every_ms) == (10 * MINUTE, 60 * MINUTE)


def test_default_policy_leaves_staff_steps_running_when_a_contact_answers() -> None:
    """A contact's answer holds the contacts' steps only, unless a policy says otherwise."""
    assert DEFAULT_POLICY.contacts_hold == "contacts"


def test_a_policy_survives_being_snapshotted() -> None:
    """What an incident keeps of its policy is read back as the same policy."""
    assert msgspec.json.decode(msgspec.json.encode(DEFAULT_POLICY), type=Policy) == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("dispatch", Recipient("dispatch")),
        ("contacts", Recipient("contacts")),
        ("contact:1", Recipient("contact", 1)),
        ("contact:99", Recipient("contact", 99)),
        ("last_resort", Recipient("last_resort")),
        ("team:advocates", Recipient("team", name="advocates")),
        ("team:equipo de noche", Recipient("team", name="equipo de noche")),
        ("webhook:county-911", Recipient("webhook", name="county-911")),
        ("webhook:a:b", Recipient("webhook", name="a:b")),
    ],
)
def test_recipients_are_read_as_they_are_written(text: str, recipient: Recipient) -> None:
    """Every kind of recipient has one spelling, which it is read from and written as."""
    assert parse_recipient(text) == recipient
    assert str(recipient) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("dispach", "write dispatch"),
        ("Dispatch", "write dispatch"),
        ("last-resort", "write last_resort"),
        ("contact", "contact:1"),
        ("contact:0", "contact:1"),
        ("contact:01", "contact:1"),
        ("contact:100", "contact:99"),
        ("contact:\u0661", "contact:1"),
        ("contact: 1", "contact:1"),
        ("contact:1\n", "contact:1"),
        ("team:", "team:NAME"),
        ("team:a  b", "team:NAME"),
        ("team:a/b", "team:NAME"),
        ("webhook:" + "x" * 65, "webhook:NAME"),
        ("dispatch:", "write dispatch"),
        ("", "there are dispatch"),
        ("the whole town", "there are dispatch"),
    ],
)
def test_an_unknown_recipient_is_told_what_was_probably_meant(text: str, hint: str) -> None:
    """Nothing but the known spellings is a recipient, and a slip is answered with the right one."""
    with pytest.raises(ValueError, match=hint):
        parse_recipient(text)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0s", 0),
        ("90s", 90_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),  # 60 + 30 min
        ("1h1m1s", 3_661_000),
        ("24h", 86_400_000),
        ("1h5s", 3_605_000),
        ("05m", 300_000),
    ],
)
def test_durations_are_hours_minutes_and_seconds(text: str, ms: int) -> None:
    """A duration names hours, minutes and seconds, in this order, each at most once."""
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 m", "5M", "1m1h", "1m1m", "-5m", "1.5h", "5ms", "1d", "\u0665m", "5m\n"]
)
def test_what_is_not_written_like_a_duration_is_none(text: str) -> None:
    """A text of any other form is not a duration."""
    assert parse_duration(text) is None


@pytest.mark.parametrize(("ms", "text"), [(0, "0s"), (90_000, "1m30s"), (5_400_000, "1h30m"), (3_605_000, "1h5s")])
def test_durations_are_written_with_the_largest_units(ms: int, text: str) -> None:
    """A duration is written in its shortest form and reads back as itself."""
    assert format_duration(ms) == text
    assert parse_duration(text) == ms


@pytest.mark.parametrize("ms", [-1000, 1, 1500])
def test_a_duration_that_cannot_be_written_is_refused(ms: int) -> None:
    """Only whole seconds from zero on can be written."""
    with pytest.raises(ValueError, match="cannot be written"):
        format_duration(ms)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("at-once", True),
        ("Night shift 2", True),
        ("Mañana", True),
        ("夜間", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        (" a", False),
        ("a ", False),
        ("a\n", False),
        ("a/b", False),
        ("a\u0007", False),
        ("a\ud800", False),
    ],
)
def test_names_can_stand_in_an_address(text: str, allowed: bool) -> None:
    """A name is words with single blanks, without slash or control character, of at most 64 characters."""
    assert is_name(text) is allowed
