"""Between rows and values: instants, sealed documents."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from streams.sqlite.keys import KeyRing

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ENCODER = msgspec.json.Encoder()
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def micros(at: datetime) -> int:
    """Whole microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def instant(value: int) -> datetime:
    """The instant again."""
    return EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """The instant again, or None."""
    return None if value is None else instant(value)


def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """A decoder for this type, made once."""
    found = _DECODERS.get(kind)
    if found is None:
        found = _DECODERS[kind] = msgspec.json.Decoder(kind)
    return found


class Sealed:
    """What every part of the store shares: the connection, and documents sealed under their subject's key."""

    def __init__(self, connection: sqlite3.Connection, keys: KeyRing) -> None:
        self.connection = connection
        self.keys = keys
        self.execute = connection.execute
        self.many = connection.executemany

    def seal(self, subject: str, value: Any, place: str) -> bytes:
        """`value` as a sealed document."""
        return self.keys.of(subject).seal(ENCODER.encode(value), place)

    def open(self, subject: str, sealed: bytes, place: str, kind: type[T]) -> T:
        """The document again."""
        value: T = decoder(kind).decode(self.keys.of(subject).open(sealed, place))
        return value
