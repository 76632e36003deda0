"""Whether an other side (a provider, a mail server, somebody's webhook) is asked at present.

When several tries in a row found it silent or broken, whoever comes next is answered at once with "not now": so the
next method starts without waiting, and nothing piles up behind a dead provider. One try after each pause finds out
whether it is back (a circuit breaker: M. Nygard, *Release It!*, 2nd ed., ch. 5). When it asks for less, less is sent at
once: half at each refusal, one more after each success.
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
"""So many in a row, and it is left alone."""
PAUSES = (1.0, 2.0, 4.0, 5.0)
"""Seconds until the next try finds out; the last one for as long as it takes: the delay that may be added."""


class Breaker:
    """What is known about one other side; `most` is how many tries may be under way there at once."""

    def __init__(self, monotonic: Callable[[], float], most: int) -> None:
        self._monotonic = monotonic
        self._highest = most
        self.most = most
        self._failures = 0
        self._pauses = 0
        self._again_at = 0.0
        self._finding_out = False

    @property
    def open(self) -> bool:
        """Whether it is being left alone."""
        return self._pauses > 0

    @property
    def untroubled(self) -> bool:
        """Whether there is nothing to remember about it."""
        return self._failures == 0 and not self.open and self.most == self._highest

    def lets_through(self) -> bool:
        """Whether this try may be made; whoever makes it says how it ended, by one of the next four."""
        if not self.open:
            return True
        if self._finding_out or self._monotonic() < self._again_at:
            return False
        self._finding_out = True
        return True

    def answered(self) -> None:
        """It answered, be it that it refused this message."""
        self._failures = self._pauses = 0
        self._finding_out = False
        self.most = min(self._highest, self.most + 1)

    def silent(self, after_seconds: float | None = None) -> bool:
        """It was silent or broken, whatever the message. Whether this is what opened the breaker."""
        was_open = self.open
        self._failures += 1
        self._finding_out = False
        if self._failures < FAILURES and not was_open:
            return False
        self._leave_alone(after_seconds)
        return not was_open

    def overloaded(self, after_seconds: float) -> None:
        """It works, but asks to be left alone for so long."""
        self._finding_out = False
        self.most = max(1, self.most // 2)
        self._leave_alone(after_seconds)

    def nothing_learnt(self) -> None:
        """The try was not made after all, or what went wrong was our own doing."""
        self._finding_out = False

    def _leave_alone(self, after_seconds: float | None) -> None:
        wait = PAUSES[min(self._pauses, len(PAUSES) - 1)]
        if after_seconds is not None:
            wait = min(max(wait, after_seconds), PAUSES[-1])
        self._pauses += 1
        self._again_at = self._monotonic() + wait
