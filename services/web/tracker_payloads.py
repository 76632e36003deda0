"""What trackers send, as their makers document it: OwnTracks in HTTP mode, and Traccar Client's OsmAnd protocol.

- https://owntracks.org/booklet/tech/json/ and https://owntracks.org/booklet/tech/http/
- https://www.traccar.org/osmand/ (parameters, and since version 9 of the client JSON)

Read leniently: what is not known is passed over, and what is odd about speed or battery costs nobody a position. Only
a place or a time that cannot be is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from alerts.signal_base import Fix
from services.web.fixes import dated
from services.web.problems import Problem

KNOTS = 1852 / 3600
KMH = 1 / 3.6
FIXES_AT_ONCE = 1000
MILLISECONDS_FROM = 2**31 - 1
"""A count of seconds that large lies beyond 2038, so it is one of milliseconds."""
LOST_PLUS = re.compile(r"(T.*) (\d\d:?\d\d)$")
"""An offset from UTC whose plus sign was sent as it is, which in an address means a space."""
Why = Literal["nonsense", "encrypted"]


class Refused(Exception):
    """A position that cannot be taken, and the field that says why."""

    def __init__(self, field: str, message: str, why: Why = "nonsense") -> None:
        super().__init__(field)
        self.field = field
        self.message = message
        self.why = why

    def below(self, prefix: str) -> Refused:
        """The same, with where in the body it lies."""
        return Refused(f"{prefix}.{self.field}", self.message, self.why)


def decoded(raw: bytes) -> Any:
    """The JSON of a body. Raises the problem of one that is none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("bad-json", str(error)) from error


def number(value: Any, least: float, most: float) -> float | None:
    """A number within limits, also written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)


def degrees(given: Mapping[str, Any], field: str, most: int) -> float:
    """A latitude or a longitude. Raises `Refused`."""
    value = given.get(field)
    if value is None or value == "":
        raise Refused(field, "is missing")
    found = number(value, -most, most)
    if found is None:
        raise Refused(field, f"is a number of degrees from {-most} to {most}")
    return found


def moment(value: Any, field: str) -> datetime:
    """An instant in seconds or milliseconds since 1970, or as text; UTC unless it says otherwise. Raises `Refused`."""
    try:
        at = _moment(value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Refused(field, "is an instant: seconds since 1970, or 2026-11-24T21:00:00Z") from error
    return at


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            at = datetime.fromisoformat(LOST_PLUS.sub(r"\1+\2", text))
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS_FROM else value, UTC)


def owntracks_fix(given: Mapping[str, Any], now: datetime) -> Fix:
    """A message of `_type` `location`. Raises `Refused`."""
    latitude, longitude = degrees(given, "lat", 90), degrees(given, "lon", 180)
    if given.get("tst") is None:
        raise Refused("tst", "is missing")
    speed, battery = number(given.get("vel"), 0, 1e5), number(given.get("batt"), 0, 100)
    at, clock_wrong = dated(moment(given["tst"], "tst"), now)
    return Fix(
        latitude=latitude,
        longitude=longitude,
        at=at,
        received_at=now,
        clock_wrong=clock_wrong,
        accuracy=number(given.get("acc"), 0, 1e7),
        speed=speed * KMH if speed is not None else None,
        battery=battery / 100 if battery is not None else None,
    )


class OsmAndRequest(msgspec.Struct, kw_only=True):
    """A request by the OsmAnd protocol: its key, and what it carries."""

    key: str = ""
    parameters: Mapping[str, str] | None = None
    body: Any = None
    broken: Problem | None = None

    def fixes(self, now: datetime) -> tuple[list[Fix], list[Refused]]:
        """What can be taken, and what cannot. Raises the problem of a body that cannot be read at all."""
        if self.broken is not None:
            raise self.broken
        if self.parameters is not None:
            read, entries = _from_parameters, [("", self.parameters)]
        else:
            read, entries = _from_json, self._locations()
        fixes, refused = [], []
        for place, entry in entries:
            try:
                fix = read(entry, now)
            except Refused as error:
                refused.append(error.below(place) if place else error)
            else:
                fixes += [fix] if fix is not None else []
        return fixes, refused

    def _locations(self) -> list[tuple[str, Any]]:
        given = self.body.get("location") if isinstance(self.body, dict) else None
        if isinstance(given, list):
            if len(given) > FIXES_AT_ONCE:
                raise Problem("too-large", f"At most {FIXES_AT_ONCE} positions at once.")
            return [(f"location[{index}]", entry) for index, entry in enumerate(given)]
        return [("location", given)]


def osmand_request(query: Mapping[str, str], raw: bytes) -> OsmAndRequest:
    """Takes a request apart: parameters in the address, a form, or JSON."""
    form: dict[str, str] = {}
    found = OsmAndRequest()
    if raw.lstrip()[:1] in {b"{", b"["}:
        try:
            found.body = decoded(raw)
        except Problem as problem:
            found.broken = problem
    else:
        try:
            pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
        except ValueError:
            found.broken = Problem("bad-request", "The form has too many fields.")
        else:
            form = dict(reversed(pairs))
        found.parameters = {**form, **query}
    keys: list[Any] = [query.get("id"), query.get("deviceid"), form.get("id"), form.get("deviceid")]
    if isinstance(found.body, dict):
        keys.append(found.body.get("device_id"))
    found.key = next((key for key in keys if isinstance(key, str) and key), "")
    return found


def _from_parameters(given: Mapping[str, str], now: datetime) -> Fix | None:
    """A position from parameters; None where they hold none, or one that the tracker itself calls invalid."""
    if given.get("valid", "true").lower() not in {"true", "1"}:
        return None
    place: Mapping[str, str] = given
    if "location" in given:
        latitude, _, longitude = given["location"].partition(",")
        place = {"lat": latitude.strip(), "lon": longitude.strip()}
        if number(place["lat"], -90, 90) is None or number(place["lon"], -180, 180) is None:
            raise Refused("location", "is a latitude and a longitude, such as 41.88,-87.63")
    elif not {"lat", "lon"} & given.keys() and {"cell", "wifi"} & given.keys():
        return None
    speed, battery = number(given.get("speed"), 0, 1e5), number(given.get("batt"), 0, 100)
    return _fix(
        degrees(place, "lat", 90),
        degrees(place, "lon", 180),
        moment(given["timestamp"], "timestamp") if given.get("timestamp") else now,
        now,
        accuracy=number(given.get("accuracy"), 0, 1e7),
        speed=speed * KNOTS if speed is not None else None,
        battery=battery / 100 if battery is not None else None,
    )


def _from_json(given: Any, now: datetime) -> Fix | None:
    """A position as Traccar Client 9 sends it."""
    if not isinstance(given, dict) or not isinstance(given.get("coords"), dict):
        raise Refused("coords", "is missing")
    coordinates = given["coords"]
    battery = given.get("battery")
    try:
        latitude, longitude = degrees(coordinates, "latitude", 90), degrees(coordinates, "longitude", 180)
    except Refused as error:
        raise error.below("coords") from error
    at = now if given.get("timestamp") is None else moment(given["timestamp"], "timestamp")
    return _fix(
        latitude,
        longitude,
        at,
        now,
        accuracy=number(coordinates.get("accuracy"), 0, 1e7),
        speed=number(coordinates.get("speed"), 0, 1e5),
        battery=number(battery.get("level"), 0, 1) if isinstance(battery, dict) else None,
    )


def _fix(latitude: float, longitude: float, at: datetime, now: datetime, **more: float | None) -> Fix | None:
    if latitude == 0 and longitude == 0:
        # By this protocol it means that there was no place to send.
        return None
    at, clock_wrong = dated(at, now)
    return Fix(latitude=latitude, longitude=longitude, at=at, received_at=now, clock_wrong=clock_wrong, **more)
