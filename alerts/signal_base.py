"""What every signal carries, and the words that signals share."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Verdict = Literal["none", "pin", "duress"]
"""What the PIN said: `none` where the person has no PIN, `duress` for the twin."""

Job = Literal["rings_emergency", "fetches_children", "stays_by_phone"]
"""What a trusted contact does when they can help, as agreed beforehand."""
TriggerKind = Literal["duress", "panic", "missed_check_in", "zone", "contact_lost", "fault"]
ContactReply = Literal["can_help", "cannot", "on_my_way", "call_me"]
Worry = Literal["standing_still", "turned_away", "no_contact", "battery_low"]
"""What makes a journey odd."""
Question = Literal["zone_expected", "contact_lost", "journey_odd"]
"""Why she is asked whether all is well."""


class Fix(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One position: degrees (WGS 84), accuracy in metres, speed in metres a second, battery from 0 to 1.

    `clock_wrong`: its sender's clock was ahead, so `at` is only when it came in.
    """

    latitude: float
    longitude: float
    at: datetime
    received_at: datetime
    accuracy: float | None = None
    speed: float | None = None
    battery: float | None = None
    clock_wrong: bool = False


class SignalBase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every signal carries."""

    id: str
    person: str
    at: datetime
    received_at: datetime
    sequence: int | None = None
    version: int = 1
