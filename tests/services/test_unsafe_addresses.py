"""A number that the person marked as unsafe is never told anything, whoever it belongs to."""

from __future__ import annotations

from tests.services.town import Town


async def test_nothing_goes_there_and_the_next_way_is_taken_at_once(town: Town) -> None:
    """Ana's old mailbox is read by somebody else; her new one is not."""
    await town.agency()
    old, new = town.hook("old-box"), town.hook("new-box")
    person = await town.person(unsafe=[old["address"].upper()], reach=[{**old, "safety": "safe"}])
    body = {"name": "Ana", "methods": [old, new], "consent": {"how": "in the office"}}
    await town.post(f"/v1/people/{person}/contacts", town.admin, body)
    mia = await town.phone(person)
    await town.press(mia, immediate=True)
    await town.until_sent("new-box")
    await town.settled()
    assert (town.sink.to("old-box"), town.sink.purposes("new-box")) == ([], ["alert"])


async def test_it_holds_at_the_next_send(town: Town) -> None:
    """Marked while an alarm is running; taken back, it is told again."""
    mia = await town.mia()
    address = town.hook("ana")["address"]
    await town.press(mia, immediate=True)
    assert town.sink.purposes("ana") == ["alert"]
    await town.call("PATCH", f"/v1/people/{mia.person}", town.admin, {"unsafe": [address]})
    await town.wait(minutes=2)
    assert (town.sink.purposes("ana"), town.sink.purposes("ben")) == (["alert"], ["alert", "repeat"])
    await town.call("PATCH", f"/v1/people/{mia.person}", town.admin, {"unsafe": []})
    await town.wait(minutes=2)
    assert set(town.sink.purposes("ana")[1:]) == {"repeat"}


async def test_dispatch_is_not_told_there_either(town: Town) -> None:
    """Whoever it belongs to: the last resort is left."""
    await town.agency()
    person = await town.person(unsafe=[town.hook("dispatch")["address"]])
    mia = await town.phone(person)
    await town.press(mia, immediate=True)
    await town.until_sent("last-resort")
    await town.settled()
    assert town.sink.to("dispatch") == []
