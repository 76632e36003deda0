"""Languages in which neutral words and replies alone are written, not yet signed by somebody who grew up with them.

`neutral/LANGUAGE.json` is what a translator edits; `reviewed_by` names who signed, and when. Until somebody has, what
is said in such a language is said in English as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from services.wording.catalogue import PLACEHOLDER, say
from services.wording.segment import plain

RIGHT_TO_LEFT = frozenset({"ar"})
ISOLATE, END = "\u2068", "\u2069"
"""Round a name or a number in text that runs the other way (Unicode Standard Annex #9, FSI and PDI)."""
KEEPS_MARKS = frozenset({"ar", "zh", "vi"})
"""Without its marks the text would say something else, or nothing."""


class NeutralWords(msgspec.Struct, frozen=True):
    """One language."""

    language: str
    reviewed_by: str | None
    entries: Mapping[str, str]

    def say(self, key: str, **values: Any) -> str:
        """The words for a key."""
        around = (ISOLATE, END) if self.language in RIGHT_TO_LEFT else ("", "")
        return PLACEHOLDER.sub(
            lambda match: f"{around[0]}{values.get(match[1], match[0])}{around[1]}", self.entries[key]
        )


@cache
def neutral_languages() -> Mapping[str, NeutralWords]:
    """All of them, by their codes."""
    folder = resources.files("services.wording").joinpath("neutral")
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        language, dot, kind = entry.name.partition(".")
        if dot and kind == "json":
            document = msgspec.json.decode(entry.read_bytes(), type=dict[str, Any])
            found[language] = NeutralWords(language, document["reviewed_by"], document["entries"])
    return found


def neutral_words(wish: str) -> NeutralWords | None:
    """The language that is meant by `fr-CA`, `zh_CN` and so on; None where it is not one of these."""
    return neutral_languages().get(wish.replace("_", "-").split("-", maxsplit=1)[0].lower())


def in_letters_of_a_text(wish: str, words: str) -> str:
    """Without the accents that would halve a text's room; with all marks in languages that say something else then."""
    own = neutral_words(wish)
    return words if own is not None and own.language in KEEPS_MARKS else plain(words)


def say_to_contact(wish: str, part: str, key: str, /, **values: Any) -> str:
    """What is written back to a contact, in their language; in English as well until somebody has signed it."""
    words = neutral_words(wish)
    if words is None:
        return say(wish, part, key, **values)
    own = words.say(key, **values)
    return own if words.reviewed_by else f"{own} / {say('en', part, key, **values)}"
