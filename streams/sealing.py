"""Sealing: AES-256-GCM with the table, row and column as associated data, so that nothing can be moved elsewhere.

A sealed value is `key id (16 bytes) | nonce (12) | ciphertext and tag`. Each person and each organization has a key of
its own, wrapped by the deployment's master key; destroying a key makes everything under it unreadable for good.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"1"
NONCE = 12
KEY_ID = 16


class Unreadable(Exception):
    """What was sealed cannot be opened: its key was destroyed, or it was changed or moved."""


class Sealer:
    """Seals and opens values under one data key."""

    __slots__ = ("_cipher", "_id")

    def __init__(self, key_id: bytes, key: bytes) -> None:
        self._id = key_id
        self._cipher = AESGCM(key)

    def seal(self, value: bytes, place: str) -> bytes:
        """The sealed form of `value`; `place` is `table|row|column`."""
        nonce = os.urandom(NONCE)
        return self._id + nonce + self._cipher.encrypt(nonce, value, FORMAT + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The value again. Raises `Unreadable`."""
        nonce = sealed[KEY_ID : KEY_ID + NONCE]
        try:
            return self._cipher.decrypt(nonce, sealed[KEY_ID + NONCE :], FORMAT + place.encode())
        except InvalidTag as error:
            raise Unreadable(place) from error


class MasterKey:
    """Wraps data keys, and makes the hashes by which addresses and tokens are found."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the master key has 32 bytes")
        self._cipher = AESGCM(hashlib.blake2b(key, digest_size=32, person=b"porchlight-wrap").digest())
        self._index = hashlib.blake2b(key, digest_size=32, person=b"porchlight-index").digest()[:32]
        self._purposes = hashlib.blake2b(key, digest_size=32, person=b"porchlight-use").digest()
        self.pepper = hashlib.blake2b(key, digest_size=32, person=b"porchlight-pin").digest()

    def wrap(self, key_id: bytes, key: bytes) -> bytes:
        """The data key as it may be kept."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, key_id)

    def unwrap(self, key_id: bytes, wrapped: bytes) -> bytes:
        """The data key again. Raises `Unreadable` when it was wrapped by another master key."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], key_id)
        except InvalidTag as error:
            raise Unreadable("data key: not wrapped by this master key") from error

    def sealer(self, purpose: str) -> Sealer:
        """Seals what processes with the same master key tell one another; each purpose has a key of its own."""
        made = hashlib.blake2b(purpose.encode(), key=self._purposes, digest_size=KEY_ID + 32).digest()
        return Sealer(made[:KEY_ID], made[KEY_ID:])

    def index(self, value: str) -> bytes:
        """A keyed hash by which equal values are found without being kept."""
        return hmac.digest(self._index, value.encode(), "sha256")


def token_hash(token: str) -> bytes:
    """How a token is kept: 256 random bits need no slow hash (RFC 6750 leaves the form to us)."""
    return hashlib.sha256(token.encode()).digest()
