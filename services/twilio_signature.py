"""How Twilio proves that a call is its own, and where it is told to call.

The signature: https://www.twilio.com/docs/usage/security#validating-requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

STATUS_PATH = "/v1/inbound/twilio/status"
VOICE_PATH = "/v1/inbound/twilio/voice"
TEXT_PATH = "/v1/inbound/twilio/sms"


def signature(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """What a form post to this address is signed with, by the account's token."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_signed(token: str, url: str, form: Iterable[tuple[str, str]], given: str | None) -> bool:
    """Whether the account has signed it."""
    return given is not None and hmac.compare_digest(signature(token, url, form), given)
