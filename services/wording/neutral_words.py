"""Languages in which neutral words and replies alone are written, not yet signed by somebody who grew up with them.

`neutral/LANGUAGE.json` is what a translator edits; `reviewed_by` names who signed, and when. Until somebody has, what
is said in such a language is said in English as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from services.wording.catalogue import FALLBACK, PLACEHOLDER, known_language, say
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


class Line(msgspec.Struct, frozen=True):
    """Words in one language: a voice reads them in its own."""

    language: str
    words: str


def line_in(wish: str, part: str, key: str, /, **values: Any) -> Line:
    """The words for a key in a language of the catalogue."""
    return Line(known_language(wish), say(wish, part, key, **values))


def lines_to_contact(wish: str, part: str, key: str, /, **values: Any) -> tuple[Line, ...]:
    """What is said back to a contact: in their language, and in English where that is only neutral words."""
    words = neutral_words(wish)
    if words is None:
        return (line_in(wish, part, key, **values),)
    return Line(words.language, words.say(key, **values)), line_in(FALLBACK, part, key, **values)


def needed(lines: Iterable[Line], can: Callable[[str], bool] = lambda _: True) -> tuple[Line, ...]:
    """The lines in languages that *can* be brought; English after another only until somebody has signed that."""
    able = tuple(line for line in lines if can(line.language))
    known = neutral_languages()
    signed = any(known[line.language].reviewed_by for line in able if line.language in known)
    return tuple(line for line in able if not signed or line.language != FALLBACK)


def written(lines: Iterable[Line]) -> str:
    """The lines as a message holds them: one language after the other."""
    by_language: dict[str, list[str]] = {}
    for line in needed(lines):
        by_language.setdefault(line.language, []).append(line.words)
    return " / ".join(" ".join(words) for words in by_language.values())


def say_to_contact(wish: str, part: str, key: str, /, **values: Any) -> str:
    """The same, as it is written."""
    return written(lines_to_contact(wish, part, key, **values))
