"""After six messages in an hour, one call; whoever cannot be rung goes on being written to."""

from __future__ import annotations

import msgspec

from alerts.care_plan import MethodRef
from alerts.policy import DEFAULT_POLICY, Repeat
from tests.alerts.town import Mia, plan_with

TEXT, PHONE = MethodRef("text", "sms"), MethodRef("phone", "voice")


def told_every(minutes: int, *methods: MethodRef) -> list[tuple[str, ...]]:
    """By which channels the desk is told, time after time, for two hours."""
    step = msgspec.structs.replace(DEFAULT_POLICY.steps[0], repeat=Repeat(every_ms=minutes * 60_000, times=40))
    policy = msgspec.structs.replace(DEFAULT_POLICY, steps=(step,))
    her = Mia(plan_with(0, policy=policy, dispatch=methods))
    her.press(window=None)
    her.wait(hours=2)
    desk = [notice for notice in her.notices if notice.recipient == "dispatch"]
    return [tuple(method.channel for method in notice.methods) for notice in desk]


def test_the_seventh_message_in_an_hour_is_a_call_and_the_count_begins_anew() -> None:
    """By the phone alone: nobody reads a seventh text who did not read six."""
    both, ring = ("sms", "voice"), ("voice",)
    assert told_every(5, TEXT, PHONE)[:15] == [*[both] * 6, ring, *[both] * 6, ring, both]


def test_what_comes_slowly_is_no_flood() -> None:
    """Six in an hour and a half."""
    assert set(told_every(15, TEXT, PHONE)) == {("sms", "voice")}


def test_whoever_has_no_phone_that_rings_is_told_all_the_same() -> None:
    """No plan falls silent."""
    assert set(told_every(5, TEXT)) == {("sms",)}
