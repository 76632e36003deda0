"""Webhooks by the Standard Webhooks rules (https://www.standardwebhooks.com), kept away from internal addresses.

Where a name leads is checked at the socket, after it was resolved: an address inside the machine's own networks is
refused unless `WEBHOOK_ALLOW` names its network, whatever the name, literal or form it was given in. Outside those
networks only https is spoken. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from standardwebhooks import Webhook

from streams.channel import Delivered, Outcome, OutgoingMessage, Refused, Retry

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WITHIN = aiohttp.ClientTimeout(total=10, connect=5)
NOT_NOW = frozenset({408, 425, 429})
ANSWER_READ = 4096
CONNECTIONS = 256


class Forbidden(OSError):
    """The address lies where webhooks may not go."""


class WebhookChannel:
    """POSTs signed JSON; one try each."""

    name = "webhook"
    shared = False

    def __init__(self, allowed: Sequence[Network], now: Callable[[], datetime]) -> None:
        self._allowed = tuple(allowed)
        self._now = now
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._signers: dict[str, Webhook] = {}

    def objection(self, address: str) -> str | None:
        """Why this address can never be reached here, or None when it may be."""
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "is not an address such as https://example.org/hook"
        if parts.scheme not in {"http", "https"} or not host:
            return "is an address that begins with https://"
        if parts.username or parts.password:
            return "holds a user name or password; the signature is what proves who sent it"
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            return None
        if not self._permits(str(literal), parts.scheme):
            return "lies inside a private network; the operator can allow it with PORCHLIGHT_WEBHOOK_ALLOW"
        return None

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One signed POST."""
        now = self._now()
        body = msgspec.json.encode(
            {"type": f"alert.{message.kind}", "timestamp": message.at, "data": {**message.data, **_words(message)}}
        )
        headers = {
            "content-type": "application/json",
            "user-agent": "Porchlight",
            "webhook-id": message.delivery,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if message.secret:
            headers["webhook-signature"] = self._signer(message.secret).sign(message.delivery, now, body.decode())
        try:
            return await self._post(message.address, body, headers)
        except TimeoutError:
            return Retry("no answer in time", down=True)
        except aiohttp.ClientError as error:
            if _forbidden(error):
                return Refused("the address lies where webhooks may not go")
            if isinstance(error, aiohttp.InvalidURL):
                return Refused("the address cannot be used")
            return Retry(f"no connection ({type(error).__name__})", down=True)

    async def close(self) -> None:
        """Closes the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _post(self, address: str, body: bytes, headers: dict[str, str]) -> Outcome:
        session = self._session(urlsplit(address).scheme)
        async with session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
            status = answer.status
            # What a receiver says is of no interest, but reading it keeps the connection.
            await answer.content.read(ANSWER_READ)
            if 200 <= status < 300:
                return Delivered()
            if status in NOT_NOW or status >= 500:
                wait = self._wait_for(answer.headers.get("Retry-After"))
                return Retry(f"status {status}", wait, down=status not in NOT_NOW)
            return Refused(f"status {status}")

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        session = self._sessions.get(scheme)
        if session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS,
                ttl_dns_cache=60,
                keepalive_timeout=30,
                socket_factory=self._guard(scheme),
                loop=asyncio.get_running_loop(),
            )
            session = self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector, timeout=WITHIN, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return session

    def _guard(self, scheme: str) -> Callable[[Any], socket.socket]:
        def make(address: Any) -> socket.socket:
            family, kind, protocol, _, place = address
            if not self._permits(str(place[0]), scheme):
                raise Forbidden("outside what webhooks may reach")
            return socket.socket(family, kind, protocol)

        return make

    def _permits(self, host: str, scheme: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        inner = getattr(address, "ipv4_mapped", None) or address
        if any(inner in network for network in self._allowed if network.version == inner.version):
            return True
        return scheme == "https" and inner.is_global and not inner.is_multicast

    def _signer(self, secret: str) -> Webhook:
        signer = self._signers.get(secret)
        if signer is None:
            if len(self._signers) > 10_000:
                self._signers.clear()
            signer = self._signers[secret] = Webhook(secret)
        return signer

    def _wait_for(self, retry_after: str | None) -> float | None:
        """Seconds, from the number or the date of RFC 9110 §10.2.3."""
        if retry_after is None:
            return None
        if retry_after.isdigit():
            return float(retry_after)
        try:
            return max(0.0, (parsedate_to_datetime(retry_after) - self._now()).total_seconds())
        except (ValueError, TypeError):
            return None


def _words(message: OutgoingMessage) -> dict[str, Any]:
    words: dict[str, Any] = {"text": message.text, "language": message.language}
    return words | {"link": message.link} if message.link else words


def _forbidden(error: BaseException) -> bool:
    inner = getattr(error, "os_error", None)
    return isinstance(inner, Forbidden) or "outside what webhooks may reach" in str(inner)
