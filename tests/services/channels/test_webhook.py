"""Webhooks: signed by the Standard Webhooks rules, one try each, and never to where they may not go."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from services.channels.webhook import WebhookChannel
from streams.channel import Delivered, Outcome, OutgoingMessage, Refused, Retry
from tests.services.sink import Sink

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def now() -> datetime:
    """The receiver checks the time against its own clock."""
    return datetime.now(UTC)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A receiver."""
    made = Sink()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def channel() -> AsyncIterator[WebhookChannel]:
    """A channel that may reach this machine."""
    made = WebhookChannel((ipaddress.ip_network("127.0.0.0/8"),), now)
    yield made
    await made.close()


def message(address: str) -> OutgoingMessage:
    """A message with a secret."""
    return OutgoingMessage(
        delivery="d-1",
        incident="i-1",
        kind="alert",
        address=address,
        secret=SECRET,
        text="Mia asks you to ring",
        data={"delivery": "d-1", "incident": "i-1"},
        at="2026-11-24T18:00:00Z",
    )


async def test_it_is_signed_so_that_any_library_can_verify_it(sink: Sink, channel: WebhookChannel) -> None:
    """The id is the delivery's; the body says what it is about by id."""
    assert await channel.send(message(sink.url("ana"))) == Delivered()
    (received,) = sink.received
    body = Webhook(SECRET).verify(received.body, received.headers)
    assert received.headers["webhook-id"] == "d-1"
    assert body["type"] == "alert.alert"
    assert body["data"]["delivery"] == "d-1"
    assert body["data"]["incident"] == "i-1"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Delivered) for status in (200, 204)),
        *((status, Refused) for status in (302, 400, 404, 410)),
        *((status, Retry) for status in (408, 425, 429, 500, 503)),
    ],
)
async def test_what_each_status_means(sink: Sink, channel: WebhookChannel, status: int, outcome: type[Outcome]) -> None:
    """2xx has it; what may pass is tried again; the rest never. A redirect is not followed."""
    sink.answers["ana"] = status
    assert isinstance(await channel.send(message(sink.url("ana"))), outcome)
    assert sink.to("elsewhere") == []


async def test_nobody_there_is_tried_again(channel: WebhookChannel) -> None:
    """They may come back."""
    assert isinstance(await channel.send(message("http://127.0.0.1:1/")), Retry)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://2130706433:{port}/x",
        "http://0x7f.1:{port}/x",
        "http://[::ffff:127.0.0.1]:{port}/x",
        "http://[::1]:{port}/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/x",
        "http://0.0.0.0:{port}/x",
    ],
)
async def test_internal_addresses_are_refused_in_every_form(sink: Sink, address: str) -> None:
    """Checked at the socket, after the name was resolved."""
    channel = WebhookChannel((), now)
    try:
        outcome = await channel.send(message(address.replace("{port}", str(sink.port))))
    finally:
        await channel.close()
    assert isinstance(outcome, Refused | Retry)
    assert sink.received == []
    if "127.0.0.1:" in address or "169" in address:
        assert isinstance(outcome, Refused)


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://example.org/hook", True),
        ("http://127.0.0.1:9/hook", True),
        ("http://10.0.0.1/hook", False),
        ("https://[fe80::1]/hook", False),
        ("ftp://example.org/hook", False),
        ("https://user:secret@example.org/hook", False),
        ("https://", False),
        ("https://example.org:port/", False),
        ("ana", False),
    ],
)
async def test_what_can_never_work_is_said_when_it_is_entered(
    channel: WebhookChannel, address: str, fine: bool
) -> None:
    """Rather than when it is needed."""
    assert (channel.objection(address) is None) is fine
