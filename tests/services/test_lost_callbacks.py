"""A callback that is lost does not leave an alarm in doubt: what is stuck is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.receipt_asker import AGAIN_AFTER, FIRST_AFTER, MOST_ASKED
from tests.services.provider import Provider
from tests.services.test_texts import ANA, mia, states, texted
from tests.services.town import Town

PUBLIC = "https://porchlight.test"


async def later(town: Town, span: timedelta) -> int:
    """Time passes, and the service looks what is stuck; about how many it asked."""
    town.clock.jump(seconds=span.total_seconds())
    asked = await town.assembly.engine.asker.look()
    await town.settled()
    return asked


@pytest.mark.parametrize(
    ("became", "state"),
    [
        ({"status": "delivered"}, "delivered"),
        ({"status": "read"}, "read"),
        ({"status": "undelivered", "error_code": 30005}, "failed"),
    ],
)
async def test_what_became_of_it_is_asked_for_after_a_minute(
    town: Town, provider: Provider, became: dict[str, object], state: str
) -> None:
    """Once it is known nobody asks again; what failed goes on by the next method."""
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert await later(town, FIRST_AFTER - timedelta(seconds=1)) == 0
    provider.became[text.sid] = became
    assert await later(town, timedelta(seconds=1)) == 1
    assert (await states(town))["sms"] == state
    if state == "failed":
        await town.until_sent("box-1")
    assert await later(town, AGAIN_AFTER) == 0
    assert provider.asked == [text.sid]


async def test_what_is_still_under_way_is_asked_for_again_but_not_for_ever(town: Town, provider: Provider) -> None:
    """Ten times; then it stays what it is, sent."""
    await town.press(await mia(town, ANA), immediate=True)
    await texted(town, provider)
    for _ in range(MOST_ASKED):
        await later(town, FIRST_AFTER)
    first = provider.texts[0].sid
    await later(town, AGAIN_AFTER)
    assert provider.asked.count(first) == MOST_ASKED
    assert (await states(town))["sms"] == "sent"


async def test_a_callback_that_comes_ends_the_asking(town: Town, provider: Provider) -> None:
    """In whatever order."""
    await town.press(await mia(town, ANA), immediate=True)
    text = await texted(town, provider)
    assert await provider.tells(town.url, text, "delivered") == 204
    await later(town, FIRST_AFTER)
    assert provider.asked == []


async def test_whoever_texts_stop_gets_no_more_texts_and_is_told_by_the_next_method_at_once(
    town: Town, provider: Provider
) -> None:
    """Staff read it; at a word that begins it anew, texts come again."""
    phone = await mia(town, ANA)
    await town.press(phone, immediate=True)
    await texted(town, provider)
    status, said = await provider.texts_us(town.url, PUBLIC, ANA, "Stop")
    assert (status, "<Message>" in said) == (200, False)
    await town.until_sent("box-1")
    incident = await town.incident()
    assert "contact_opted_out" in [line["kind"] for line in incident["timeline"]]
    await town.act(incident["id"], "resolve", disposition="safe")

    texts = len(provider.texts)
    await town.press(phone, immediate=True)
    await town.until_sent("box-1", 2)
    await town.settled()
    assert len(provider.texts) == texts

    await provider.texts_us(town.url, PUBLIC, ANA, "START", sid="SMagain")
    await town.act((await town.incident())["id"], "resolve", disposition="safe")
    await town.press(phone, immediate=True)
    await texted(town, provider, count=texts + 1)


async def test_a_provider_that_says_opted_out_closes_the_method_as_well(town: Town, provider: Provider) -> None:
    """The word was sent to them, not to us."""
    phone = await mia(town, ANA)
    provider.refuses[ANA] = (400, {"code": 21610, "message": "unsubscribed"}, {})
    await town.press(phone, immediate=True)
    await town.until_sent("box-1")
    person = (await town.incident())["person"]["id"]
    (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]
    assert [method["deliverable"] for method in contact["methods"]] == [False, True]
