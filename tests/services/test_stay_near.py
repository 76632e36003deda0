"""Stay near: Mia hands the children over at three, and asks the desk to watch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.test_directory import other_agency
from tests.services.test_zones import HOME, is_at, known, mia_in_town, triggers
from tests.services.town import PIN, TWIN, Phone, Town


async def asks(town: Town, phone: Phone, **fields: Any) -> Any:
    """One tap."""
    made = await town.post("/v1/me/stay-near", phone.token, fields)
    await town.settled()
    return made


async def ends(town: Town, phone: Phone, pin: str | None = PIN) -> int:
    """It is over, she says."""
    answer = await town.call("POST", "/v1/me/stay-near/end", phone.token, {"pin": pin})
    await town.settled()
    return answer.status


async def watched(town: Town, token: str | None = None) -> list[Any]:
    """Whom the desk watches."""
    found: list[Any] = (await town.get("/v1/stay-near", token or town.admin))["stay_near"]
    return found


async def hers(town: Town, phone: Phone) -> Any:
    """As her phone shows it."""
    return (await town.get("/v1/me", phone.token))["stay_near"]


async def test_staff_watch_and_nobody_else_is_told(town: Town) -> None:
    """Where she is, and until when; it ends by itself and leaves nothing."""
    mia = await mia_in_town(town)
    made = await asks(town, mia, minutes=90, note="Handing over the children")
    assert made["until"] == "2026-11-24T19:30:00Z"
    (message,) = town.sink.to("dispatch")
    assert (message.purpose, message.json["data"]["text"]) == (
        "stay_near",
        "Mia Larsen asks you to stay near until 1:30 PM.",
    )
    assert (town.sink.to("ana"), town.sink.to("mia"), await triggers(town)) == ([], [], [])
    await is_at(town, mia, HOME)
    (row,) = await watched(town)
    assert (row["person"]["id"], row["note"], row["until"]) == (mia.person, "Handing over the children", made["until"])
    assert row["location"]["latitude"] == HOME[0]
    assert (await hers(town, mia))["until"] == made["until"]
    await town.wait(minutes=91)
    assert (await watched(town), await hers(town, mia), await known(town, mia)) == ([], None, None)
    assert len(town.sink.to("dispatch")) == 1


async def test_it_is_made_longer_and_never_shorter(town: Town) -> None:
    """The second tap; the desk hears of more time, and not of less."""
    mia = await mia_in_town(town)
    first = await asks(town, mia, minutes=30)
    longer = await asks(town, mia, minutes=60)
    shorter = await asks(town, mia, minutes=5)
    assert (longer["id"], longer["until"] > first["until"]) == (first["id"], True)
    assert shorter["until"] == longer["until"]
    assert town.sink.purposes("dispatch") == ["stay_near", "stay_near"]


async def test_a_press_meanwhile_is_a_press(town: Town) -> None:
    """It begins where she was seen last."""
    mia = await mia_in_town(town)
    await asks(town, mia)
    await is_at(town, mia, HOME)
    await town.press(mia, immediate=True)
    incident = await town.incident()
    assert (incident["trigger"], incident["location"]["latitude"]) == ("panic", HOME[0])
    assert town.sink.purposes("ana") == ["alert"]


async def test_she_ends_it_with_her_pin(town: Town) -> None:
    """Not with another one, nor twice."""
    mia = await mia_in_town(town)
    await asks(town, mia)
    assert [await ends(town, mia, pin) for pin in (None, "0000", PIN, PIN)] == [422, 403, 204, 409]
    assert (await watched(town), await hers(town, mia), await triggers(town)) == ([], None, [])


async def test_under_duress_it_looks_over(town: Town) -> None:
    """Staff are told, and go on watching until the time that was agreed."""
    mia = await mia_in_town(town)
    await asks(town, mia, minutes=60)
    assert [await ends(town, mia, TWIN), await ends(town, mia)] == [204, 409]
    assert (await hers(town, mia), await triggers(town), len(await watched(town))) == (None, ["duress"], 1)
    await town.wait(minutes=61)
    assert await watched(town) == []


async def test_only_who_may_see_her_watches(town: Town) -> None:
    """Another agency sees nobody; nor does whoever she is hidden from."""
    mia = await mia_in_town(town)
    await asks(town, mia)
    assert await watched(town, await other_agency(town)) == []
    eve = await town.staff("Eve")
    assert len(await watched(town, eve["token"])) == 1
    await town.call("PATCH", f"/v1/people/{mia.person}", town.admin, {"hidden_from": [eve["id"]]})
    assert await watched(town, eve["token"]) == []


async def test_the_desk_hears_of_it_at_once(town: Town) -> None:
    """By the feed, without names."""
    mia = await mia_in_town(town)
    async with town.stream("/v1/feed", town.admin) as stream:
        await asks(town, mia)
        heard = b""
        while b"stay_near.changed" not in heard:
            heard += await stream.content.readany()
    assert b"Mia" not in heard


@pytest.mark.parametrize("fields", [{"minutes": 1}, {"minutes": 1000}, {"note": "x" * 501}])
async def test_what_cannot_be_is_refused(town: Town, fields: dict[str, Any]) -> None:
    """The field is named."""
    mia = await mia_in_town(town)
    refused = await town.call("POST", "/v1/me/stay-near", mia.token, fields)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, next(iter(fields)))
