"""Between rows and values: instants, sealed documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from alerts.journey_progress import Progress
from alerts.person_side import PersonSide
from alerts.plan_holes import Hole
from alerts.signal_base import Fix
from alerts.signals import Signal
from alerts.situation import CheckIn, Incident, Situation, StayNear
from alerts.track import Asks, Track, WatchedZone
from streams.records import (
    Contact,
    Device,
    JournalLine,
    Journey,
    Message,
    Organization,
    Person,
    PolicyText,
    Schedule,
    Staff,
    Team,
    Token,
    Zone,
)
from streams.sealing import Sealer
from streams.sql.connection import Connection, Dialect
from streams.sql.keys import KeyRing

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ENCODER = msgspec.json.Encoder()
KEPT: tuple[Any, ...] = (
    *(Organization, Staff, Person, Contact, Device, Zone, Schedule, Team, PolicyText, Token, Message),
    list[JournalLine],
    tuple[Hole, ...],
    *(Signal, Situation, Incident, CheckIn, Fix, PersonSide, dict[str, Any]),
    *(Asks, Track, tuple[WatchedZone, ...], Journey, Progress, StayNear),
)
# Made before there is a second thread: msgspec 0.22.0 crashes when one thread learns a type while another decodes it.
DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in KEPT}


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
    """The decoder for one of the types that are kept."""
    return DECODERS[kind]


class Sealed:
    """What every part of the store shares: the connection, and documents sealed under their subject's key."""

    def __init__(self, connection: Connection, keys: KeyRing, dialect: Dialect) -> None:
        self.connection = connection
        self.keys = keys
        self.dialect = dialect
        self.rows = connection.rows
        self.row = connection.row
        self.execute = connection.execute
        self.many = connection.many
        self.each = connection.each

    async def sealer(self, subject: str) -> Sealer:
        """The sealer of a person or organization. Raises `Unreadable` when its key was destroyed."""
        known = self.keys.known(subject)
        return known if known is not None else await self.keys.find(subject)

    async def seal(self, subject: str, value: Any, place: str) -> bytes:
        """`value` as a sealed document."""
        return (await self.sealer(subject)).seal(ENCODER.encode(value), place)

    async def open(self, subject: str, sealed: bytes, place: str, kind: type[T]) -> T:
        """The document again."""
        value: T = decoder(kind).decode((await self.sealer(subject)).open(sealed, place))
        return value
