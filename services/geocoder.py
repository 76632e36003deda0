"""Finds where an address may be, by a geocoder that speaks as Nominatim does. No alert and no position waits for it.

An address tells where somebody lives: it goes to a geocoder only where the agency has named one, best its own.
The form of the answer: https://nominatim.org/release-docs/latest/api/Output/ (jsonv2).
"""

from __future__ import annotations

import aiohttp
import msgspec
import structlog

log = structlog.get_logger()

WITHIN_S = 10.0
MOST_BYTES = 200_000
MOST_PLACES = 5


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where it may be (degrees), in the geocoder's words."""

    latitude: float
    longitude: float
    words: str


class _Found(msgspec.Struct, kw_only=True):
    lat: float
    lon: float
    display_name: str = ""


DECODER = msgspec.json.Decoder(list[_Found], strict=False)


class Geocoder:
    """Asks the geocoder at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def find(self, address: str) -> list[Place] | None:
        """The likeliest places first, none where it knows none; None when it did not answer as it should."""
        query = {"q": address, "format": "jsonv2", "limit": str(MOST_PLACES)}
        headers = {"User-Agent": "Porchlight", "Accept": "application/json"}
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.get(f"{self._url}/search", params=query, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    log.warning("geocoder refused", action="geocoder_refused", status=answer.status)
                    return None
                found = DECODER.decode(await answer.content.read(MOST_BYTES))
        except (TimeoutError, aiohttp.ClientError, msgspec.MsgspecError, OSError) as error:
            # Its text may hold the address.
            log.warning("geocoder away", action="geocoder_away", why=type(error).__name__)
            return None
        return [
            Place(latitude=f.lat, longitude=f.lon, words=f.display_name)
            for f in found[:MOST_PLACES]
            if -90 <= f.lat <= 90 and -180 <= f.lon <= 180
        ]
