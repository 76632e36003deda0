"""The call to the emergency centre: which number reaches the centre of that place, and what to read aloud."""

from __future__ import annotations

from typing import Any

from tests.services.test_directory import other_agency
from tests.services.test_zones import A_METRE, HOME
from tests.services.town import TWIN, Phone, Town

PLACES = [
    {
        "label": "HOME",
        "address": "18 Elm Street, flat 3",
        "entry": "second door in the yard",
        "latitude": HOME[0],
        "longitude": HOME[1],
        "emergency": {"voice": "312-555-0199", "text": "911"},
    },
    {"label": "her sister's", "address": "3 Hill Road, Springfield", "latitude": 39.80, "longitude": -89.65},
]
BRIEF = {"contact": "never", "weapons": "a rifle in the flat", "children": "two, 4 and 7"}


async def in_trouble(town: Town, *, north_m: float | None = 200, **fields: Any) -> Phone:
    """Mia presses, so far north of HOME."""
    mia = await town.mia(places=PLACES, brief=BRIEF, **fields)
    place: dict[str, Any] = {"latitude": HOME[0] + (north_m or 0) * A_METRE, "longitude": HOME[1], "accuracy": 12.4}
    location = {"location": place} if north_m is not None else {}
    await town.press(mia, immediate=True, **location)
    return mia


async def script(town: Town, language: str = "en") -> Any:
    """As the desk reads it."""
    incident = await town.incident()
    return await town.get(f"/v1/incidents/{incident['id']}/script?language={language}", town.admin)


async def test_the_number_of_that_place_and_the_sentences(town: Town) -> None:
    """Who, what, where, how sure and how old, the dangers, and how to call back."""
    await in_trouble(town)
    found = await script(town)
    assert [(number["label"], number["call"]) for number in found["numbers"]] == [
        ("For the place where they are: HOME", "312-555-0199"),
        ("Emergency services", "911"),
    ]
    assert found["lines"] == [
        "I am calling for Harbour House. I am not with the person; I am calling for somebody in danger.",
        "They have pressed a panic button.",
        "Their position is 200 m north of HOME.",
        "The address is 18 Elm Street, flat 3.",
        "Way in: second door in the yard.",
        "Coordinates: latitude 41.88180, longitude -87.63000, give or take 12 metres.",
        "That is where they are now.",
        "The person is Mia Larsen.",
        "Weapons: a rifle in the flat",
        "Children: two, 4 and 7",
        "Do not ring or text them: that may put them in danger.",
        "Call us back on 555-0100.",
    ]


async def test_an_old_position_says_how_old(town: Town) -> None:
    """And in Spanish."""
    await in_trouble(town)
    town.clock.jump(minutes=12)
    assert "That was 12 minutes ago." in (await script(town))["lines"]
    assert "Su posición es a 200 m al norte de HOME." in (await script(town, "es"))["lines"]


async def test_far_from_every_place_the_agencys_own_number_is_left(town: Town) -> None:
    """Thirty kilometres off it may be another county's."""
    await in_trouble(town, north_m=30_000)
    assert [number["call"] for number in (await script(town))["numbers"]] == ["911"]


async def test_without_a_position_it_is_home(town: Town) -> None:
    """With home's number."""
    await in_trouble(town, north_m=None)
    found = await script(town)
    assert "We have no position. They live at 18 Elm Street, flat 3." in found["lines"]
    assert [number["call"] for number in found["numbers"]] == ["312-555-0199", "911"]


async def test_the_centre_hears_of_duress(town: Town) -> None:
    """It has to know that somebody is with her; contacts never do."""
    mia = await in_trouble(town)
    await town.cancel(mia, TWIN)
    lines = (await script(town))["lines"]
    assert "They have been forced to enter a code: somebody dangerous is with them." in lines


async def test_nobody_else_reads_it(town: Town) -> None:
    """Another agency finds nothing; whoever reads it is kept."""
    mia = await in_trouble(town)
    incident = (await town.incident())["id"]
    assert (await town.call("GET", f"/v1/incidents/{incident}/script", await other_agency(town))).status == 404
    assert (await town.call("GET", f"/v1/incidents/{incident}/script", mia.token)).status == 403
    dee = await town.staff("Dee")
    await town.get(f"/v1/incidents/{incident}/script", dee["token"])
    audited = await town.assembly.store.read(lambda tx: tx.audited(mia.person))
    assert ("incident.read", dee["id"]) in [(line.what, line.staff) for line in audited]
