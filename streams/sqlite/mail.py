"""Mail in, people locked with all their mail, decisions out: the heart of a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from alerts.care_plan import CarePlan
from alerts.person_side import PersonSide
from alerts.signals import Signal
from alerts.situation import CheckIn, Incident, Situation
from streams.records import Agreed, Mail, Outcome, TimerRow, Work
from streams.sealing import Unreadable
from streams.sqlite.directory import DirectoryRows
from streams.sqlite.rows import ENCODER, decoder, instant, micros

Undecodable = (msgspec.MsgspecError, Unreadable)


class MailRows(DirectoryRows):
    """The inbox, situations and timers."""

    async def put_mail(
        self, organization: str, person: str, lane: int, signal: Signal, answer: bytes | None = None
    ) -> bool:
        """Keeps a signal, with the answer that its sender gets; False when its id was kept before."""
        sealed = self.seal(person, signal, f"inbox|{signal.id}|sealed")
        kept = self.execute(
            "INSERT INTO inbox (organization_id, person, id, lane, received_at, sealed, answer) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, id) DO NOTHING",
            (organization, person, signal.id, lane, micros(signal.received_at), sealed, answer),
        ).rowcount
        return kept > 0

    async def first_answer(self, person: str, signal: str) -> bytes | None:
        """What was answered when this signal was accepted; None when it never was."""
        row = self.execute("SELECT answer FROM inbox WHERE person = ? AND id = ?", (person, signal)).fetchone()
        return row[0] if row else None

    async def person_side(self, person: str) -> PersonSide:
        """What the person's own screen shows."""
        row = self.execute("SELECT document FROM person_sides WHERE person = ?", (person,)).fetchone()
        side: PersonSide = decoder(PersonSide).decode(row[0]) if row else PersonSide()
        return side

    async def save_person_side(self, organization: str, person: str, side: PersonSide) -> None:
        """Keeps what the person's own screen shows."""
        self.execute(
            "INSERT INTO person_sides (person, organization_id, document) VALUES (?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET document = excluded.document",
            (person, organization, ENCODER.encode(side)),
        )

    async def waiting(self, limit: int, received_before: datetime | None = None) -> list[tuple[int, str, str]]:
        """People with mail that nobody has handled: lane, organization and person, the most urgent first."""
        before = micros(received_before) if received_before else 2**62
        rows: list[tuple[int, str, str]] = self.execute(
            "SELECT min(lane), organization_id, person FROM inbox WHERE handled_at IS NULL AND received_at <= ? "
            "GROUP BY person ORDER BY min(lane), min(number) LIMIT ?",
            (before, limit),
        ).fetchall()
        return rows

    async def take(self, people: Sequence[tuple[str, str]], also: Mapping[str, Sequence[Signal]] = {}) -> list[Work]:
        """Locks these people and takes ALL their unhandled mail, in inbox order, then `also`. Without any: left out."""
        found = []
        for organization, person in people:
            mail, broken = self._mail_of(person)
            mail = (*mail, *(Mail(number=0, signal=signal) for signal in also.get(person, ())))
            if mail or broken:
                agreed, plan = await self._agreed(organization, person)
                found.append(
                    Work(
                        organization=organization,
                        person=person,
                        situation=self._situation_of(person),
                        plan=plan,
                        agreed=agreed,
                        mail=mail,
                        undecodable=broken,
                    )
                )
        return found

    async def situation(self, person: str) -> Situation:
        """What is true of this person now."""
        return self._situation_of(person)

    async def settle(self, outcomes: Iterable[Outcome], at: datetime) -> None:
        """Writes what deciding changed, all of it or nothing."""
        now = micros(at)
        for outcome in outcomes:
            handled = [(now, result, number) for number, result in outcome.handled if number]
            if handled:
                self.many("UPDATE inbox SET handled_at = ?, result = ? WHERE number = ?", handled)
            self._save_situation(outcome)
            self._save_timers(outcome)

    async def take_due_timers(self, now: datetime, limit: int, *, without_check_ins: bool = False) -> list[TimerRow]:
        """Takes away what is due."""
        rows = self.execute(
            "SELECT organization_id, person, name, generation, due_at FROM timers WHERE due_at <= ? "
            "AND (NOT ? OR name NOT LIKE 'check-in:%') ORDER BY due_at LIMIT ?",
            (micros(now), without_check_ins, limit),
        ).fetchall()
        timers = [
            TimerRow(organization=row[0], person=row[1], name=row[2], generation=row[3], due_at=instant(row[4]))
            for row in rows
        ]
        self.many("DELETE FROM timers WHERE person = ? AND name = ?", [(t.person, t.name) for t in timers])
        return timers

    async def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        row = self.execute("SELECT min(due_at) FROM timers").fetchone()
        return None if row[0] is None else instant(row[0])

    async def check_ins(self, person: str, limit: int = 50) -> list[CheckIn]:
        """The check-ins of a person as she may see them, the latest due first."""
        rows = self.execute(
            "SELECT id, sealed FROM check_ins WHERE person = ? ORDER BY due_at DESC LIMIT ?", (person, limit)
        ).fetchall()
        return [self.open(person, row[1], f"check_ins|{row[0]}|sealed", CheckIn) for row in rows]

    async def check_in(self, person: str, check_in: str) -> CheckIn | None:
        """One check-in as she may see it."""
        row = self.execute("SELECT sealed FROM check_ins WHERE id = ? AND person = ?", (check_in, person)).fetchone()
        return self.open(person, row[0], f"check_ins|{check_in}|sealed", CheckIn) if row else None

    def _mail_of(self, person: str) -> tuple[tuple[Mail, ...], tuple[int, ...]]:
        rows = self.execute(
            "SELECT number, id, sealed FROM inbox WHERE person = ? AND handled_at IS NULL ORDER BY number", (person,)
        ).fetchall()
        mail, broken = [], []
        for number, signal, sealed in rows:
            try:
                opened = self.keys.of(person).open(sealed, f"inbox|{signal}|sealed")
                mail.append(Mail(number=number, signal=decoder(Signal).decode(opened)))
            except Undecodable:
                broken.append(number)
        return tuple(mail), tuple(broken)

    def _situation_of(self, person: str) -> Situation:
        row = self.execute(
            "SELECT s.sealed, s.incident, i.sealed FROM situations s LEFT JOIN incidents i ON i.id = s.incident "
            "WHERE s.person = ?",
            (person,),
        ).fetchone()
        if row is None:
            return Situation(person=person)
        situation = self.open(person, row[0], f"situations|{person}|sealed", Situation)
        if row[1] is None:
            return situation
        incident = self.open(person, row[2], f"incidents|{row[1]}|sealed", Incident)
        return msgspec.structs.replace(situation, incident=incident)

    async def _agreed(self, organization: str, person: str) -> tuple[Agreed | None, CarePlan]:
        try:
            agreed = await self.agreed(organization, person)
            if agreed is not None:
                return agreed, await self.plan_of(agreed)
        except Undecodable:
            pass
        # What cannot be read must not keep anybody from being told: dispatch and the last resort are left.
        return None, await self.bare_plan(organization)

    def _save_situation(self, outcome: Outcome) -> None:
        situation, incident = outcome.situation, outcome.situation.incident
        if situation is outcome.before:
            return
        live = incident.id if incident is not None and incident.live else None
        bare = msgspec.structs.replace(situation, incident=None)
        self.execute(
            "INSERT INTO situations (person, organization_id, incident, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET incident = excluded.incident, sealed = excluded.sealed",
            (
                outcome.person,
                outcome.organization,
                live,
                self.seal(outcome.person, bare, f"situations|{outcome.person}|sealed"),
            ),
        )
        if incident is not None and incident is not outcome.before.incident:
            self._save_incident(outcome, incident)

    def _save_incident(self, outcome: Outcome, incident: Incident) -> None:
        closed = micros(incident.closed_at) if incident.closed_at else None
        sealed = self.seal(outcome.person, incident, f"incidents|{incident.id}|sealed")
        self.execute(
            "INSERT INTO incidents (id, organization_id, person, state, opened_at, closed_at, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, closed_at = excluded.closed_at, "
            "sealed = excluded.sealed",
            (
                incident.id,
                outcome.organization,
                outcome.person,
                incident.state,
                micros(incident.opened_at),
                closed,
                sealed,
            ),
        )
        if incident.aliases:
            self.many(
                "INSERT INTO aliases (alias, organization_id, incident) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(alias, outcome.organization, incident.id) for alias in incident.aliases],
            )

    def _save_timers(self, outcome: Outcome) -> None:
        if outcome.cleared:
            self.many(
                "DELETE FROM timers WHERE person = ? AND name = ?", [(outcome.person, name) for name in outcome.cleared]
            )
        if outcome.timers:
            self.many(
                "INSERT INTO timers (person, name, organization_id, generation, due_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (person, name) DO UPDATE SET generation = excluded.generation, due_at = excluded.due_at",
                [(t.person, t.name, t.organization, t.generation, micros(t.due_at)) for t in outcome.timers],
            )
        for check_in in outcome.check_ins:
            self.execute(
                "INSERT INTO check_ins (id, organization_id, person, state, due_at, sealed) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at, "
                "sealed = excluded.sealed",
                (
                    check_in.id,
                    outcome.organization,
                    outcome.person,
                    check_in.state,
                    micros(check_in.due_at),
                    self.seal(outcome.person, check_in, f"check_ins|{check_in.id}|sealed"),
                ),
            )
