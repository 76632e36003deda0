"""A week in thirty time zones, through the clock that jumps: every miss is noticed, and exactly once.

Everybody has a schedule; some answer early, some within the grace, some too late and some not at all. The week is one
in which clocks change in many places. In its middle the service is started anew, and later it is away for six hours.
What is expected is reckoned apart, by walking through the week minute by minute.
"""

from __future__ import annotations

import heapq
import random
import time as stopwatch
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from alerts.policy_text import read_policy
from alerts.policy_writing import write_policy
from alerts.responder_signals import IncidentResolved
from alerts.schedule import DAY_NAMES, Absence, DayName, Occurrence, Rule, Terms, occurrence_id, occurrences
from alerts.signals import CheckInCompleted, ScheduleSet, Signal
from services.web.service import new_id
from streams.clock_guard import ClockGuard
from streams.pump import SLICE, Pump
from streams.pump_duty import Alone
from streams.records import LANE_REST, IncidentView, Method, Organization, Person, PolicyText
from streams.runner import Runner
from streams.sealing import MasterKey
from streams.sqlite.store import SqliteStore
from streams.store import Transaction
from tests.services.jump_clock import JumpClock
from tests.simulation.wall_clocks import ZONES, WallClock

BEGINS = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
ENDS = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
RESTART_AT = datetime(2026, 10, 28, 9, 7, tzinfo=UTC)
AWAY_FROM, AWAY_UNTIL = datetime(2026, 10, 29, 17, 31, tzinfo=UTC), datetime(2026, 10, 29, 23, 31, tzinfo=UTC)
GRACE, ASK_AGAIN = timedelta(minutes=15), timedelta(minutes=2)
CLOCKS = tuple(time(hour, minute) for hour, minute in ((0, 30), (1, 30), (2, 15), (7, 0), (12, 0), (18, 45), (21, 0)))
POLICY = """
name: week
cancel_window: 0s
steps:
  - after: 0s
    notify: [dispatch]
check_in: {grace: 15m, remind: [], after_outage: {ask_again: 2m}}
"""
Answer = Literal["early", "in_grace", "late", "never"]


class Asked(msgspec.Struct, frozen=True):
    """Somebody is asked at this instant, and what she does."""

    person: str
    due_at: datetime
    id: str
    answer: Answer

    @property
    def missed_at(self) -> datetime:
        """The end of her grace."""
        return self.due_at + GRACE

    @property
    def answered_at(self) -> datetime | None:
        """When she answers."""
        spans = {"early": timedelta(minutes=-3), "in_grace": GRACE * 0.6, "late": GRACE + timedelta(minutes=9)}
        span = spans.get(self.answer)
        return self.due_at + span if span is not None else None


class Noticed(msgspec.Struct, frozen=True):
    """A missed check-in that somebody was told of."""

    person: str
    missed_at: datetime
    noticed_at: datetime


def schedule(number: int, zone: str, chance: random.Random) -> tuple[Terms, set[DayName], time]:
    """One of the three forms, once on some days of the week; some are paused, or left out for some days."""
    days = set(chance.sample(DAY_NAMES, chance.randint(3, 7)))
    clock = chance.choice(CLOCKS)
    form = number % 3
    if form == 0:
        rule = Rule(days=tuple(sorted(days)), at=(clock,))
    elif form == 1:
        cron = ",".join(str((DAY_NAMES.index(day) + 1) % 7) for day in sorted(days))
        rule = Rule(cron=f"{clock.minute} {clock.hour} * * {cron}")
    else:
        by_day = ",".join(day[:2].upper() for day in sorted(days))
        rule = Rule(rrule=f"FREQ=WEEKLY;BYDAY={by_day};BYHOUR={clock.hour};BYMINUTE={clock.minute}")
    absences = (Absence(first=date(2026, 10, 27), last=date(2026, 10, 28)),) if number % 11 == 0 else ()
    terms = Terms(
        id=new_id(),
        name="Every evening",
        rule=rule,
        zone=zone,
        made_at=BEGINS,
        absences=absences,
        paused=number % 13 == 0,
        paused_until=datetime(2026, 10, 30, tzinfo=UTC) if number % 26 == 0 else None,
    )
    return terms, days, clock


def instants(terms: Terms, days: set[DayName], clock: time, wall: WallClock) -> list[datetime]:
    """When she is asked, by the walls alone."""
    found = []
    day = BEGINS.date() - timedelta(days=1)
    while day <= ENDS.date() + timedelta(days=1):
        at = wall.at(day, clock) if DAY_NAMES[day.weekday()] in days else None
        away = any(absence.first <= day <= absence.last for absence in terms.absences)
        paused = terms.paused and (terms.paused_until is None or (at is not None and at < terms.paused_until))
        if at is not None and BEGINS < at < ENDS - GRACE and not away and not paused:
            found.append(at)
        day += timedelta(days=1)
    return sorted(set(found))


class Week:
    """The store, the engine's parts and the clock; what happened is counted from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = JumpClock(BEGINS)
        self.agency = new_id()
        self.noticed: list[Noticed] = []
        self._open()

    def _open(self) -> None:
        self.store = SqliteStore(self.folder, MasterKey(b"k" * 32), frozenset({"webhook"}))
        self.alarms: list[str] = []
        self.runner = Runner(
            self.store,
            self.clock,
            send=lambda _: None,
            room=lambda: False,
            alarm=self.alarms.append,
            changed=lambda _: None,
        )
        guard = ClockGuard(self.clock, self.alarms.append)
        self.pump = Pump(self.store, self.clock, self.runner, guard, duty=Alone())

    async def restart(self) -> None:
        """Everything that is not in the store is lost."""
        await self.store.close()
        self._open()

    async def seed(self, people: Sequence[tuple[str, Terms]]) -> None:
        """An agency, its people and their schedules."""

        async def prepare(tx: Transaction) -> None:
            dispatch = (Method(id=new_id(), channel="webhook", address="https://desk.example.org"),)
            await tx.put(
                Organization(id=self.agency, organization=self.agency, name="Harbour House", dispatch=dispatch)
            )
            policy = write_policy(read_policy(POLICY, name="week"))
            await tx.put(PolicyText(id=new_id(), organization=self.agency, name="week", document=policy))

        await self.store.write(prepare)
        for begin in range(0, len(people), 250):
            some = people[begin : begin + 250]

            async def add(tx: Transaction, some: Sequence[tuple[str, Terms]] = some) -> None:
                for person, terms in some:
                    zone = terms.zone
                    who = Person(id=person, organization=self.agency, name="Mia", policy="week", time_zone=zone)
                    await tx.put(who)
                    await self._mail(tx, ScheduleSet(**self._common(person), terms=terms))

            await self.store.write(add)
            await self.decide([person for person, _ in some])

    async def decide(self, people: Sequence[str]) -> None:
        """Whoever has mail."""
        for person in people:
            self.runner.wake(self.agency, person, LANE_REST)
        while await self.runner.step():
            pass

    async def answers(self, asked: Sequence[Asked]) -> None:
        """What phones say at this instant."""

        async def work(tx: Transaction) -> None:
            for one in asked:
                await self._mail(tx, CheckInCompleted(**self._common(one.person), check_in=one.id, verdict="none"))

        await self.store.write(work)
        await self.decide([one.person for one in asked])

    async def due(self) -> datetime | None:
        """When something is due next."""
        found: datetime | None = await self.store.read(lambda tx: tx.next_due())
        return found

    async def pump_dry(self) -> None:
        """Everything that is due now; then the desk deals with what has come of it."""
        while True:
            at = await self.due()
            if at is None or at > self.clock.now():
                break
            while await self.pump.step() == SLICE:
                pass
        await self._desk()

    async def _desk(self) -> None:
        """Every open incident is read, counted, and closed."""
        while views := await self._open_incidents():
            for view in views:
                for trigger in view.incident.triggers:
                    assert trigger.kind == "missed_check_in"
                    self.noticed.append(Noticed(view.person, trigger.at, self.clock.now()))

            async def close(tx: Transaction, views: Sequence[IncidentView] = views) -> None:
                for view in views:
                    common, incident = self._common(view.person), view.incident.id
                    closed = IncidentResolved(**common, incident=incident, staff="ana", name="Ana", disposition="safe")
                    await self._mail(tx, closed)

            await self.store.write(close)
            await self.decide([view.person for view in views])

    async def _open_incidents(self) -> list[IncidentView]:
        states = ["pending", "open", "acknowledged"]
        found: list[IncidentView] = await self.store.read(lambda tx: tx.incidents(self.agency, states))
        return found

    async def _mail(self, tx: Transaction, signal: Signal) -> None:
        await tx.put_mail(self.agency, signal.person, LANE_REST, signal)

    def _common(self, person: str) -> dict[str, Any]:
        now = self.clock.now()
        return {"id": new_id(), "person": person, "at": now, "received_at": now}


async def a_week(folder: Path, people: int, seed: int) -> None:
    """The whole story; asserts that what was noticed is what was to be."""
    began = stopwatch.perf_counter()
    chance = random.Random(seed)
    walls = {zone: WallClock(zone, BEGINS - timedelta(days=2), ENDS + timedelta(days=2)) for zone in ZONES}
    week = Week(folder)
    made: list[tuple[str, Terms]] = []
    asked: list[Asked] = []
    for number in range(people):
        person, zone = new_id(), ZONES[number % len(ZONES)]
        terms, days, clock = schedule(number, zone, chance)
        made.append((person, terms))
        expected = instants(terms, days, clock, walls[zone])
        ours = {o.at: occurrence_id(terms, o) for o in _until_the_end(terms)}
        assert list(ours) == expected, (terms.zone, terms.rule)
        kinds: list[Answer] = ["early", "in_grace", "late", "never"]
        asked += [Asked(person, at, ours[at], chance.choices(kinds, (5, 3, 1, 1))[0]) for at in expected]
    await week.seed(made)
    await _live(week, asked)
    _reckon(week, asked)
    print(
        f"{people} people, {len(asked)} check-ins, {len(week.noticed)} missed and noticed, "
        f"{stopwatch.perf_counter() - began:.1f} s"
    )
    await week.store.close()


def _until_the_end(terms: Terms) -> list[Occurrence]:
    found: list[Occurrence] = []
    for occurrence in occurrences(terms, BEGINS):
        if occurrence.at >= ENDS - GRACE:
            break
        found.append(occurrence)
    return found


async def _live(week: Week, asked: Sequence[Asked]) -> None:
    """From one instant at which something happens to the next."""
    answers = [(one.answered_at, number) for number, one in enumerate(asked) if one.answered_at is not None]
    heapq.heapify(answers)
    restarted = away = False
    while True:
        instants = [answers[0][0]] if answers else []
        due = await week.due()
        instants += [due] if due is not None else []
        instants += [] if restarted else [RESTART_AT]
        instants += [] if away else [AWAY_FROM]
        at = min((one for one in instants if one is not None), default=ENDS)
        if at >= ENDS:
            return
        week.clock.jump(seconds=max(0.0, (at - week.clock.now()).total_seconds()))
        if at == RESTART_AT and not restarted:
            restarted = True
            await week.restart()
        if at == AWAY_FROM and not away:
            away = True
            week.clock.jump(seconds=(AWAY_UNTIL - AWAY_FROM).total_seconds())
            await week.restart()
            # Nobody could hear them.
            answers = [(when, number) for when, number in answers if when > AWAY_UNTIL]
            heapq.heapify(answers)
        said = []
        while answers and answers[0][0] is not None and answers[0][0] <= week.clock.now():
            said.append(asked[heapq.heappop(answers)[1]])
        if said:
            await week.answers(said)
        await week.pump_dry()


def _reckon(week: Week, asked: Sequence[Asked]) -> None:
    """Every miss once and on time; what passed while the service was away as one question that was not answered."""
    on_time: Counter[tuple[str, datetime]] = Counter()
    gathered: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        at = one.answered_at
        heard = at is not None and at <= one.missed_at and not AWAY_FROM <= at <= AWAY_UNTIL
        if heard:
            continue
        if AWAY_FROM < one.missed_at <= AWAY_UNTIL:
            gathered[one.person].append(one)
        else:
            on_time[one.person, one.missed_at] += 1
    late = {one for one in week.noticed if AWAY_UNTIL <= one.noticed_at <= AWAY_UNTIL + ASK_AGAIN * 2}
    late = {one for one in late if (one.person, one.missed_at) not in on_time}
    assert Counter(one.person for one in late) == Counter(gathered.keys())
    told = Counter((one.person, one.missed_at) for one in week.noticed if one not in late)
    assert told == on_time
    assert all(one.noticed_at == one.missed_at for one in week.noticed if one not in late)
    assert all(one.noticed_at == AWAY_UNTIL + ASK_AGAIN for one in late)
    assert week.alarms == []


@pytest.mark.timeout(300)
async def test_a_week_of_two_thousand_people(tmp_path: Path) -> None:
    """As much as there is time for on every change."""
    await a_week(tmp_path / "data", 2_000, 1)


@pytest.mark.proof
@pytest.mark.timeout(7200)
async def test_a_week_of_fifty_thousand_people(tmp_path: Path) -> None:
    """The long form."""
    await a_week(tmp_path / "data", 50_000, 2)
