"""What a setting that cannot be used raises."""

from __future__ import annotations

PREFIX = "PORCHLIGHT_"


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says what it should be."""
