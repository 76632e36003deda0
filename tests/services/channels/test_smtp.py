"""E-mail through a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.channels.smtp import SmtpChannel
from services.settings import Smtp
from streams.channel import OutgoingMessage, Refused, Retry, Sent
from tests.services.town import Town, until


class Mailbox:
    """What the mail server does with mail."""

    def __init__(self) -> None:
        self.mails: list[Message[Any, Any]] = []
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes or refuses a recipient."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps a mail."""
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.original_content or b""))
        return "250 OK"


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, Smtp]]:
    """A mail server on loopback."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, Smtp(host="127.0.0.1", port=port, sender="hello@harbour.example")
    controller.stop()


def message(address: str = "ana@example.org") -> OutgoingMessage:
    """A mail with accents."""
    return OutgoingMessage(
        delivery="0190d5ff",
        incident="i-1",
        kind="alert",
        address=address,
        subject="Mía: por favor, lea esto",
        text="Mía activó la alarma, 18:00.",
        language="es",
        link="https://porchlight.test/alert#abc",
        at="2026-11-24T18:00:00Z",
    )


async def test_a_mail_arrives_as_it_was_meant(mailbox: tuple[Mailbox, Smtp]) -> None:
    """Subject, words, link, one id for all tries; several over one connection."""
    box, settings = mailbox
    channel = SmtpChannel(settings)
    assert await channel.send(message()) == Sent()
    assert await channel.send(message("ben@example.org")) == Sent()
    await channel.close()
    first, second = box.mails
    assert first["Subject"] == "Mía: por favor, lea esto"
    assert first["Message-ID"] == second["Message-ID"] == "<0190d5ff@harbour.example>"
    assert (first["From"], first["To"]) == ("hello@harbour.example", "ana@example.org")
    assert first["Auto-Submitted"] == "auto-generated"
    text = first.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert text.decode().replace("\r\n", "\n") == "Mía activó la alarma, 18:00.\n\nhttps://porchlight.test/alert#abc\n"


async def test_a_recipient_who_does_not_exist_is_refused_and_a_full_one_tried_again(
    mailbox: tuple[Mailbox, Smtp],
) -> None:
    """5xx never, 4xx later."""
    box, settings = mailbox
    box.refuse = {"gone@example.org": "550 no such user", "full@example.org": "452 full"}
    channel = SmtpChannel(settings)
    assert isinstance(await channel.send(message("gone@example.org")), Refused)
    assert isinstance(await channel.send(message("full@example.org")), Retry)
    assert await channel.send(message()) == Sent()
    await channel.close()


async def test_a_server_that_is_away_is_tried_again() -> None:
    """And one that comes back is used."""
    channel = SmtpChannel(Smtp(host="127.0.0.1", port=1, sender="a@b.example"))
    assert isinstance(await channel.send(message()), Retry)
    await channel.close()


@pytest.mark.parametrize("address", ["ana", "a b@example.org", "<ana@example.org>", "a@b, c@d", "@x", ""])
def test_what_is_no_address_is_said_when_it_is_entered(address: str) -> None:
    """Nor does it get into a header."""
    assert SmtpChannel(Smtp(host="x", port=1, sender="a@b")).objection(address)


async def test_a_press_reaches_a_mailbox(tmp_path: Path, mailbox: tuple[Mailbox, Smtp]) -> None:
    """From the button to the mail."""
    box, settings = mailbox
    town = Town(tmp_path / "data")
    await town.open(smtp=settings, alarm=("mailto:operator@harbour.example",))
    try:
        await town.agency(dispatch=[{"channel": "email", "address": "desk@harbour.example"}])
        person = await town.person(known_as="Mia")
        await town.contact(person, "Ana", methods=[{"channel": "email", "address": "ana@example.org"}])
        await town.press(await town.phone(person), immediate=True)
        mails = {mail["To"]: mail for mail in box.mails}
        assert set(mails) == {"ana@example.org", "desk@harbour.example"}
        assert mails["ana@example.org"]["Subject"] == "Mia: please read"
        assert {d["state"] for d in (await town.incident())["deliveries"]} == {"sent"}

        town.assembly.alarm.ring("test")

        async def rung() -> bool:
            return any(mail["To"] == "operator@harbour.example" for mail in box.mails)

        await until(rung, "the operator never heard")
    finally:
        await town.close()
