"""Steps that count only when something is so."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.condition import ClockSpan, Condition, Facts, clock_holds, facts_hold
from alerts.policy import DEFAULT_POLICY, MINUTE_MS, Policy, Repeat, Step, parse_recipient
from alerts.responder_signals import EscalatedNow
from alerts.signal_base import Fix
from alerts.signals import ZoneEntered, ZoneSet
from alerts.zone_rule import ZoneRule
from tests.alerts.town import NOON, Mia, plan_with

FACTS = Facts(
    triggers=frozenset({"panic", "zone"}),
    severity="extreme",
    zones=frozenset({"school"}),
    battery=0.14,
    presses=2,
    language="es-MX",
)


@pytest.mark.parametrize(
    ("fields", "so"),
    [
        ({"trigger": ("panic",)}, True),
        ({"trigger": ("missed_check_in", "zone")}, True),
        ({"trigger": ("missed_check_in",)}, False),
        ({"severity": ("extreme", "severe")}, True),
        ({"severity": ("minor",)}, False),
        ({"zone": ("Home", "School")}, True),
        ({"zone": ("Home",)}, False),
        ({"battery_below": 15}, True),
        ({"battery_below": 14}, False),
        ({"presses_at_least": 2}, True),
        ({"presses_at_least": 3}, False),
        ({"language": ("ES",)}, True),
        ({"language": ("es-MX",)}, True),
        ({"language": ("es-ES", "e")}, False),
        ({"trigger": ("panic",), "language": ("en",)}, False),
    ],
)
def test_all_that_is_named_has_to_hold_and_of_a_list_one(fields: dict[str, Any], so: bool) -> None:
    """Each kind of condition, and two together."""
    assert facts_hold(Condition(**fields), FACTS) is so


def test_a_battery_that_nobody_knows_is_not_low() -> None:
    """Nothing is told because of what is not known."""
    assert not facts_hold(Condition(battery_below=100), msgspec.structs.replace(FACTS, battery=None))


NIGHTS = ClockSpan(time(22), time(6))


@pytest.mark.parametrize(
    ("wall", "span", "days", "so"),
    [
        ("2026-11-27T22:00", NIGHTS, ("fri",), True),
        ("2026-11-28T05:59", NIGHTS, ("fri",), True),
        ("2026-11-28T06:00", NIGHTS, (), False),
        ("2026-11-27T05:00", NIGHTS, ("fri",), False),
        ("2026-11-27T21:59", NIGHTS, (), False),
        ("2026-11-27T12:00", ClockSpan(time(8), time(18)), ("fri",), True),
        ("2026-11-27T18:00", ClockSpan(time(8), time(18)), (), False),
        ("2026-11-27T00:00", ClockSpan(time(0), time(0)), ("fri",), True),
        ("2026-11-29T23:59", None, ("sun",), True),
        ("2026-11-30T00:00", None, ("sun",), False),
        # The hour that happens twice, and the one that does not happen.
        ("2026-11-01T01:30", NIGHTS, ("sat",), True),
        ("2026-03-08T03:00", NIGHTS, ("sat",), True),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(
    wall: str, span: ClockSpan | None, days: tuple[Any, ...], so: bool
) -> None:
    """By the person's clock, whatever the server's says."""
    at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    assert clock_holds(Condition(local_time=span, days=days), at, "America/Chicago") is so


def policy(*steps: tuple[str, str, Condition | None], repeat: Repeat | None = None) -> Policy:
    """Steps: minutes after, whom, when."""
    return msgspec.structs.replace(
        DEFAULT_POLICY,
        cancel_window_ms=0,
        steps=tuple(
            Step(
                after_ms=int(float(after) * MINUTE_MS),
                notify=tuple(map(parse_recipient, names.split())),
                when=when,
                repeat=repeat,
            )
            for after, names, when in steps
        ),
    )


def mia(*steps: tuple[str, str, Condition | None], zone: str = "UTC", **more: Any) -> Mia:
    """Mia under these steps."""
    return Mia(plan_with(3, policy=policy(*steps, **more), time_zone=zone))


def test_a_step_that_does_not_count_is_passed_over_without_costing_time() -> None:
    """The others come at their own times, the tail after the last of those that always count."""
    her = mia(
        ("0", "dispatch", None),
        ("1", "contact:1", Condition(trigger=("missed_check_in",))),
        ("2", "contact:2", None),
        ("60", "contact:3", Condition(presses_at_least=9)),
    )
    her.press(window=None)
    her.wait(minutes=2)
    assert her.told == [("dispatch", "alert"), ("contact:c2", "alert")]
    her.wait(minutes=10)
    assert ("last_resort", "alert") in her.told, "the tail does not wait for what may never count"
    assert not any(name == "contact:c1" for name, _ in her.told)


def test_what_begins_to_count_is_told_at_once_when_its_time_has_passed() -> None:
    """The third press makes it more."""
    her = mia(("0", "dispatch", None), ("0", "contact:1", Condition(presses_at_least=3)))
    for _ in range(2):
        her.press(window=None)
        her.wait(minutes=1)
    assert ("contact:c1", "alert") not in her.told
    her.press(window=None)
    assert ("contact:c1", "alert") in her.told


def test_each_round_looks_at_the_clock_when_it_is_due() -> None:
    """A round whose hour it is not is over; the next one is told when it has become late enough."""
    at_night = Condition(local_time=ClockSpan(time(13), time(6)))
    her = mia(
        ("0", "dispatch", None),
        ("50", "contact:1", at_night),
        ("70", "last_resort", None),
        repeat=Repeat(every_ms=15 * MINUTE_MS, times=2),
    )
    her.press(window=None)
    her.wait(minutes=59)
    assert not any(name == "contact:c1" for name, _ in her.told)
    her.wait(minutes=6)
    assert [name for name, _ in her.told].count("contact:c1") == 1


def test_escalating_by_hand_passes_over_what_does_not_count() -> None:
    """The next that does is told."""
    her = mia(("0", "dispatch", None), ("5", "contact:1", Condition(language=("fr",))), ("9", "contact:2", Condition()))
    her.press(window=None)
    her.take(EscalatedNow(**her.common(), incident=her.incident.id, staff="sam", name="Sam"))
    assert [name for name, _ in her.told] == ["dispatch", "contact:c2"]


def test_where_conditions_leave_nobody_somebody_is_told_all_the_same() -> None:
    """The last resort, at once; and then the tail."""
    her = mia(("0", "dispatch contacts", Condition(trigger=("zone",))))
    her.press(window=None)
    assert her.told == [("last_resort", "alert")]
    her.wait(minutes=10)
    assert ("dispatch", "alert") in her.told


def test_a_zone_is_known_by_its_name() -> None:
    """The one that was breached, whatever others she has."""
    her = mia(("0", "dispatch", None), ("0", "contact:1", Condition(zone=("his street",))))
    for name in ("His street", "The court"):
        rule = ZoneRule(id=name, kind="exclusion", zone="UTC", name=name)
        her.take(ZoneSet(**her.common(), rule=rule, redrawn=True))
    fix = Fix(latitude=0, longitude=0, at=NOON, received_at=NOON)
    her.take(ZoneEntered(**her.common(), zone="The court", fix=fix))
    assert her.told == [("dispatch", "alert")]
    her.now += timedelta(minutes=1)
    her.take(ZoneEntered(**her.common(), zone="His street", fix=fix))
    assert ("contact:c1", "alert") in her.told
