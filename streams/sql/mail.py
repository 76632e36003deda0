"""Mail in, people locked with all their mail, decisions out: the heart of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from alerts.care_plan import CarePlan
from alerts.person_side import PersonSide
from alerts.signals import Signal
from alerts.situation import CheckIn, Incident, Situation
from streams.records import Agreed, Mail, Outcome, TimerRow, Work
from streams.sealing import Unreadable
from streams.sql.connection import Row
from streams.sql.directory import DirectoryRows
from streams.sql.rows import ENCODER, decoder, instant, instant_or_none, micros

Undecodable = (msgspec.MsgspecError, Unreadable)
NO_CHECK_INS = (
    "AND name NOT LIKE 'check-in:%' AND name NOT LIKE 'schedule:%' AND name NOT LIKE 'zone:%' "
    "AND name NOT LIKE 'journey:%' AND name NOT IN ('tracking', 'stay-near')"
)
"""Planning, and waiting for a phone, goes by the same clock: by one that jumped, what is to come would have passed."""


class MailRows(DirectoryRows):
    """The inbox, situations and timers."""

    async def put_mail(
        self, organization: str, person: str, lane: int, signal: Signal, answer: bytes | None = None
    ) -> bool:
        """Keeps a signal, with the answer that its sender gets; False when its id was kept before."""
        sealed = await self.seal(person, signal, f"inbox|{signal.id}|sealed")
        kept = await self.execute(
            "INSERT INTO inbox (organization_id, person, id, lane, received_at, sealed, answer) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, id) DO NOTHING",
            *(organization, person, signal.id, lane, micros(signal.received_at), sealed, answer),
        )
        return kept > 0

    async def first_answer(self, person: str, signal: str) -> bytes | None:
        """What was answered when this signal was accepted; None when it never was."""
        row = await self.row("SELECT answer FROM inbox WHERE person = ? AND id = ?", person, signal)
        return row[0] if row else None

    async def person_side(self, person: str) -> PersonSide:
        """What the person's own screen shows."""
        row = await self.row(f"SELECT document FROM person_sides WHERE person = ?{self.dialect.lock}", person)
        side: PersonSide = decoder(PersonSide).decode(row[0]) if row else PersonSide()
        return side

    async def save_person_side(self, organization: str, person: str, side: PersonSide) -> None:
        """Keeps what the person's own screen shows."""
        await self.execute(
            "INSERT INTO person_sides (person, organization_id, document) VALUES (?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET document = excluded.document",
            *(person, organization, ENCODER.encode(side)),
        )

    async def waiting(self, limit: int, received_before: datetime | None = None) -> list[tuple[int, str, str]]:
        """People with mail that nobody has handled: lane, organization and person, the most urgent first."""
        before = micros(received_before) if received_before else 2**62
        rows = await self.rows(
            "SELECT min(lane), min(organization_id), person FROM inbox WHERE handled_at IS NULL AND received_at <= ? "
            "GROUP BY person ORDER BY min(lane), min(number) LIMIT ?",
            *(before, limit),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    async def lock_people(self, people: Sequence[str], *, wait: bool = True) -> set[str]:
        """Nobody else decides for these people before the transaction ends; whom it could lock without waiting."""
        del wait  # where there is but one writer, everybody is locked
        return set(people)

    async def take(
        self, people: Sequence[tuple[str, str]], also: Mapping[str, Sequence[Signal]] = {}, *, wait: bool = True
    ) -> tuple[list[Work], list[tuple[str, str]]]:
        """Locks these people and takes ALL their unhandled mail, in inbox order, then `also`. Without any: left out."""
        locked = await self.lock_people([person for _, person in people], wait=wait)
        skipped = [one for one in people if one[1] not in locked]
        people = [one for one in people if one[1] in locked]
        ids = [person for _, person in people]
        if not ids:
            return [], skipped
        await self.keys.load(ids)
        mail, broken = await self._mail_of(people)
        for organization, person in people:
            if person in also:
                mail.setdefault((organization, person), []).extend(Mail(number=0, signal=s) for s in also[person])
        busy = [one for one in people if one in mail or one in broken]
        if not busy:
            return [], skipped
        situations = await self._situations_of([person for _, person in busy])
        agreed = await self.all_agreed(busy)
        found = [
            Work(
                organization=organization,
                person=person,
                situation=situations.get(person) or Situation(person=person),
                # What cannot be read must not keep anybody from being told: dispatch and the last resort are left.
                plan=await self._plan(organization, agreed.get(person)),
                agreed=agreed.get(person),
                mail=tuple(mail.get((organization, person), ())),
                undecodable=tuple(broken.get((organization, person), ())),
            )
            for organization, person in busy
        ]
        return found, skipped

    async def situation(self, person: str) -> Situation:
        """What is true of this person now."""
        return (await self._situations_of([person])).get(person) or Situation(person=person)

    async def settle(self, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Writes what deciding changed, all of it or nothing."""
        now = micros(at)
        await self.many(
            "UPDATE inbox SET handled_at = ?, result = ? WHERE number = ?",
            [(now, result, number) for outcome in outcomes for number, result in outcome.handled if number],
        )
        await self._save_situations([o for o in outcomes if o.situation is not o.before])
        await self._save_timers(outcomes)
        await self._save_check_ins(outcomes)

    async def take_due_timers(self, now: datetime, limit: int, *, without_check_ins: bool = False) -> list[TimerRow]:
        """Takes away what is due."""
        rows = await self.rows(
            "SELECT organization_id, person, name, generation, due_at FROM timers WHERE due_at <= ? "
            f"{NO_CHECK_INS if without_check_ins else ''} ORDER BY due_at LIMIT ?",
            *(micros(now), limit),
        )
        timers = [timer_of(row) for row in rows]
        await self.many("DELETE FROM timers WHERE person = ? AND name = ?", [(t.person, t.name) for t in timers])
        return timers

    async def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        row = await self.row("SELECT min(due_at) FROM timers")
        return None if row is None else instant_or_none(row[0])

    async def check_ins(self, person: str, limit: int = 50) -> list[CheckIn]:
        """The check-ins of a person as she may see them, the latest due first."""
        rows = await self.rows(
            "SELECT id, sealed FROM check_ins WHERE person = ? ORDER BY due_at DESC LIMIT ?", person, limit
        )
        return [await self.open(person, row[1], f"check_ins|{row[0]}|sealed", CheckIn) for row in rows]

    async def check_in(self, person: str, check_in: str) -> CheckIn | None:
        """One check-in as she may see it."""
        row = await self.row("SELECT sealed FROM check_ins WHERE id = ? AND person = ?", check_in, person)
        return await self.open(person, row[0], f"check_ins|{check_in}|sealed", CheckIn) if row else None

    async def next_check_in(self, person: str) -> CheckIn | None:
        """The one due soonest of those that are not over, as she may see them."""
        row = await self.row(
            "SELECT id, sealed FROM check_ins WHERE person = ? AND state = 'scheduled' ORDER BY due_at LIMIT 1", person
        )
        return await self.open(person, row[1], f"check_ins|{row[0]}|sealed", CheckIn) if row else None

    async def _mail_of(
        self, people: Sequence[tuple[str, str]]
    ) -> tuple[dict[tuple[str, str], list[Mail]], dict[tuple[str, str], list[int]]]:
        """What can be read, and the numbers of what cannot; of this person in this organization, and nobody else."""
        rows = await self.rows(
            f"SELECT organization_id, person, number, id, sealed FROM inbox WHERE {self.dialect.one_of('person')} "
            "AND handled_at IS NULL ORDER BY number",
            self.dialect.array([person for _, person in people]),
        )
        wanted = set(people)
        mail: dict[tuple[str, str], list[Mail]] = {}
        broken: dict[tuple[str, str], list[int]] = {}
        for organization, person, number, signal, sealed in rows:
            one = (organization, person)
            if one not in wanted:
                continue
            try:
                opened = (await self.sealer(person)).open(sealed, f"inbox|{signal}|sealed")
                mail.setdefault(one, []).append(Mail(number=number, signal=decoder(Signal).decode(opened)))
            except Undecodable:
                broken.setdefault(one, []).append(number)
        return mail, broken

    async def _situations_of(self, people: Sequence[str]) -> dict[str, Situation]:
        rows = await self.rows(
            "SELECT s.person, s.sealed, s.incident, i.sealed FROM situations s "
            f"LEFT JOIN incidents i ON i.id = s.incident WHERE {self.dialect.one_of('s.person')}",
            self.dialect.array(people),
        )
        found = {}
        for person, sealed, live, incident_sealed in rows:
            if not sealed:
                # The row is there to be locked; nothing has happened yet.
                continue
            situation = await self.open(person, sealed, f"situations|{person}|sealed", Situation)
            if live is not None:
                incident = await self.open(person, incident_sealed, f"incidents|{live}|sealed", Incident)
                situation = msgspec.structs.replace(situation, incident=incident)
            found[person] = situation
        return found

    async def _plan(self, organization: str, agreed: Agreed | None) -> CarePlan:
        return await self.plan_of(agreed) if agreed is not None else await self.bare_plan(organization)

    async def _save_situations(self, outcomes: Sequence[Outcome]) -> None:
        rows, changed = [], []
        for outcome in outcomes:
            situation, incident = outcome.situation, outcome.situation.incident
            live = incident.id if incident is not None and incident.live else None
            bare = msgspec.structs.replace(situation, incident=None)
            sealed = await self.seal(outcome.person, bare, f"situations|{outcome.person}|sealed")
            rows.append((outcome.person, outcome.organization, live, sealed))
            if incident is not None and incident is not outcome.before.incident:
                changed.append((outcome, incident))
        await self.many(
            "INSERT INTO situations (person, organization_id, incident, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person) DO UPDATE SET incident = excluded.incident, sealed = excluded.sealed",
            rows,
        )
        await self._save_incidents(changed)

    async def _save_incidents(self, changed: Sequence[tuple[Outcome, Incident]]) -> None:
        await self.many(
            "INSERT INTO incidents (id, organization_id, person, state, opened_at, closed_at, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, closed_at = excluded.closed_at, "
            "sealed = excluded.sealed",
            [
                (
                    *(incident.id, outcome.organization, outcome.person, incident.state, micros(incident.opened_at)),
                    micros(incident.closed_at) if incident.closed_at else None,
                    await self.seal(outcome.person, incident, f"incidents|{incident.id}|sealed"),
                )
                for outcome, incident in changed
            ],
        )
        await self.many(
            "INSERT INTO aliases (alias, organization_id, incident) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(alias, outcome.organization, incident.id) for outcome, incident in changed for alias in incident.aliases],
        )

    async def _save_timers(self, outcomes: Sequence[Outcome]) -> None:
        await self.many(
            "DELETE FROM timers WHERE person = ? AND name = ?",
            [(outcome.person, name) for outcome in outcomes for name in outcome.cleared],
        )
        await self.many(
            "INSERT INTO timers (person, name, organization_id, generation, due_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (person, name) DO UPDATE SET generation = excluded.generation, due_at = excluded.due_at",
            [
                (t.person, t.name, t.organization, t.generation, micros(t.due_at))
                for outcome in outcomes
                for t in outcome.timers
            ],
        )

    async def _save_check_ins(self, outcomes: Sequence[Outcome]) -> None:
        await self.many(
            "INSERT INTO check_ins (id, organization_id, person, state, due_at, sealed) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at, "
            "sealed = excluded.sealed",
            [
                (
                    *(check_in.id, outcome.organization, outcome.person, check_in.state, micros(check_in.due_at)),
                    await self.seal(outcome.person, check_in, f"check_ins|{check_in.id}|sealed"),
                )
                for outcome in outcomes
                for check_in in outcome.check_ins
            ],
        )


def timer_of(row: Row) -> TimerRow:
    """A timer from its row: organization, person, name, generation, due."""
    return TimerRow(organization=row[0], person=row[1], name=row[2], generation=row[3], due_at=instant(row[4]))
