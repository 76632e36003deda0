"""How words are spoken in a call: each line by a voice of its language, as TwiML's `Say`.

The voices' names: https://www.twilio.com/docs/voice/twiml/say/text-speech. None of them speaks Haitian Creole: who
wishes that hears English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import msgspec

from services.wording.neutral_words import Line, line_in, lines_to_contact, needed

PLAIN: Mapping[str, str] = {"en": 'language="en-US"', "es": 'language="es-MX"'}
"""Voices that every account has."""
VOICES: Mapping[str, str] = {
    **PLAIN,
    "ar": 'language="arb" voice="Polly.Zeina"',
    "fr": 'language="fr-FR" voice="Polly.Celine"',
    "pt": 'language="pt-BR" voice="Polly.Vitoria"',
    "vi": 'language="vi-VN" voice="Google.vi-VN-Standard-A"',
    "zh": 'language="cmn-CN" voice="Polly.Zhiyu"',
}


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """How whoever has picked up is spoken to: in the language that they *wish*.

    A *plain* one does without the voices that an account may not have: a call that failed once goes on so.
    """

    wish: str
    staff: bool
    plain: bool

    def say(self, part: str, key: str) -> str:
        """The words for a key; staff work in a language of the desk."""
        if self.staff:
            return self.speak((line_in(self.wish, part, key),))
        return self.speak(lines_to_contact(self.wish, part, key))

    def speak(self, lines: Iterable[Line]) -> str:
        """The lines that there is a voice for."""
        voices = PLAIN if self.plain else VOICES
        return "".join(
            f"<Say {voices[line.language]}>{escape(line.words)}</Say>" for line in needed(lines, voices.__contains__)
        )
