"""Why a rule of a schedule cannot be kept."""

from __future__ import annotations


class RuleMistake(ValueError):
    """A rule that cannot be read, or that cannot come true; `field` says which part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
