"""Links for trusted contacts: a code that says what it opens, signed, so that none has to be kept.

A code is `base64url(kind ‖ organization ‖ person ‖ contact ‖ incident ‖ tag)`: 16 bytes for each id and a tag of 16
bytes, keyed BLAKE2b (RFC 7693), under a key that follows from the master key. The code goes into the
fragment of an address, which browsers never send to a server or a referrer. What it opens is still looked up at each
use: a contact who was removed opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from typing import Literal

import msgspec

from streams.sealing import MasterKey

LinkKind = Literal["contact", "alert"]
PATHS: dict[LinkKind, str] = {"contact": "contact", "alert": "m"}
"""The addresses of the pages that they open; nothing in one says what it is about."""
KINDS: dict[LinkKind, bytes] = {"contact": b"c", "alert": b"a"}
TAG = 16
NOTHING = uuid.UUID(int=0)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a link opens: an invitation, or one incident for one contact."""

    kind: LinkKind
    organization: str
    person: str
    contact: str
    incident: str | None = None


class Links:
    """Makes and reads codes."""

    def __init__(self, master: MasterKey) -> None:
        self._key = master.index("link-codes")

    def code(self, link: Link) -> str:
        """The code of a link; the same each time."""
        ids = (link.organization, link.person, link.contact, link.incident)
        body = KINDS[link.kind] + b"".join((uuid.UUID(i) if i else NOTHING).bytes for i in ids)
        return base64.urlsafe_b64encode(body + self._tag(body)).rstrip(b"=").decode()

    def url(self, public_url: str, link: Link) -> str:
        """The whole address."""
        return f"{public_url}/{PATHS[link.kind]}#{self.code(link)}"

    def read(self, code: str) -> Link | None:
        """What the code opens; None when it is not one of ours."""
        try:
            raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        except (ValueError, binascii.Error):
            return None
        body, tag = raw[:-TAG], raw[-TAG:]
        if len(body) != 65 or not hmac.compare_digest(tag, self._tag(body)):
            return None
        ids = [uuid.UUID(bytes=body[at : at + 16]) for at in range(1, 65, 16)]
        kind: LinkKind = "contact" if body[:1] == KINDS["contact"] else "alert"
        incident = None if ids[3] == NOTHING else str(ids[3])
        return Link(kind=kind, organization=str(ids[0]), person=str(ids[1]), contact=str(ids[2]), incident=incident)

    def _tag(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=TAG, key=self._key).digest()
