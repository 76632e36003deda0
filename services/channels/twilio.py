"""Text messages through Twilio's REST interface, or whatever speaks it.

One POST a message (https://www.twilio.com/docs/messaging/api/message-resource); what becomes of it comes back by a
callback that names the delivery. A number that has opted out, that is wrong, or that cannot take texts is never tried
again; a busy or broken provider is.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec

from services.phone_number import as_dialled, objection_to_text
from services.settings import Twilio
from services.twilio_signature import STATUS_PATH
from streams.channel import Outcome, OutgoingMessage, Refused, Retry, Sent

WITHIN = aiohttp.ClientTimeout(total=10, connect=5)
CONNECTIONS = 64
ANSWER_READ = 65_536
VALID_FOR_S = 600
"""An alarm that a carrier could not bring for so long is brought by a newer one."""
NOT_NOW = frozenset({408, 425, 429})
NEVER = {
    21211: "not a number",
    21214: "not reachable",
    21610: "opted out",
    21612: "not reachable from our number",
    21614: "takes no texts",
    21408: "a country that is not switched on",
}
"""Twilio's codes after which the same message to the same number cannot succeed."""


class _Answer(msgspec.Struct, kw_only=True):
    sid: str | None = None
    code: int | None = None


DECODER = msgspec.json.Decoder(_Answer, strict=False)


class TwilioSms:
    """Hands texts over; that one was taken over is not yet that it arrived."""

    name = "sms"

    def __init__(self, settings: Twilio, public_url: str) -> None:
        self._settings = settings
        self._callback = f"{public_url}{STATUS_PATH}"
        self._session: aiohttp.ClientSession | None = None

    def objection(self, address: str) -> str | None:
        """Why no text can arrive at this number, or None where one may."""
        return objection_to_text(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One POST."""
        try:
            to = as_dialled(message.address)
        except ValueError:
            return Refused("not a telephone number")
        form = {
            "To": to,
            "From": self._settings.sender,
            "Body": message.text,
            "StatusCallback": f"{self._callback}?delivery={message.delivery}",
            "ValidityPeriod": str(VALID_FOR_S),
        }
        try:
            return await self._post(form)
        except TimeoutError:
            return Retry("no answer in time")
        except aiohttp.ClientError as error:
            return Retry(f"no connection ({type(error).__name__})")

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, form: dict[str, str]) -> Outcome:
        account = self._settings.account
        url = f"{self._settings.url}/2010-04-01/Accounts/{account}/Messages.json"
        async with self._open().post(url, data=form, allow_redirects=False) as answer:
            status = answer.status
            said = _read(await answer.content.read(ANSWER_READ))
            if 200 <= status < 300:
                return Sent(said.sid)
            if status in NOT_NOW or status >= 500 or status in {401, 403}:
                # Our own account's troubles pass when somebody has seen to them; nobody's number is to blame.
                return Retry(f"status {status}", _wait_for(answer.headers.get("Retry-After")))
            return Refused(NEVER.get(said.code or 0, f"refused ({said.code or status})"))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            settings = self._settings
            self._session = aiohttp.ClientSession(
                headers={"Authorization": aiohttp.encode_basic_auth(settings.account, settings.token)},
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30),
                timeout=WITHIN,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _read(raw: bytes) -> _Answer:
    try:
        return DECODER.decode(raw)
    except msgspec.MsgspecError:
        return _Answer()


def _wait_for(retry_after: Any) -> float | None:
    return float(retry_after) if isinstance(retry_after, str) and retry_after.isdigit() else None
