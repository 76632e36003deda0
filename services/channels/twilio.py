"""Texts and calls through Twilio's REST interface, or whatever speaks it.

One POST a message (https://www.twilio.com/docs/messaging/api/message-resource); what becomes of it comes back by a
callback that names the delivery. A number that has opted out, that is wrong, or that cannot take texts is never tried
again; a busy or broken provider is.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec

from services.phone_number import dialled, objection_to_ring, objection_to_text
from services.settings import Twilio
from services.twilio_progress import progress_of_call, progress_of_text
from services.twilio_signature import STATUS_PATH, VOICE_PATH
from streams.channel import Outcome, OutgoingMessage, Progress, Refused, Retry, Sent

WITHIN = aiohttp.ClientTimeout(total=10, connect=5)
CONNECTIONS = 256
ANSWER_READ = 65_536
VALID_FOR_S = 600
"""An alarm that a carrier could not bring for so long is brought by a newer one."""
RINGS_FOR_S = 25
"""Longer, and a mailbox picks up."""
NOT_NOW = frozenset({408, 425, 429})
OPTED_OUT = 21610
NEVER = {
    21211: "not a number",
    21214: "not reachable",
    OPTED_OUT: "opted out",
    21612: "not reachable from our number",
    21614: "takes no texts",
    21408: "a country that is not switched on",
}
"""Twilio's codes after which the same message to the same number cannot succeed."""


class _Answer(msgspec.Struct, kw_only=True):
    sid: str | None = None
    code: int | None = None


DECODER = msgspec.json.Decoder(_Answer, strict=False)


class TwilioAccount:
    """One account: its texts and its calls share the connections."""

    def __init__(self, settings: Twilio, public_url: str) -> None:
        self.sender = settings.sender
        self._settings = settings
        self._public_url = public_url
        self._session: aiohttp.ClientSession | None = None

    def calls_back(self, path: str, delivery: str) -> str:
        """The address that Twilio is told about this delivery."""
        return f"{self._public_url}{path}?delivery={delivery}"

    async def post(self, resource: str, form: dict[str, str]) -> Outcome:
        """One POST: taken over, not now, or never."""
        try:
            return await self._post(resource, form)
        except TimeoutError:
            return Retry("no answer in time", down=True)
        except aiohttp.ClientError as error:
            return Retry(f"no connection ({type(error).__name__})", down=True)

    async def ask(self, resource: str, reference: str) -> dict[str, Any]:
        """What became of it, in Twilio's words; nothing where no answer comes."""
        url = f"{self._settings.url}/2010-04-01/Accounts/{self._settings.account}/{resource}/{reference}.json"
        try:
            async with self._open().get(url, allow_redirects=False) as answer:
                raw = await answer.content.read(ANSWER_READ)
                found = msgspec.json.decode(raw) if answer.status == 200 else {}
                return found if isinstance(found, dict) else {}
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
            return {}

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, resource: str, form: dict[str, str]) -> Outcome:
        url = f"{self._settings.url}/2010-04-01/Accounts/{self._settings.account}/{resource}.json"
        async with self._open().post(url, data=form, allow_redirects=False) as answer:
            status = answer.status
            said = _read(await answer.content.read(ANSWER_READ))
            if 200 <= status < 300:
                return Sent(said.sid)
            if status in NOT_NOW or status >= 500 or status in {401, 403}:
                # Our own account's troubles pass when somebody has seen to them; nobody's number is to blame.
                wait = _wait_for(answer.headers.get("Retry-After"))
                return Retry(f"status {status}", wait, down=status not in NOT_NOW)
            why = NEVER.get(said.code or 0, f"refused ({said.code or status})")
            return Refused(why, opted_out=said.code == OPTED_OUT)

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


class TwilioSms:
    """Hands texts over; that one was taken over is not yet that it arrived."""

    name = "sms"
    shared = True

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account

    def objection(self, address: str) -> str | None:
        """Why no text can arrive at this number, or None where one may."""
        return objection_to_text(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One POST."""
        to = dialled(message.address)
        if to is None:
            return Refused("not a telephone number")
        form = {
            "To": to,
            "From": self._account.sender,
            "Body": message.text,
            "StatusCallback": self._account.calls_back(STATUS_PATH, message.delivery),
            "ValidityPeriod": str(VALID_FOR_S),
        }
        return await self._account.post("Messages", form)

    async def progress(self, reference: str) -> Progress | None:
        """https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource."""
        found = await self._account.ask("Messages", reference)
        return progress_of_text(str(found.get("status", "")), str(found.get("error_code") or ""))

    async def close(self) -> None:
        """Closes the account's connections."""
        await self._account.close()


class TwilioVoice:
    """Rings; what is said is asked of us when somebody picks up, and counts once a key was pressed."""

    name = "voice"
    shared = True

    def __init__(self, account: TwilioAccount, caller: str) -> None:
        self._account = account
        self._caller = caller

    def objection(self, address: str) -> str | None:
        """Why this number cannot be rung, or None where it can."""
        return objection_to_ring(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One POST: https://www.twilio.com/docs/voice/api/call-resource."""
        to = dialled(message.address)
        if to is None:
            return Refused("not a telephone number")
        form = {
            "To": to,
            "From": self._caller,
            "Url": self._account.calls_back(VOICE_PATH, message.delivery),
            # Asked for instead where no answer comes in time, or where there is no such voice.
            "FallbackUrl": self._account.calls_back(VOICE_PATH, message.delivery) + "&plain=1",
            "StatusCallback": self._account.calls_back(STATUS_PATH, message.delivery),
            "Timeout": str(RINGS_FOR_S),
        }
        return await self._account.post("Calls", form)

    async def progress(self, reference: str) -> Progress | None:
        """https://www.twilio.com/docs/voice/api/call-resource#fetch-a-call-resource."""
        return progress_of_call(str((await self._account.ask("Calls", reference)).get("status", "")))

    async def close(self) -> None:
        """Closes the account's connections."""
        await self._account.close()


def _read(raw: bytes) -> _Answer:
    try:
        return DECODER.decode(raw)
    except msgspec.MsgspecError:
        return _Answer()


def _wait_for(retry_after: Any) -> float | None:
    return float(retry_after) if isinstance(retry_after, str) and retry_after.isdigit() else None
