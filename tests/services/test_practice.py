"""Every ninety days each contact is asked whether messages reach them; whoever stays silent is a hole in the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.practice import EVERY
from tests.services.provider import Provider
from tests.services.test_contacts import code_of
from tests.services.test_texts import ANA, action
from tests.services.town import Town, until

PUBLIC = "https://porchlight.test"


async def person_with_ana(town: Town, *, sms: bool = False) -> str:
    """Mia in Chicago with Ana, whose consent was recorded in the office: nobody knows yet that messages reach her."""
    await town.agency()
    await town.policy("at-once", cancel_window="0s", steps=[{"after": "0s", "notify": ["dispatch", "contacts"]}])
    person = await town.person(policy="at-once", time_zone="America/Chicago")
    methods = [{"channel": "sms", "address": ANA}] if sms else [town.hook("ana")]
    await town.contact(person, "Ana", methods=methods)
    return person


async def night(town: Town) -> None:
    """The nightly round; then the next day has come."""
    await town.assembly.housekeeping.check_plans()
    await town.wait(hours=24)


async def silent(town: Town, person: str) -> bool:
    """Whether her silence is a hole."""
    plan = await town.get(f"/v1/people/{person}/plan", town.admin)
    return "contact_silent" in [hole["kind"] for hole in plan["holes"]]


async def test_she_is_asked_by_day_and_says_by_the_link_that_it_reached_her(town: Town) -> None:
    """Looking at the page does nothing; her word closes what would have become a hole."""
    person = await person_with_ana(town)
    await night(town)
    await town.until_sent("ana")
    (asked,) = town.sink.to("ana")
    assert asked.purpose == "practice"
    assert asked.json["timestamp"].startswith("2026-11-25T17:00:0"), "eleven in the morning in Chicago"
    assert "alarm" not in asked.json["data"]["text"]
    code = code_of(asked.json["data"]["link"])
    assert (await town.get("/v1/invitation", code))["asked"] is True
    await town.wait(hours=24 * 8)
    assert await silent(town, person)
    await town.post("/v1/invitation/heard", code)
    assert (await town.get("/v1/invitation", code))["asked"] is False
    assert not await silent(town, person)


async def test_a_digit_by_text_is_enough(town: Town, provider: Provider) -> None:
    """Once: a second one says nothing new."""
    person = await person_with_ana(town, sms=True)
    await night(town)

    async def came() -> bool:
        return len(provider.texts) == 1

    await until(came, "no practice text came")
    assert provider.texts[0].body.endswith("Please answer 1.")
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "1")
    assert "Does anyone else read these messages?" in said, "nobody has said so yet"
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "1")
    assert "Nothing more is needed" in said
    _, said = await provider.texts_us(town.url, PUBLIC, ANA, "1")
    assert "<Message>" not in said
    await town.wait(hours=24 * 8)
    assert not await silent(town, person)


@pytest.mark.parametrize("takes", [True, False])
async def test_who_can_only_be_rung_is_rung_and_once_more_in_the_evening(
    town: Town, provider: Provider, *, takes: bool
) -> None:
    """A key says that calls reach them, and then nobody rings again; silence is the hole that it is with texts."""
    await town.agency()
    person = await town.person(time_zone="America/Chicago")
    methods = [{"channel": "voice", "address": ANA}]
    await town.post(
        f"/v1/people/{person}/contacts",
        town.admin,
        {"name": "Ana", "methods": methods, "consent": {"how": "by letter"}},
    )
    await night(town)
    (rung,) = provider.rung
    if takes:
        _, asked = await provider.asks(town.url, rung)
        assert "Mia" not in asked
        _, told = await provider.asks(town.url, rung, action(asked), "5")
        assert "Mia Larsen asks whether calls still reach you. Please press 1." in told
        _, thanks = await provider.asks(town.url, rung, action(told), "1")
        assert "Thank you. Messages reach you." in thanks
    else:
        await provider.ends(town.url, rung, "no-answer")
    await town.wait(hours=24 * 8)
    assert (len(provider.rung), await silent(town, person)) == ((1, False) if takes else (2, True))


async def test_nobody_is_asked_more_often_than_every_ninety_days(town: Town) -> None:
    """Whoever agreed by the link of an invitation has shown already that messages reach them."""
    await person_with_ana(town)
    person = await town.person("Noa Berg")
    invited = await town.contact(person, "Ben", confirmed=False)
    await town.post("/v1/invitation/confirm", code_of(invited["confirm_url"]), {"reads": "nobody_else"})
    for _ in range(3):
        await night(town)
    await town.until_sent("ana")
    assert [r.purpose for r in town.sink.to("ana")] == ["practice"]
    assert "practice" not in [r.purpose for r in town.sink.to("ben")]
    town.clock.jump(seconds=(EVERY - timedelta(days=2)).total_seconds())
    await night(town)
    await town.until_sent("ana", 2)


@pytest.mark.parametrize("why", ["withdrawn", "shared with no way to answer"])
async def test_who_cannot_be_asked_is_not(town: Town, why: str) -> None:
    """A link on a phone that others read could give her away."""
    await town.agency()
    person = await town.person()
    invited = await town.contact(person, "Ana", confirmed=False)
    code = code_of(invited["confirm_url"])
    await town.post("/v1/invitation/confirm", code, {"reads": "others"})
    if why == "withdrawn":
        await town.post("/v1/invitation/decline", code)
    town.clock.jump(seconds=EVERY.total_seconds() + 60)
    await night(town)
    await town.settled()
    assert "practice" not in [r.purpose for r in town.sink.to("ana")]
