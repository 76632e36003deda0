"""Twilio's words for how far a text or a call has come, whether it calls us or is asked."""

from __future__ import annotations

from streams.channel import Progress

CALLS = {
    "completed": "nobody pressed a key",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}
"""A call that has ended came to nothing, unless a key was pressed in it: then it was received before."""
TEXTS = {"sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed"}
"""All other words say nothing new."""


def progress_of_text(status: str, error: str) -> Progress | None:
    """By `MessageStatus` and `ErrorCode`."""
    state = TEXTS.get(status)
    if state is None:
        return None
    return Progress(state, f"provider error {error}" if state == "failed" and error.isdigit() else None)


def progress_of_call(status: str) -> Progress | None:
    """By `CallStatus`."""
    why = CALLS.get(status)
    return Progress("failed", why) if why is not None else None
