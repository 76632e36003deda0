"""E-mail through the operator's mail server (RFC 5321), over a few connections that are kept open."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
import msgspec

from services.settings import Smtp
from streams.channel import Outcome, OutgoingMessage, Refused, Retry, Sent

WITHIN = 10.0
KEPT_OPEN = 4
ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")


class SmtpChannel:
    """Hands messages to a mail server; that it took one over is not yet that it arrived."""

    name = "email"
    shared = True

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._idle: deque[aiosmtplib.SMTP] = deque()

    def objection(self, address: str) -> str | None:
        """Why this address can never be reached, or None when it may be."""
        return None if ADDRESS.fullmatch(address) and len(address) <= 254 else "is not an e-mail address"

    async def send(self, message: OutgoingMessage) -> Outcome:
        """One try."""
        try:
            client = await self._client()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Retry(f"mail server not reached ({type(error).__name__})", down=True)
        try:
            mail = as_mail(message, self._settings.sender)
            await client.send_message(mail, sender=message.bounces_to)
        except aiosmtplib.SMTPRecipientsRefused as error:
            client.close()
            codes = [refused.code for refused in error.recipients]
            return Refused(f"recipient refused ({codes[0]})") if min(codes) >= 500 else Retry(f"not now ({codes[0]})")
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            why = f"mail server said {error.code}"
            return Refused(why) if 500 <= error.code < 600 and error.code not in {530, 535} else Retry(why)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            return Retry(f"mail server broke off ({type(error).__name__})", down=True)
        except BaseException:
            client.close()
            raise
        if len(self._idle) < KEPT_OPEN:
            self._idle.append(client)
        else:
            client.close()
        return Sent()

    async def close(self) -> None:
        """Says goodbye to the server."""
        while self._idle:
            self._idle.pop().close()

    async def _client(self) -> aiosmtplib.SMTP:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
        server = self._settings
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            timeout=WITHIN,
        )
        await client.connect()
        return client


def as_mail(message: OutgoingMessage, sender: str) -> EmailMessage:
    """The message as a mail. Its id stays the same on every try, so that a mailbox can drop the second."""
    mail = EmailMessage()
    mail["From"] = sender
    name, _, domain = message.address.rpartition("@")
    mail["To"] = Address(username=name, domain=domain)
    mail["Subject"] = message.subject
    if message.reply_to is not None:
        mail["Reply-To"] = message.reply_to
    mail["Message-ID"] = f"<{message.delivery}@{sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(msgspec.convert(message.at, type=datetime, strict=False))
    mail["Content-Language"] = message.language
    # RFC 3834: no out-of-office answers, please.
    mail["Auto-Submitted"] = "auto-generated"
    body = f"{message.text}\n\n{message.link}\n" if message.link else f"{message.text}\n"
    mail.set_content(body)
    return mail
