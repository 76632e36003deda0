"""A press: taken whatever is wrong with it, counted once, told at once."""

from __future__ import annotations

import uuid

import pytest

from services.web.service import BODY_LIMIT
from tests.services.town import Town


async def test_a_press_reaches_the_contacts_and_the_desk(town: Town) -> None:
    """The thin path: button, window, message, line on the screen."""
    mia = await town.mia()
    pressed = await town.press(mia)
    assert pressed["state"] == "pending"
    assert town.sink.received == []
    assert [row["state"] for row in await town.live()] == ["pending"]

    await town.wait(seconds=10)
    assert sorted(r.path for r in town.sink.received) == ["/ana", "/ben", "/dispatch"]
    incident = await town.incident()
    assert (incident["state"], incident["trigger"], incident["severity"]) == ("open", "panic", "extreme")
    assert {d["state"] for d in incident["deliveries"]} == {"delivered"}
    assert {r["name"] for r in incident["told"]["reached"]} == {"Ana", "Ben", None}


async def test_an_empty_body_is_a_press(town: Town) -> None:
    """Nothing is needed but the token."""
    mia = await town.mia()
    answer = await town.call("POST", "/v1/panic", mia.panic)
    assert answer.status == 202
    assert set(answer.body) == {"id", "incident", "state", "cancel_until"}


async def test_what_makes_no_sense_is_listed_and_the_press_is_taken(town: Town) -> None:
    """Wrong types, another century and impossible places do not keep anybody from help."""
    mia = await town.mia()
    pressed = await town.press(
        mia, at="1876-03-10T00:00:00Z", silent="yes", battery=7, sequence=-1, mood="bad", location={"latitude": 999}
    )
    assert sorted(pressed["ignored"]) == ["at", "battery", "location", "mood", "sequence", "silent"]
    assert len(await town.live()) == 1


@pytest.mark.parametrize(
    ("raw", "status", "problem"),
    [
        (b"{", 400, "bad-json"),
        (b'{"id": "seven"}', 422, "invalid"),
        (b'{"mood": "' + b"x" * BODY_LIMIT + b'"}', 413, "too-large"),
    ],
)
async def test_only_broken_json_a_bad_id_and_size_are_refused(
    town: Town, raw: bytes, status: int, problem: str
) -> None:
    """And they say why."""
    mia = await town.mia()
    answer = await town.call("POST", "/v1/panic", mia.panic, raw=raw)
    assert (answer.status, answer.problem) == (status, problem)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_repeat_is_the_same_press_and_adds_its_position(town: Town) -> None:
    """A phone that is not sure sends again."""
    mia = await town.mia()
    identity = str(uuid.uuid4())
    first = await town.press(mia, id=identity)
    second = await town.press(mia, id=identity.upper(), location={"latitude": 41.88, "longitude": -87.63})
    assert second == first
    incident = await town.incident()
    assert incident["presses"] == 1
    assert incident["location"]["latitude"] == 41.88


async def test_a_press_with_a_new_id_ends_the_window_and_joins(town: Town) -> None:
    """Whoever presses again means it."""
    mia = await town.mia()
    first = await town.press(mia)
    second = await town.press(mia)
    assert second["incident"] == first["incident"]
    assert second["state"] == "open"
    assert town.sink.purposes("ana") == ["alert"]
    assert (await town.incident())["presses"] == 2


async def test_immediate_skips_the_window(town: Town) -> None:
    """No ten seconds."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    assert (pressed["state"], pressed["cancel_until"]) == ("open", None)
    assert town.sink.purposes("ana") == ["alert"]


async def test_the_window_is_the_persons_own(town: Town) -> None:
    """Between none and two minutes."""
    mia = await town.mia(cancel_window=45)
    await town.press(mia)
    await town.wait(seconds=44)
    assert town.sink.received == []
    await town.wait(seconds=1)
    assert town.sink.purposes("ana") == ["alert"]


async def test_without_a_pin_there_is_no_window_and_no_cancel(town: Town) -> None:
    """Staff close it."""
    mia = await town.mia(pin=False)
    pressed = await town.press(mia)
    assert pressed["cancel_until"] is None
    assert town.sink.purposes("ana") == ["alert"]
    answer = await town.cancel(mia)
    assert (answer.status, answer.problem) == (409, "no-pin")


async def test_no_position_is_no_reason(town: Town) -> None:
    """No fix is not no alarm."""
    mia = await town.mia(
        places=[
            {"label": "the library", "latitude": 41.87, "longitude": -87.62},
            {"label": "home", "latitude": 41.88, "longitude": -87.63, "home": True},
        ]
    )
    await town.press(mia, immediate=True)
    incident = await town.incident()
    assert incident["location"] is None
    assert incident["home"] == "home"


async def test_where_she_lives_is_never_guessed(town: Town) -> None:
    """A place that nobody called her home is not shown as it, but it is on record."""
    mia = await town.mia(places=[{"label": "the library", "latitude": 41.87, "longitude": -87.62}])
    await town.press(mia, immediate=True)
    (row,) = await town.live()
    assert (row["location"], row["home"], row["on_record"]) == (None, None, "the library")


async def test_a_late_press_is_labelled_and_not_dropped(town: Town) -> None:
    """A tunnel of an hour."""
    mia = await town.mia()
    at = "2026-11-24T17:00:00Z"
    await town.press(mia, at=at, sent_at="2026-11-24T18:00:00Z")
    incident = await town.incident()
    assert incident["triggers"][0]["at"] == at
    assert "late" in [line["kind"] for line in incident["timeline"]]


async def test_a_drill_is_marked_everywhere(town: Town) -> None:
    """On incident, delivery and message."""
    mia = await town.mia()
    await town.press(mia, drill=True, immediate=True)
    incident = await town.incident()
    assert incident["drill"]
    assert all(d["drill"] for d in incident["deliveries"])
    message = town.sink.to("ana")[0].json["data"]
    assert message["drill"]
    assert message["text"].startswith("DRILL")


async def test_the_phone_sees_how_far_it_has_come(town: Town) -> None:
    """Stored, sent, delivered, seen, on the way."""
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    shown = await town.get(f"/v1/panic/{pressed['id']}", mia.panic)
    assert all(shown[mark] for mark in ("stored", "sent", "delivered"))
    assert shown["seen"] is None
    await town.act(pressed["incident"], "acknowledge")
    await town.act(pressed["incident"], "on-the-way")
    shown = await town.get(f"/v1/panic/{pressed['id']}", mia.panic)
    assert all(shown[mark] for mark in ("seen", "on_the_way"))


async def test_an_incident_is_found_by_the_id_that_any_press_was_told(town: Town) -> None:
    """The twin makes the phone believe in a new incident; its id stays an alias of ours."""
    mia = await town.mia()
    first = await town.press(mia, immediate=True)
    assert (await town.cancel(mia, "7913")).status == 200
    second = await town.press(mia, immediate=True)
    assert second["incident"] != first["incident"]
    assert (await town.incident(second["incident"]))["id"] == first["incident"]


async def test_what_was_accepted_survives_a_restart(town: Town) -> None:
    """Pending windows included."""
    mia = await town.mia()
    pressed = await town.press(mia)
    await town.stop()
    town.clock.jump(minutes=3)
    await town.start()
    await town.settled()
    assert town.sink.purposes("ana") == ["alert"]
    assert (await town.incident())["id"] == pressed["incident"]
