"""What goes over the broker, sealed under a key that only our processes have, and bound to the person it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zlib import crc32

import msgspec

from streams.sealing import KEY_ID, NONCE, Sealer, Unreadable

PURPOSE = "kafka"
"""Whoever publishes and whoever reads make their sealer with `MasterKey.sealer(PURPOSE)`."""

MAIL, FIXES = "signals|{}|mail", "locations|{}|fixes"


class Fixes(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person was: sealed under her own key, so that whoever has only the broker's key learns nothing."""

    organization: str
    person: str
    at: datetime
    """The instant of the newest fix in it."""
    sealed: bytes


class _Mail(msgspec.Struct, frozen=True, array_like=True):
    organization: str
    lane: Annotated[int, msgspec.Meta(ge=0, le=2)]


class _Fixes(msgspec.Struct, frozen=True, array_like=True):
    organization: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    sealed: bytes


_encode = msgspec.msgpack.Encoder().encode
_mail = msgspec.msgpack.Decoder(_Mail)
_fixes = msgspec.msgpack.Decoder(_Fixes)


def key_of(person: str) -> bytes:
    """All messages with the same key go to the same partition, and so to the same worker."""
    return person.encode()


def partition_of(key: bytes, partitions: int) -> int:
    """Which one. The libraries' own hash is in Python and costs more than all the rest of a message together."""
    return crc32(key) % partitions


def seal_mail(sealer: Sealer, organization: str, person: str, lane: int) -> bytes:
    """The message that this person has mail."""
    return sealer.seal(_encode(_Mail(organization, lane)), MAIL.format(person))


def open_mail(sealer: Sealer, key: bytes | None, value: bytes | None) -> tuple[str, str, int]:
    """Organization, person and lane. Raises `Unreadable` for anything that is not such a message of ours."""
    person, sealed = _parts(key, value)
    try:
        mail = _mail.decode(sealer.open(sealed, MAIL.format(person)))
    except msgspec.MsgspecError as error:
        raise Unreadable("mail") from error
    return mail.organization, person, mail.lane


def seal_fixes(sealer: Sealer, fixes: Fixes) -> bytes:
    """The message of where a person was."""
    inner = _encode(_Fixes(fixes.organization, fixes.at, fixes.sealed))
    return sealer.seal(inner, FIXES.format(fixes.person))


def open_fixes(sealer: Sealer, key: bytes | None, value: bytes | None) -> Fixes:
    """The fixes again. Raises `Unreadable` for anything that is not such a message of ours."""
    person, sealed = _parts(key, value)
    try:
        fixes = _fixes.decode(sealer.open(sealed, FIXES.format(person)))
    except msgspec.MsgspecError as error:
        raise Unreadable("fixes") from error
    return Fixes(organization=fixes.organization, person=person, at=fixes.at, sealed=fixes.sealed)


def _parts(key: bytes | None, value: bytes | None) -> tuple[str, bytes]:
    if not key or value is None or len(value) < KEY_ID + NONCE:
        raise Unreadable("message")
    try:
        return key.decode(), value
    except UnicodeDecodeError as error:
        raise Unreadable("message") from error
