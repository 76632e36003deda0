"""A responder taps a question; her phone shows it in her language; a touch answers it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.town import PIN, TWIN, Phone, Town


async def on_phone(town: Town, phone: Phone, press: str) -> Any:
    """What her phone shows of a card."""
    return (await town.get(f"/v1/panic/{press}", phone.panic))["card"]


async def pressed(town: Town) -> tuple[Phone, str, str]:
    """Mia has pressed: phone, press and incident."""
    phone = await town.mia()
    press = (await town.press(phone, immediate=True))["id"]
    return phone, press, (await town.incident())["id"]


async def test_asked_and_answered_by_a_touch_each(town: Town) -> None:
    """The timeline has both, and the row the last answer."""
    phone, press, incident = await pressed(town)
    assert await on_phone(town, phone, press) is None
    await town.act(incident, "cards", card="somebody_with_you")
    asked = await on_phone(town, phone, press)
    assert (asked["card"], asked["answer"]) == ("somebody_with_you", None)
    await town.post("/v1/panic/card", phone.panic, {"card": asked["id"], "answer": "cannot_say"})
    shown = await town.incident(incident)
    assert (shown["card"]["card"], shown["card"]["answer"]) == ("somebody_with_you", "cannot_say")
    kinds = [line["kind"] for line in shown["timeline"]]
    assert kinds.index("card_asked") < kinds.index("card_answered")


async def test_whoever_has_it_asks_as_well(town: Town) -> None:
    """The usual order: somebody takes it, and then asks."""
    phone, press, incident = await pressed(town)
    await town.act(incident, "claim")
    await town.act(incident, "cards", card="somebody_with_you")
    asked = await on_phone(town, phone, press)
    assert asked["card"] == "somebody_with_you"
    await town.post("/v1/panic/card", phone.panic, {"card": asked["id"], "answer": "yes"})
    assert (await town.incident(incident))["card"]["answer"] == "yes"


async def test_another_card_takes_its_place_and_a_late_answer_is_not_taken_for_it(town: Town) -> None:
    """She may change her mind about the one that lies there."""
    phone, press, incident = await pressed(town)
    await town.act(incident, "cards", card="hurt")
    first = (await on_phone(town, phone, press))["id"]
    await town.act(incident, "cards", card="can_leave")
    answer = await town.call("POST", "/v1/panic/card", phone.panic, {"card": first, "answer": "yes"})
    assert answer.status == 409
    second = (await on_phone(town, phone, press))["id"]
    for given in ("yes", "no"):
        await town.post("/v1/panic/card", phone.panic, {"card": second, "answer": given})
    assert (await on_phone(town, phone, press))["answer"] == "no"


@pytest.mark.parametrize("pin", [PIN, TWIN])
async def test_a_phone_that_shows_the_alarm_as_called_off_is_asked_nothing(town: Town, pin: str) -> None:
    """Whichever of the two was entered: what is asked there could give her away."""
    phone, press, incident = await pressed(town)
    await town.act(incident, "cards", card="hurt")
    asked = (await on_phone(town, phone, press))["id"]
    await town.post("/v1/panic/cancel", phone.panic, {"pin": pin})
    await town.settled()
    assert await on_phone(town, phone, press) is None
    answer = await town.call("POST", "/v1/panic/card", phone.panic, {"card": asked, "answer": "yes"})
    assert answer.status == 409
    answer = await town.call("POST", f"/v1/incidents/{incident}/cards", town.admin, {"card": "hurt"})
    assert (answer.status, answer.body["type"].rpartition("/")[2]) == (409, "phone-shows-closed")


async def test_only_cards_of_the_catalogue_are_asked(town: Town) -> None:
    """Free words go as a message, behind the PIN."""
    _, _, incident = await pressed(town)
    answer = await town.call("POST", f"/v1/incidents/{incident}/cards", town.admin, {"card": "anything else"})
    assert answer.status == 422
