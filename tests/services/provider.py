"""A provider of texts on this machine, that speaks Twilio's documented REST interface; slow, broken or lying."""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec
from aiohttp import web

from services.settings import Twilio
from services.twilio_signature import TEXT_PATH, signature

ACCOUNT, TOKEN, SENDER = "AC0123456789abcdef0123456789abcdef", "a-token-of-the-account", "+13125550100"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was handed over."""

    sid: str
    to: str
    sender: str
    body: str
    callback: str


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was asked for."""

    sid: str
    to: str
    sender: str
    url: str
    fallback: str
    callback: str


class Provider:
    """Takes texts; what is to happen with those to a number is said beforehand."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.rung: list[Rung] = []
        self.tries: list[str] = []
        self.taken = 0
        self.refuses: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {}
        """Status, body and headers for a number."""
        self.hanging: set[str] = set()
        self.down = False
        self.asked: list[str] = []
        self.became: dict[str, dict[str, Any]] = {}
        """What is said of a text or call when it is asked about, by its sid."""
        self._release = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""

    @property
    def settings(self) -> Twilio:
        """The account here."""
        return Twilio(account=ACCOUNT, token=TOKEN, sender=SENDER, caller=SENDER, url=self.url)

    async def start(self) -> None:
        """Listens."""
        app = web.Application()
        app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self._take)
        app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", self._ring)
        for resource in ("Messages", "Calls"):
            app.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/{resource}/{{sid}}.json", self._say)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stops."""
        self._release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def to(self, number: str) -> list[Text]:
        """What was handed over for this number."""
        return [text for text in self.texts if text.to == number]

    async def _take(self, request: web.Request) -> web.Response:
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        form = await request.post()
        number = str(form["To"])
        self.tries.append(number)
        if self.down:
            return web.json_response({"code": 20500, "message": "Internal error", "status": 500}, status=500)
        if number in self.hanging:
            await self._release.wait()
        if number in self.refuses:
            status, body, headers = self.refuses[number]
            return web.json_response(body, status=status, headers=headers)
        sid = f"SM{len(self.texts):032x}"
        callback = str(form.get("StatusCallback", ""))
        text = Text(sid=sid, to=number, sender=str(form["From"]), body=str(form["Body"]), callback=callback)
        self.texts.append(text)
        return web.json_response({"sid": sid, "status": "queued", "to": number, "error_code": None}, status=201)

    async def _say(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        self.asked.append(sid)
        return web.json_response({"sid": sid, "status": "queued", **self.became.get(sid, {})})

    async def _ring(self, request: web.Request) -> web.Response:
        form = await request.post()
        sid = f"CA{len(self.rung):032x}"
        rung = Rung(
            sid=sid,
            to=str(form["To"]),
            sender=str(form["From"]),
            url=str(form["Url"]),
            fallback=str(form["FallbackUrl"]),
            callback=str(form["StatusCallback"]),
        )
        self.rung.append(rung)
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    async def asks(self, service: str, rung: Rung, url: str | None = None, digits: str = "") -> tuple[int, str]:
        """Somebody has picked up, or pressed a key: status, and what is to be said."""
        form = {"CallSid": rung.sid, "AccountSid": ACCOUNT, "CallStatus": "in-progress"}
        if digits:
            form["Digits"] = digits
        parts = urlsplit(url or rung.url)
        signed = f"{urlsplit(rung.url).scheme}://{urlsplit(rung.url).netloc}{parts.path}?{parts.query}"
        return await self._post(service, f"{parts.path}?{parts.query}", signed, form, TOKEN)

    async def ends(self, service: str, rung: Rung, how: str) -> int:
        """The call has ended."""
        form = {"CallSid": rung.sid, "AccountSid": ACCOUNT, "CallStatus": how}
        parts = urlsplit(rung.callback)
        status, _ = await self._post(service, f"{parts.path}?{parts.query}", rung.callback, form, TOKEN)
        return status

    async def tells(self, service: str, text: Text, state: str, *, token: str = TOKEN, **more: str) -> int:
        """Calls back how far a text has come; the status that it was answered with."""
        form = {"MessageSid": text.sid, "MessageStatus": state, "AccountSid": ACCOUNT, "To": text.to, **more}
        parts = urlsplit(text.callback)
        status, _ = await self._post(service, f"{parts.path}?{parts.query}", text.callback, form, token)
        return status

    async def texts_us(
        self, service: str, public_url: str, number: str, body: str, *, sid: str | None = None, token: str = TOKEN
    ) -> tuple[int, str]:
        """Somebody texts; status and what comes back. With the same `sid` it is the same text again."""
        self.taken += 1
        sid = sid or f"SMin{self.taken}"
        form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": number, "To": SENDER, "Body": body, "NumMedia": "0"}
        return await self._post(service, TEXT_PATH, f"{public_url}{TEXT_PATH}", form, token)

    async def _post(
        self, service: str, path: str, signed_url: str, form: dict[str, str], token: str
    ) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(token, signed_url, form.items()),
        }
        async with (
            aiohttp.ClientSession() as http,
            http.post(service + path, data=urlencode(form), headers=headers) as answer,
        ):
            return answer.status, await answer.text()
