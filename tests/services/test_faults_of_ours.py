"""When something of ours is broken, somebody is told all the same."""

from __future__ import annotations

import asyncio
from typing import Any

from streams.store import Transaction
from tests.services.town import Town


async def spoil_mail(town: Town, person: str) -> None:
    """A row of the inbox that nobody can read any more."""

    async def work(tx: Transaction) -> None:
        store: Any = tx
        await store.execute(
            "INSERT INTO inbox (organization_id, person, id, lane, received_at, sealed) VALUES (?, ?, 'bad', 0, 1, ?)",
            *(town.organization, person, b"x" * 60),
        )

    await town.assembly.store.write(work)


async def test_what_cannot_be_decided_opens_a_bare_incident_and_rings_the_operator(town: Town) -> None:
    """Of the kind `fault`, told by the default policy; and the press behind it is decided as ever."""
    mia = await town.mia()
    await spoil_mail(town, mia.person)
    town.assembly.engine.wake(town.organization, mia.person, 0)
    await town.settled()
    incident = await town.incident()
    assert incident["trigger"] == "fault"
    assert town.sink.purposes("dispatch") == ["alert"]
    assert town.assembly.alarm.count == 1
    await town.press(mia)
    assert (await town.incident())["trigger"] == "panic"


async def test_one_persons_bad_mail_holds_nobody_else_up(town: Town) -> None:
    """In the same batch."""
    mia = await town.mia()
    noa = await town.phone(await town.person("Noa"))
    await spoil_mail(town, mia.person)
    town.assembly.engine.wake(town.organization, mia.person, 0)
    await town.press(noa, immediate=True)
    assert {row["trigger"] for row in await town.live()} == {"fault", "panic"}


async def test_a_loop_that_stopped_is_started_again(town: Town) -> None:
    """By the tick of every second, which also rings the operator."""
    mia = await town.mia()
    stopped = list(town.assembly.engine._tasks)
    for task in stopped:
        task.cancel()
    await asyncio.wait(stopped, timeout=5)
    await town.assembly.housekeeping.tick()
    assert town.assembly.engine.turning()
    await town.press(mia, immediate=True)
    assert town.sink.purposes("ana") == ["alert"]


async def test_the_sweeper_finds_what_nobody_was_woken_for(town: Town) -> None:
    """Within two seconds and a sweep."""
    mia = await town.mia()
    engine = town.assembly.engine
    kept, engine.runner.wake = engine.runner.wake, lambda *_: None  # type: ignore[method-assign]
    answer = await town.call("POST", "/v1/panic", mia.panic, {"immediate": True})
    assert answer.status == 202
    engine.runner.wake = kept  # type: ignore[method-assign]
    town.clock.jump(seconds=2)
    await engine.sweeper.step()
    await town.settled()
    assert town.sink.purposes("ana") == ["alert"]
