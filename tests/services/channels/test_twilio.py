"""Texts through Twilio's interface: what each of its answers means, and which numbers are refused at entry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from services.channels.twilio import TwilioAccount, TwilioSms, TwilioVoice
from services.phone_number import as_dialled
from services.twilio_signature import is_signed, signature
from streams.channel import Outcome, OutgoingMessage, Refused, Retry, Sent
from tests.services.provider import SENDER, Provider

ANA = "+13125550121"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """A provider."""
    made = Provider()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def channel(provider: Provider) -> AsyncIterator[TwilioSms]:
    """An account at it."""
    made = TwilioSms(TwilioAccount(provider.settings, "https://porchlight.test"))
    yield made
    await made.close()


def message(address: str = "+1 (312) 555-0121") -> OutgoingMessage:
    """A text."""
    return OutgoingMessage(delivery="d-1", incident="i-1", kind="alert", address=address, text="Mia asks you to ring")


async def test_a_text_is_handed_over_with_where_to_say_what_became_of_it(
    provider: Provider, channel: TwilioSms
) -> None:
    """As it is dialled; the callback names the delivery."""
    outcome = await channel.send(message())
    (text,) = provider.texts
    assert outcome == Sent(text.sid)
    assert (text.to, text.sender, text.body) == (ANA, SENDER, "Mia asks you to ring")
    assert text.callback == "https://porchlight.test/v1/inbound/twilio/status?delivery=d-1"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"code": 21211, "message": "Invalid 'To' Phone Number"}, Refused("not a number")),
        (
            400,
            {"code": 21610, "message": "Attempt to send to unsubscribed recipient"},
            Refused("opted out", opted_out=True),
        ),
        (400, {"code": 21614, "message": "not a mobile number"}, Refused("takes no texts")),
        (400, {"code": 99999, "message": "?"}, Refused("refused (99999)")),
        (404, {}, Refused("refused (404)")),
        (429, {"code": 20429}, Retry("status 429", 7.0)),
        (500, {}, Retry("status 500", 7.0, down=True)),
        (503, {}, Retry("status 503", 7.0, down=True)),
        (401, {"code": 20003}, Retry("status 401", 7.0, down=True)),
    ],
)
async def test_what_each_answer_means(
    provider: Provider, channel: TwilioSms, status: int, body: dict[str, Any], outcome: Outcome
) -> None:
    """Never again, or not now; the reason names nobody."""
    provider.refuses[ANA] = (status, body, {"Retry-After": "7"})
    assert await channel.send(message()) == outcome


async def test_a_wrong_token_is_our_own_trouble(provider: Provider) -> None:
    """Nobody's number is to blame for it."""
    settings = msgspec.structs.replace(provider.settings, token="wrong")
    channel = TwilioSms(TwilioAccount(settings, "https://porchlight.test"))
    assert isinstance(await channel.send(message()), Retry)
    await channel.close()


async def test_a_provider_that_is_gone_is_tried_again(provider: Provider, channel: TwilioSms) -> None:
    """No connection."""
    await provider.stop()
    assert isinstance(await channel.send(message()), Retry)


async def test_a_call_asks_us_what_to_say(provider: Provider) -> None:
    """And says how it ended."""
    channel = TwilioVoice(TwilioAccount(provider.settings, "https://porchlight.test"), SENDER)
    assert isinstance(await channel.send(message("+44 20 7946 0000")), Sent)
    (rung,) = provider.rung
    assert (rung.to, rung.sender) == ("+442079460000", SENDER)
    assert rung.url == "https://porchlight.test/v1/inbound/twilio/voice?delivery=d-1"
    assert rung.fallback == f"{rung.url}&plain=1", "asked where the first brings no answer, or names no voice there is"
    assert rung.callback == "https://porchlight.test/v1/inbound/twilio/status?delivery=d-1"
    assert (channel.objection("+44 20 7946 0000"), channel.objection("555") is None) == (None, False)
    await channel.close()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("+1 312 555 0121", None),
        ("+44 7700 900123", None),
        ("+49 30 901820", "enter it as voice"),
        ("+44 20 7946 0000", "enter it as voice"),
        ("+1 800 555 0100", "enter it as voice"),
        ("312 555 0121", "with its country"),
        ("ana@example.org", "with its country"),
        ("+1 312", "too short or too long"),
    ],
)
async def test_a_number_that_no_text_can_arrive_at_is_refused_at_entry(
    channel: TwilioSms, address: str, text: str | None
) -> None:
    """Landlines where one can tell, toll-free ones, and what is no number."""
    objection = channel.objection(address)
    assert (objection is None) if text is None else (objection is not None and text in objection), objection


def test_a_number_has_one_form() -> None:
    """However it was written."""
    assert {as_dialled(n) for n in ("+1 312 555 0121", "+1 (312) 555-0121", "+13125550121")} == {ANA}


def test_the_signature_is_the_one_that_is_documented() -> None:
    """The example of Twilio's own page on security."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form.items()) == "GvWf1cFY/Q7PnoempGyD5oXAezc="
    assert is_signed("12345", url, form.items(), "GvWf1cFY/Q7PnoempGyD5oXAezc=")
    assert not is_signed("12345", url, form.items(), None)
    assert not is_signed("12345", url, {**form, "Digits": "1235"}.items(), "GvWf1cFY/Q7PnoempGyD5oXAezc=")
