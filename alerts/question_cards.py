"""Question cards: a responder taps one, her phone shows it in her language, and she answers by a touch.

What they say is in the catalogue, translated beforehand. One lies on her phone at a time: the newest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Card = Literal[
    "somebody_with_you",
    "other_person_gone",
    "hurt",
    "children_with_you",
    "can_leave",
    "may_ring",
    "may_come",
    "at_home",
]
CardAnswer = Literal["yes", "no", "cannot_say"]


class CardOnPhone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A card that was put on her phone, and what she has answered; `id` is that of the asking."""

    id: str
    card: Card
    at: datetime
    answer: CardAnswer | None = None
