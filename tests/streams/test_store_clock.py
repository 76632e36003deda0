"""The store's clock rules, whatever this machine's says; and who pumps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from streams.pump_duty import Shared
from streams.sealing import MasterKey
from streams.sqlite.store import SqliteStore
from streams.store_clock import StoreClock
from tests.services.jump_clock import NOON, JumpClock


def test_setting_this_machines_clock_changes_nothing() -> None:
    """It goes on by the monotonic clock between two looks."""
    machine = JumpClock()
    clock = StoreClock(machine)
    assert clock.now() == NOON
    clock.read(NOON + timedelta(seconds=1), machine.monotonic())
    assert clock.now() == NOON + timedelta(seconds=1)
    assert not clock.off
    machine.step_wall(hours=2)
    assert clock.now() == NOON + timedelta(seconds=1)
    assert clock.off
    assert clock.offset == 1 - 7200
    machine.step_wall(hours=-2)
    machine.jump(seconds=30)
    assert clock.now() == NOON + timedelta(seconds=31)


def test_an_answer_that_took_long_says_little() -> None:
    """It is not taken; the first one is, for want of a better."""
    machine = JumpClock()
    clock = StoreClock(machine)
    clock.read(NOON, machine.monotonic())
    began = machine.monotonic()
    machine.jump(seconds=4)
    clock.read(NOON, began)
    assert clock.now() == NOON + timedelta(seconds=4)


async def test_workers_pump_when_no_scheduler_is_heard_of(tmp_path: Path) -> None:
    """For three seconds; a scheduler whose own clock is wrong does not count."""
    store = SqliteStore(tmp_path / "data", MasterKey(b"k" * 32), frozenset())
    clock = JumpClock()
    wrong, rung = set[str](), list[str]()

    def duty(name: str, *, scheduler: bool) -> Shared:
        off = lambda: name in wrong  # noqa: E731 - one line says it
        return Shared(store, clock, name=name, scheduler=scheduler, clock_off=off, alarm=rung.append)

    scheduler, worker = duty("s", scheduler=True), duty("w", scheduler=False)
    assert (scheduler.on, worker.on) == (True, False)
    await worker.look()
    assert worker.on
    await scheduler.look()
    await worker.look()
    assert (scheduler.on, worker.on) == (True, False)
    clock.jump(seconds=3)
    await worker.look()
    assert not worker.on
    clock.jump(seconds=0.5)
    await worker.look()
    assert worker.on
    wrong.add("s")
    await scheduler.look()
    await worker.look()
    assert (scheduler.on, worker.on, rung) == (False, True, ["clock_off"])
    wrong.clear()
    await scheduler.look()
    await worker.look()
    assert (scheduler.on, worker.on) == (True, False)
    await store.close()
