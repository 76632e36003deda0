"""The address that a mail asks to be answered at: it says which message is answered, and nobody can make it up.

`NAME+CODE@HOST` (sub-addressing, RFC 5233), where the code is base32 of the delivery's 16 bytes and a tag of 10 bytes,
keyed BLAKE2b (RFC 7693) under a key that follows from the master key. In lower case, because mail systems may change
the case, and short: a local part holds 64 characters (RFC 5321, 4.5.3.1.1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid

from streams.sealing import MasterKey

TAG = 10
CODE = 42
"""Characters of a code."""


class ReplyAddresses:
    """Makes and reads such addresses below `address`, where mail for us arrives."""

    def __init__(self, master: MasterKey, address: str) -> None:
        self._key = master.index("reply-addresses")
        self._name, _, self._host = address.rpartition("@")

    def of(self, delivery: str) -> str:
        """Where this delivery is answered; the same each time."""
        body = uuid.UUID(delivery).bytes
        code = base64.b32encode(body + self._tag(body)).decode().rstrip("=").lower()
        return f"{self._name}+{code}@{self._host}"

    def read(self, address: str) -> str | None:
        """Which delivery an answer to this address is about; None when it is not one of ours."""
        local, _, host = address.rpartition("@")
        name, _, code = local.rpartition("+")
        if (name.lower(), host.lower()) != (self._name.lower(), self._host.lower()) or len(code) != CODE:
            return None
        try:
            raw = base64.b32decode(code.upper() + "======")
        except (ValueError, binascii.Error):
            return None
        body, tag = raw[:-TAG], raw[-TAG:]
        return str(uuid.UUID(bytes=body)) if hmac.compare_digest(tag, self._tag(body)) else None

    def _tag(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=TAG, key=self._key).digest()
