"""PostgreSQL goes away: presses, cancels and answers are taken all the same, told, and moved when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from streams.spool.spool import Spool
from tests.cluster.component import running
from tests.postgres.server import PostgresServer
from tests.services.test_teams import nights, staff
from tests.services.town import PIN, TWIN, Phone, Town, until

WITHIN = 20.0


class Outage:
    """A town whose database is on a server of its own, which goes and comes."""

    def __init__(self, town: Town, server: PostgresServer) -> None:
        self.town = town
        self.server = server

    @property
    def spool(self) -> Spool:
        """The spool of the town's one process."""
        (spool,) = [part for part in self.town.assembly.sources if isinstance(part, Spool)]
        return spool

    @property
    def store(self) -> Any:
        """The store."""
        return self.town.assembly.store

    async def copied(self) -> None:
        """The spool's copy has caught up."""

        async def caught_up() -> bool:
            position = await self.spool._local.read(lambda tx: tx.mirror_position())
            return position is not None and not await self.store.read(lambda tx: tx.changes_after(position, 1))

        await until(caught_up, "the copy never caught up", WITHIN)

    async def begin(self) -> None:
        """The server is gone."""
        await self.copied()
        await self.server.stop()

        async def gone() -> bool:
            return not self.store.up

        await until(gone, "nobody noticed", WITHIN)

    async def told(self, name: str, count: int = 1) -> None:
        """Lets time pass until this receiver has got so many messages from the spool."""

        async def got() -> bool:
            self.town.clock.jump(seconds=0.2)
            return len(self.town.sink.to(name)) >= count

        await until(got, f"{name} was never told", WITHIN)

    async def end(self) -> None:
        """The server is back, and the spool empty."""
        await self.server.start()

        async def moved() -> bool:
            return self.store.up and not self.spool.intake.spooling

        await until(moved, "the spool was never moved", WITHIN)
        await self.town.settled()


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    """A town on a server of its own."""
    async with running(lambda: PostgresServer(fsync=False)) as server:
        town = Town(tmp_path / "data", await server.create_database("town"))
        await town.open()
        outage = Outage(town, server)
        try:
            yield outage
        finally:
            outage.spool.hurry.set()
            await town.close()


async def accepted(outage: Outage, phone: Phone, **fields: Any) -> Any:
    """A press, while nothing settles."""
    answer = await outage.town.call("POST", "/v1/panic", phone.panic, fields)
    assert answer.status == 202, answer.raw
    return answer.body


async def test_a_press_is_taken_told_and_moved_and_nobody_is_told_twice(outage: Outage) -> None:
    """After the window and two seconds; under the same ids."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    pressed = await accepted(outage, mia)
    assert pressed["state"] == "pending"
    shown = await town.get(f"/v1/panic/{pressed['id']}", mia.panic)
    assert shown["stored"] is not None
    assert shown["sent"] is None
    await outage.told("ana")
    assert town.sink.purposes("ana") == ["alert"]
    before = {name: len(town.sink.to(name)) for name in ("ana", "ben", "dispatch")}
    await outage.end()
    incident = await town.incident()
    assert incident["id"] == pressed["incident"]
    assert (incident["state"], incident["presses"]) == ("open", 1)
    assert {name: len(town.sink.to(name)) for name in before} == before
    sent = {r.headers["webhook-id"] for name in before for r in town.sink.to(name)}
    assert sent <= {d["id"] for d in incident["deliveries"]}
    assert all(d["state"] == "delivered" for d in incident["deliveries"] if d["id"] in sent)
    again = await town.call("POST", "/v1/panic", mia.panic, {"id": pressed["id"]})
    assert again.body["incident"] == pressed["incident"]


async def test_whoever_is_on_call_is_told_while_the_store_is_away(outage: Outage) -> None:
    """By the turns as they were copied last, a change between two outages with them."""
    town = outage.town
    kim, _ = await staff(town, "Kim")
    lou, _ = await staff(town, "Lou")
    await town.policy("nights", cancel_window="0s", steps=[{"after": "0s", "notify": ["team:nights"]}])
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    for name, on_call in (("kim", kim), ("lou", lou)):
        await nights(town, on_call)
        await outage.begin()
        await accepted(outage, phone)
        await outage.told(name)
        await outage.end()
        for incident in await town.live():
            await town.act(incident["id"], "resolve", disposition="safe")
    assert {r.purpose for r in town.sink.to("kim")} == {"alert", "all_clear"}


async def test_a_cancel_in_the_window_is_kept_and_nobody_is_told(outage: Outage) -> None:
    """Press and PIN, both while the store is away."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    pressed = await accepted(outage, mia)
    cancelled = await town.call("POST", "/v1/panic/cancel", mia.panic, {"pin": PIN})
    assert (cancelled.status, cancelled.body) == (200, {"state": "cancelled"})
    assert (await town.get(f"/v1/panic/{pressed['id']}", mia.panic))["state"] == "cancelled"
    await outage.end()
    await town.wait(seconds=30)
    assert await town.live() == []
    assert town.sink.to("ana") == []


async def test_the_twin_alarms_while_the_store_is_away_and_looks_the_same(outage: Outage) -> None:
    """Staff are told by the spool."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    await accepted(outage, mia)
    cancelled = await town.call("POST", "/v1/panic/cancel", mia.panic, {"pin": TWIN})
    assert (cancelled.status, cancelled.body) == (200, {"state": "cancelled"})
    await outage.told("dispatch")
    await outage.end()
    assert [row["trigger"] for row in await town.live()] == ["duress"]


async def test_a_cancel_of_an_earlier_press_is_a_claim_once_people_were_told(outage: Outage) -> None:
    """The press was in the store, the PIN comes to the spool."""
    town = outage.town
    mia = await town.mia()
    pressed = await town.press(mia, immediate=True)
    await outage.begin()
    assert (await town.call("POST", "/v1/panic/cancel", mia.panic, {"pin": PIN})).status == 200
    await outage.end()
    incident = await town.incident(pressed["incident"])
    assert incident["state"] == "open"
    assert incident["stood_down_at"] is not None


async def test_a_pin_after_the_spool_has_told_is_a_claim(outage: Outage) -> None:
    """Whoever was told gets the all-clear when staff close it."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    pressed = await accepted(outage, mia)
    await outage.told("ana")
    assert (await town.call("POST", "/v1/panic/cancel", mia.panic, {"pin": PIN})).status == 200
    await outage.end()
    incident = await town.incident(pressed["incident"])
    assert incident["stood_down_at"] is not None
    await town.act(incident["id"], "resolve", disposition="safe")
    assert town.sink.purposes("ana")[-1] == "all_clear"


async def test_a_press_that_joins_a_known_alarm_is_told_once_and_as_something_new(outage: Outage) -> None:
    """By an id of its own: under the one that was used before, a receiver would take it for a repetition."""
    town = outage.town
    mia = await town.mia()
    first = await town.press(mia, immediate=True)
    await outage.begin()
    again = await accepted(outage, mia, immediate=True)
    assert again["incident"] == first["incident"]
    await outage.told("ana", 2)

    async def shown() -> bool:
        return (await town.get(f"/v1/panic/{again['id']}", mia.panic))["sent"] is not None

    await until(shown, "her phone was never told that it went out")
    await outage.end()
    incident = await town.incident(first["incident"])
    assert (incident["presses"], incident["state"]) == (2, "open")
    received = [r for name in ("ana", "ben", "dispatch") for r in town.sink.to(name)]
    assert [r.path for r in received] == ["/ana", "/ana", "/ben", "/ben", "/dispatch", "/dispatch"]
    ids = [r.headers["webhook-id"] for r in received]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= {d["id"] for d in incident["deliveries"]}
    for name in {r.json["data"]["incident"] for r in received}:
        assert (await town.incident(name))["id"] == incident["id"]


@pytest.mark.parametrize(("pin", "trigger"), [(PIN, []), (TWIN, ["duress"])])
async def test_a_check_in_is_completed_while_the_store_is_away(outage: Outage, pin: str, trigger: list[str]) -> None:
    """And counts as in time."""
    town = outage.town
    mia = await town.mia()
    planned = await town.post("/v1/check-ins", mia.token, {"due_at": "2026-11-24T18:20:00Z", "grace_seconds": 60})
    await outage.begin()
    path = f"/v1/check-ins/{planned['id']}"
    answer = await town.call("POST", f"{path}/complete", mia.token, {"pin": pin})
    assert (answer.status, answer.body["state"]) == (200, "completed")
    assert (await town.get(path, mia.token))["state"] == "completed"
    await outage.end()
    assert [row["trigger"] for row in await town.live()] == trigger
    assert (await town.get(path, mia.token))["state"] == "completed"
    await town.wait(minutes=10)
    assert [row["trigger"] for row in await town.live()] == trigger


async def test_a_ping_counts_while_the_store_is_away(outage: Outage) -> None:
    """And what staff allowed is known; a tracker's position has to wait, and is told to come again."""
    town = outage.town
    mia = await town.mia()
    path, body = f"/v1/people/{mia.person}/devices", {"name": "button", "ping_allowed": True}
    allowed = await town.post(path, town.admin, body)
    other = await town.post(path, town.admin, {"name": "watch"})
    planned = await town.post("/v1/check-ins", mia.token, {"due_at": "2026-11-24T18:20:00Z", "grace_seconds": 60})
    await outage.begin()
    assert (await town.call("POST", f"/ping/{other['ping_key']}")).problem == "ping-refused"
    assert (await town.call("GET", f"/ping/{allowed['ping_key']}")).status == 200
    answer = await town.call("POST", f"/ping/{allowed['ping_key']}", headers={"Idempotency-Key": "tonight"})
    assert (answer.status, answer.body["state"]) == (200, "completed")
    again = await town.call("POST", f"/ping/{allowed['ping_key']}", headers={"Idempotency-Key": "tonight"})
    assert (again.status, again.body["id"]) == (200, planned["id"])
    assert (await town.call("POST", "/ping/who-knows")).status == 503
    query = f"id={allowed['tracker_key']}&lat=41.9&lon=-87.6"
    assert (await town.call("GET", f"/osmand?{query}")).status == 503
    await outage.end()
    assert (await town.get(f"/v1/check-ins/{planned['id']}", mia.token))["state"] == "completed"
    await town.wait(minutes=30)
    assert await town.live() == []
    assert (await town.call("GET", f"/osmand?{query}")).status == 200


async def test_an_extension_while_the_store_is_away_holds_and_has_its_limit(outage: Outage) -> None:
    """By the same rule as ever."""
    town = outage.town
    mia = await town.mia()
    planned = await town.post("/v1/check-ins", mia.token, {"due_at": "2026-11-24T18:10:00Z", "grace_seconds": 60})
    await outage.begin()
    path = f"/v1/check-ins/{planned['id']}/extend"
    far = await town.call("POST", path, mia.token, {"pin": PIN, "due_at": "2026-11-25T18:10:00Z"})
    assert (far.status, far.problem) == (422, "extends-too-far")
    near = await town.call("POST", path, mia.token, {"pin": PIN, "due_at": "2026-11-24T18:30:00Z"})
    assert (near.status, near.body["due_at"]) == (200, "2026-11-24T18:30:00Z")
    await outage.end()
    await town.wait(minutes=15)
    assert await town.live() == []


async def test_what_the_copy_does_not_hold_is_not_known_now(outage: Outage) -> None:
    """An unknown token may be a good one: 503, not 401. Staff wait. A token that was made dead is not in the copy."""
    town = outage.town
    mia = await town.mia()
    lost = await town.phone(mia.person)
    assert (await town.call("DELETE", f"/v1/devices/{lost.device}", town.admin)).status == 204
    await outage.begin()
    for token in ("who-knows", lost.panic, town.admin):
        answer = await town.call("POST", "/v1/panic", token, {})
        assert answer.status == 503, answer.raw
    assert (await town.call("GET", "/v1/incidents?state=live", town.admin)).status == 503
    ready = await town.call("GET", "/readyz")
    assert (ready.status, ready.body["degraded"]) == (200, True)
    await outage.end()


async def test_a_spool_that_was_left_behind_is_moved_by_whoever_mounts_it(outage: Outage) -> None:
    """The process died in the outage; another one starts with its folder."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    pressed = await accepted(outage, mia)
    outage.spool.hurry.set()
    await town.stop()
    await outage.server.start()
    await town.start()

    async def moved() -> bool:
        return not outage.spool.intake.spooling and (await outage.spool.figures())[0] == 0

    await until(moved, "the spool was never moved", WITHIN)
    await town.wait(seconds=15)
    assert (await town.incident())["id"] == pressed["incident"]
    assert town.sink.purposes("ana") == ["alert"]


async def test_stopping_waits_for_the_store(outage: Outage) -> None:
    """And ends by itself once all is moved."""
    town = outage.town
    mia = await town.mia()
    await outage.begin()
    pressed = await accepted(outage, mia)
    stopping = asyncio.create_task(town.stop())
    done, _ = await asyncio.wait({stopping}, timeout=1.5)
    assert not done
    await outage.server.start()
    await asyncio.wait_for(stopping, WITHIN)
    await town.start()
    assert (await town.incident())["id"] == pressed["incident"]


async def test_somebody_erased_is_erased_from_the_copy(outage: Outage) -> None:
    """Her token is dead there too, and her key destroyed."""
    town = outage.town
    mia = await town.mia()
    await outage.copied()
    assert (await town.call("DELETE", f"/v1/people/{mia.person}", town.admin)).status == 204
    await outage.begin()
    assert (await town.call("POST", "/v1/panic", mia.panic, {})).status == 503
    with pytest.raises(Exception, match="data key"):
        await outage.spool._local.sealer(mia.person)
    await outage.end()
