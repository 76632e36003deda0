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
SUSPECT_AFTER = 3.0
"""Seconds without an answer after which a try counts as one of them, although it goes on: by then the next begins."""
PAUSES = (1.0, 2.0, 4.0, 5.0)
"""Seconds until the next try finds out; the last one for as long as it takes: the delay that may be added."""


class Breaker:
    """What is known about one other side; `most` is how many tries may be under way there at once."""

    def __init__(self, monotonic: Callable[[], float], most: int) -> None:
        self._monotonic = monotonic
        self._highest = most
        self.most = most
        self._failures = 0
        self._suspected = 0
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
        return not (self._failures or self._suspected or self.open) and self.most == self._highest

    @property
    def refuses(self) -> bool:
        """Whether whoever comes now is answered at once that it is silent."""
        return self.open and (self._finding_out or self._monotonic() < self._again_at)

    @property
    def again_in(self) -> float:
        """Seconds until the next try finds out whether it is back; before that none is worth making."""
        return max(0.0, self._again_at - self._monotonic())

    def lets_through(self) -> bool:
        """Whether this try may be made; whoever makes it says how it ended, by one of the others."""
        if self.refuses:
            return False
        self._finding_out = self.open
        return True

    def answered(self) -> None:
        """It answered, be it that it refused this message."""
        self._failures = self._suspected = self._pauses = 0
        self._finding_out = False
        self.most = min(self._highest, self.most + 1)

    def silent(self, after_seconds: float | None = None) -> bool:
        """It was silent or broken, whatever the message. Whether this is what shows that it is down."""
        was_open = self.open
        self._failures += 1
        self._finding_out = False
        if self._failures >= FAILURES or was_open:
            self._leave_alone(after_seconds)
        return self._failures == FAILURES

    def suspected(self) -> None:
        """A try has had no answer for so long that it may never have one."""
        self._suspected += 1
        if self._suspected >= FAILURES and not self.open:
            self._leave_alone(None)

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
