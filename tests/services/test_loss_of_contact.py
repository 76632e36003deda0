"""Loss of contact: a phone that should be heard of again and again, and is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.test_zones import HOME, is_at, known, mia_in_town, triggers
from tests.services.town import PIN, Phone, Town


async def listen(town: Town, phone: Phone, **fields: Any) -> None:
    """Her phone may be silent for ten minutes, and then she has five to answer."""
    body = {"lost_after_seconds": 600, "ask_seconds": 300, **fields}
    answer = await town.call("PUT", f"/v1/people/{phone.person}/tracking", town.admin, body)
    assert answer.status == 200, answer.raw
    await town.settled()


async def walks(town: Town, phone: Phone, *, minutes: int) -> None:
    """Two hundred metres a minute, a position each."""
    for minute in range(minutes):
        await town.wait(seconds=50)
        await is_at(town, phone, HOME, north_m=200 * minute)


async def test_she_is_asked_first_and_then_others_are_told(town: Town) -> None:
    """With the last place that is known."""
    mia = await mia_in_town(town)
    await listen(town, mia)
    await walks(town, mia, minutes=20)
    assert (await triggers(town), (await town.get("/v1/me", mia.token))["questions"]) == ([], [])
    await town.wait(minutes=13)
    (question,) = (await town.get("/v1/me", mia.token))["questions"]
    assert question["why"] == "contact_lost"
    assert await triggers(town) == []
    await town.wait(minutes=5)
    incident = await town.incident()
    assert (incident["trigger"], incident["severity"]) == ("contact_lost", "moderate")
    assert incident["location"]["latitude"] > HOME[0] + 0.02
    assert "contact_lost" in [line["kind"] for line in incident["timeline"]]
    await is_at(town, mia, HOME)
    assert "contact_again" in [line["kind"] for line in (await town.incident())["timeline"]]


async def test_her_word_is_as_good_as_her_phone(town: Town) -> None:
    """She has as long again."""
    mia = await mia_in_town(town)
    await listen(town, mia)
    await walks(town, mia, minutes=5)
    await town.wait(minutes=13)
    assert (await town.call("POST", "/v1/me/all-right", mia.token, {"pin": PIN})).status == 200
    await town.wait(minutes=12)
    assert await triggers(town) == []
    await town.wait(minutes=6)
    assert await triggers(town) == ["contact_lost"]


async def test_a_phone_that_keeps_still_is_not_lost(town: Town) -> None:
    """It saves its battery through the night; a day is too long."""
    mia = await mia_in_town(town)
    await listen(town, mia)
    for _ in range(5):
        await town.wait(minutes=2)
        await is_at(town, mia, HOME)
    assert (await town.get(f"/v1/people/{mia.person}/tracking", town.admin))["tracking"]["still"] is True
    await town.wait(hours=11)
    assert (await triggers(town), (await town.get("/v1/me", mia.token))["questions"]) == ([], [])
    await town.wait(hours=2)
    assert await triggers(town) == ["contact_lost"]


async def test_nobody_is_lost_while_we_were_away(town: Town) -> None:
    """She has the whole span again: there was nobody to hear her."""
    mia = await mia_in_town(town)
    await listen(town, mia)
    await walks(town, mia, minutes=5)
    await town.stop()
    town.clock.jump(hours=3)
    await town.start()
    await town.settled()
    assert (await triggers(town), (await town.get("/v1/me", mia.token))["questions"]) == ([], [])
    await town.wait(minutes=18)
    assert await triggers(town) == ["contact_lost"]


async def test_when_nobody_listens_nothing_is_known(town: Town) -> None:
    """Neither before nor after."""
    mia = await mia_in_town(town)
    await is_at(town, mia, HOME)
    assert await known(town, mia) is None
    await listen(town, mia)
    await is_at(town, mia, HOME)
    assert (await known(town, mia)).track.last is not None
    assert (await town.call("DELETE", f"/v1/people/{mia.person}/tracking", town.admin)).status == 204
    await town.settled()
    assert await known(town, mia) is None
    await town.wait(hours=24)
    assert await triggers(town) == []


@pytest.mark.parametrize("fields", [{"lost_after_seconds": 10}, {"ask_seconds": 7200}])
async def test_too_short_and_too_long_are_refused(town: Town, fields: dict[str, Any]) -> None:
    """The field is named."""
    mia = await mia_in_town(town)
    body = {"lost_after_seconds": 600, **fields}
    refused = await town.call("PUT", f"/v1/people/{mia.person}/tracking", town.admin, body)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, next(iter(fields)))
