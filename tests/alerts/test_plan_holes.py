"""What is open in the plan of one person: her own contacts, the teams, the hours of the week."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from alerts.care_plan import CarePlan, MethodRef, PlannedContact, PlannedMember, PlannedTeam
from alerts.hours import Hours
from alerts.on_call import Rota, Rotation
from alerts.plan_holes import Hole, holes
from alerts.policy_simulation import simulate, stand_in
from alerts.policy_text import read_policy

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
SMS = MethodRef("m", "sms")
MAIL = MethodRef("n", "email")
AT_ONCE = "name: x\ncancel_window: 0s\nsteps:\n  - {after: 0s, notify: [dispatch, contacts]}\n"


def plan(text: str = AT_ONCE, **fields: Any) -> CarePlan:
    """A plan without a hole, but for what is said otherwise."""
    return msgspec.structs.replace(stand_in(read_policy(text)), **fields)


def kinds(found: list[Hole]) -> list[str]:
    """What they are."""
    return [hole.kind for hole in found]


def contact(identity: str, *methods: MethodRef, confirmed: bool = True) -> PlannedContact:
    """A contact."""
    return PlannedContact(id=identity, name=identity, confirmed=confirmed, methods=methods)


def nights(*members: tuple[str, tuple[MethodRef, ...]], **fields: Any) -> PlannedTeam:
    """A team, a week each."""
    rotation = Rotation(
        **{"members": tuple(m for m, _ in members), "begins": date(2026, 11, 23), "hand_over": time(8), **fields}
    )
    known = tuple(PlannedMember(id=m, methods=methods) for m, methods in members)
    return PlannedTeam(name="nights", rota=Rota(time_zone="America/Chicago", rotations=(rotation,)), members=known)


def test_contacts_who_cannot_be_told() -> None:
    """One who has not agreed, and one whose only number is unsafe."""
    found = holes(plan(contacts=(contact("ana", SMS, MAIL), contact("ben", SMS, confirmed=False), contact("cem"))), AT)
    assert [(h.kind, h.values["recipient"]) for h in found] == [
        ("unconfirmed_contact", "contact:ben"),
        ("unreachable_contact", "contact:cem"),
    ]
    assert found[0].text == "contact:ben has not agreed yet, and is told of nothing"


def test_a_plan_that_hangs_on_one_channel() -> None:
    """Everybody by text, nobody by anything else."""
    found = holes(plan(contacts=(contact("ana", SMS),), dispatch=(SMS,), last_resort=(SMS,)), AT)
    assert [(h.kind, h.values) for h in found] == [("one_channel", {"channel": "sms"})]


NIGHTS = "name: x\ncancel_window: 0s\nsteps:\n  - {after: 0s, notify: ['team:nights', contacts]%s}\n"


def test_a_gap_in_the_turns_is_a_hole_unless_the_step_says_who_is_told_then() -> None:
    """Working days only; the first gap is named."""
    days = (Hours(days=("mon", "tue", "wed", "thu", "fri"), start=time(8), end=time(18)),)
    team = nights(("kim", (SMS, MAIL)), hours=days)
    (hole,) = holes(plan(NIGHTS % "", teams=(team,)), AT)
    assert (hole.kind, hole.values["since"].isoformat()) == ("on_call_gap", "2026-11-25T00:00:00+00:00")
    assert holes(plan(NIGHTS % ", nobody_on_call: [last_resort]", teams=(team,)), AT) == []


def test_a_team_that_nobody_can_be_told_of() -> None:
    """No team of the name, or none of its members has a method."""
    for teams in ((), (nights(("kim", ())),)):
        found = holes(plan(NIGHTS % "", teams=teams), AT)
        assert [(h.kind, h.step, h.values["recipient"]) for h in found] == [("missing_recipient", 1, "team:nights")]


def test_conditions_are_tried_at_every_hour_of_the_week_on_her_clock() -> None:
    """By night somebody is told at once, by day only after ten minutes."""
    text = (
        "name: x\ncancel_window: 0s\nsteps:\n"
        "  - {after: 0s, notify: [dispatch, contacts], when: {local_time: 20:00-08:00}}\n"
        "  - {after: 10m, notify: [dispatch]}\n"
    )
    found = holes(plan(text, time_zone="America/Chicago"), AT - timedelta(hours=14))
    (late,) = [hole for hole in found if hole.kind == "late"]
    assert late.values["at"] == datetime(2026, 11, 24, 14, tzinfo=UTC), "eight in the morning in Chicago"


def test_conditions_are_tried_for_every_trigger() -> None:
    """A miss tells nobody for a quarter of an hour."""
    text = (
        "name: x\ncancel_window: 0s\nsteps:\n"
        "  - {after: 0s, notify: [dispatch, contacts], when: {trigger: [panic, duress, zone]}}\n"
        "  - {after: 15m, notify: [dispatch]}\n"
    )
    (late,) = [hole for hole in holes(plan(text), AT) if hole.kind == "late"]
    assert late.values["trigger"] == "missed_check_in"


def test_a_simulation_rings_whoever_is_on_call_at_that_instant() -> None:
    """This week Kim, the week after Lou."""
    team = nights(("kim", (SMS,)), ("lou", (MAIL,)))
    of = plan(NIGHTS % "", teams=(team,))
    for at, who in ((AT, "staff:kim"), (AT + timedelta(days=7), "staff:lou")):
        assert simulate(of, at).timeline[0].recipient == who
