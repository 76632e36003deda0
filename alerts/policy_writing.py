"""A policy as the document that reads back to it."""

from __future__ import annotations

from typing import Any

from alerts.condition import Condition
from alerts.policy import Policy, Step, format_duration


def write_policy(policy: Policy) -> dict[str, Any]:
    """The policy as a JSON document, nothing left out; `read_policy_document` reads it back to an equal one."""
    return {
        "name": policy.name,
        "cancel_window": format_duration(policy.cancel_window_ms),
        "acknowledgement": {"lease": format_duration(policy.lease_ms), "quorum": policy.quorum},
        "contacts_hold": policy.contacts_hold,
        "steps": [_written_step(step) for step in policy.steps],
        "check_in": {
            "grace": format_duration(policy.check_in.grace_ms),
            "remind": [format_duration(ms) for ms in policy.check_in.remind_ms],
            "extend_at_most": format_duration(policy.check_in.extend_at_most_ms),
            "after_outage": {"ask_again": format_duration(policy.check_in.ask_again_ms)},
        },
        "tail": {
            "every": format_duration(policy.tail.every_ms),
            "notify": [str(recipient) for recipient in policy.tail.notify],
            "contacts_every": format_duration(policy.tail.contacts_every_ms),
        },
    }


def _written_step(step: Step) -> dict[str, Any]:
    written: dict[str, Any] = {
        "after": format_duration(step.after_ms),
        "notify": [str(recipient) for recipient in step.notify],
    }
    if step.repeat is not None:
        written["repeat"] = {"every": format_duration(step.repeat.every_ms), "times": step.repeat.times}
    if step.nobody_on_call:
        written["nobody_on_call"] = [str(recipient) for recipient in step.nobody_on_call]
    if step.when is not None:
        written["when"] = _written_condition(step.when)
    return written


def _written_condition(condition: Condition) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name in condition.__struct_fields__:
        value = getattr(condition, name)
        if value is None or value == ():
            continue
        written[name] = list(value) if isinstance(value, tuple) else str(value) if name == "local_time" else value
    return written
