"""Text messages: what fits into the first segment.

A segment holds 160 characters of the GSM 7-bit default alphabet (3GPP TS 23.038 §6.2.1, those of the extension table
count twice), or 70 of UCS-2 as soon as there is one that the alphabet does not have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
SEVEN_BIT, UCS2 = 160, 70
TYPOGRAPHIC = str.maketrans({"…": "...", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "ç": "Ç"})


def segment_room(text: str) -> int:
    """How many characters of room are left in the first segment; negative when it does not fit."""
    if all(c in BASIC or c in EXTENDED for c in text):
        return SEVEN_BIT - sum(2 if c in EXTENDED else 1 for c in text)
    return UCS2 - len(text.encode("utf-16-be")) // 2


def plain(text: str) -> str:
    """The text without accents that would cost more than half of the room, where nothing else is lost by it."""
    written = []
    for character in text.translate(TYPOGRAPHIC):
        if character in BASIC or character in EXTENDED:
            written.append(character)
            continue
        bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        written.append(bare if bare and all(c in BASIC for c in bare) else character)
    return "".join(written)


def first_fitting(candidates: Iterable[str], *, bare: bool = True) -> str:
    """The first of these, longest first, that fits into one segment; the last one cut short when none does.

    `bare` leaves out accents that would cost more than half of the room.
    """
    text = ""
    for candidate in candidates:
        text = " ".join(candidate.split())
        text = plain(text) if bare else text
        if segment_room(text) >= 0:
            return text
    while segment_room(text) < 0:
        text = text[:-1]
    return text
