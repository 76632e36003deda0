"""`porchlight policy check`, `simulate` and `schema`: what a policy leaves open, who would be told when, its form."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from alerts.plan_holes import holes
from alerts.policy import Policy, parse_duration
from alerts.policy_document import PolicyMistakes
from alerts.policy_schema import POLICY_SCHEMA
from alerts.policy_simulation import simulate, stand_in
from alerts.policy_text import read_policy
from services.bad_setting import BadSetting
from services.clock import SystemClock

WRONG_FILE = 2


def check(given: argparse.Namespace) -> int:
    """0 without a hole, 1 with one, 2 where the file is no policy."""
    policy = _read(given)
    if policy is None:
        return WRONG_FILE
    within = parse_duration(given.within)
    if within is None:
        raise BadSetting(f"--within is a duration such as 90s or 2m, not {given.within!r}")
    found = holes(stand_in(policy, given.contacts), SystemClock().now(), timedelta(milliseconds=within))
    if given.json:
        _show({"holes": [{**msgspec.to_builtins(hole), "text": hole.text} for hole in found]})
    elif not found:
        print(f"{policy.name}: no hole, with {given.contacts} confirmed contacts")
    for hole in found if not given.json else ():
        place = f"step {hole.step}: " if hole.step is not None else ""
        print(f"{place}{hole.text}")
    return 1 if found else 0


def run_simulation(given: argparse.Namespace) -> int:
    """0, or 2 where the file is no policy."""
    policy = _read(given)
    if policy is None:
        return WRONG_FILE
    at = _instant(given.at) if given.at is not None else SystemClock().now()
    found = simulate(stand_in(policy, given.contacts), at, trigger=given.trigger, dead=given.dead, asleep=given.asleep)
    if given.json:
        _show(found)
        return 0
    for told in found.timeline:
        minutes, seconds = divmod(round(told.after_seconds), 60)
        print(f"{minutes:3}:{seconds:02}  step {told.step}  {told.recipient:12} {told.channel:8} {told.outcome}")
    first = f"{found.first_told_seconds:.0f} s" if found.first_told_seconds is not None else "never"
    print(f"first told: {first}; nobody reached: {', '.join(found.untold) or 'none'}")
    return 0


def print_schema(_given: argparse.Namespace) -> int:
    """0."""
    print(msgspec.json.format(msgspec.json.encode(POLICY_SCHEMA), indent=2).decode())
    return 0


def _read(given: argparse.Namespace) -> Policy | None:
    path: Path = given.file
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path} cannot be read: {error}") from error
    try:
        return read_policy(text)
    except PolicyMistakes as wrong:
        mistakes = [{"line": m.line, "column": m.column, "text": m.text} for m in wrong.mistakes]
        if given.json:
            _show({"mistakes": mistakes})
        for mistake in mistakes if not given.json else ():
            print(f"{path}:{mistake['line']}:{mistake['column']}: {mistake['text']}", file=sys.stderr)
        return None


def _instant(given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadSetting(f"--at is an instant such as 2026-11-29T03:10:00-06:00, not {given!r}") from error
    if at.tzinfo is None:
        raise BadSetting("--at needs a time zone, such as 2026-11-29T03:10:00-06:00")
    return at.astimezone(UTC)


def _show(value: Any) -> None:
    print(msgspec.json.encode(value).decode())
