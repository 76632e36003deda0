"""One transaction: every operation of the store's port, on one connection."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from streams.records import AuditLine, Outcome
from streams.sqlite.deliveries import DeliveryRows
from streams.sqlite.journal import JournalRows
from streams.sqlite.mail import MailRows
from streams.sqlite.rows import instant, micros


class SqliteTransaction(MailRows, DeliveryRows, JournalRows):
    """Carries out operations at once; nothing in it ever waits."""

    async def settle_all(self, outcomes: list[Outcome], at: datetime) -> None:
        """Writes everything that deciding changed: situation, timers, deliveries, timeline, feed, messages."""
        await self.settle(outcomes, at)
        for outcome in outcomes:
            incident = outcome.situation.incident
            if outcome.void and incident is not None:
                await self.void_subject(incident.id, at)
            if outcome.deliveries:
                await self.put_deliveries(outcome.deliveries)
            if outcome.fixes:
                await self.put_fixes(outcome.organization, outcome.person, outcome.fixes)
            if outcome.messages:
                await self.put_messages(outcome.organization, outcome.person, outcome.messages)
            events = {incident.id: _gravest(outcome.events)} if incident is not None and outcome.events else {}
            await self.write_journal(outcome.organization, outcome.person, outcome.journal, events, at)

    async def kept_answer(self, actor: str, key: str) -> tuple[bytes, int, bytes] | None:
        """The fingerprint, status and body of the first answer to this key."""
        row = self.execute(
            "SELECT fingerprint, status, sealed, organization_id FROM answers WHERE actor = ? AND key = ?", (actor, key)
        ).fetchone()
        if row is None:
            return None
        return row[0], row[1], self.keys.of(row[3]).open(row[2], f"answers|{key}|sealed")

    async def keep_answer(
        self, organization: str, actor: str, key: str, fingerprint: bytes, status: int, body: bytes, at: datetime
    ) -> None:
        """Keeps the answer, so that a repeat gets the same."""
        sealed = self.keys.of(organization).seal(body, f"answers|{key}|sealed")
        self.execute(
            "INSERT INTO answers (actor, key, organization_id, at, fingerprint, status, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (actor, key, organization, micros(at), fingerprint, status, sealed),
        )

    async def audit(
        self, organization: str, person: str, what: str, staff: str, session: str, subject: str, at: datetime
    ) -> None:
        """One row per staff member, subject and session, chained by hash per person."""
        last = self.execute(
            "SELECT chain FROM audit WHERE person = ? ORDER BY number DESC LIMIT 1", (person,)
        ).fetchone()
        row = (organization, person, what, staff, session, subject, micros(at))
        chain = _link(last[0] if last else b"", row)
        self.execute(
            "INSERT INTO audit (organization_id, person, at, what, staff, session, subject, chain) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (organization, person, micros(at), what, staff, session, subject, chain),
        )

    async def audited(self, person: str) -> list[AuditLine]:
        """Who has looked; the chain is checked on the way."""
        rows = self.execute(
            "SELECT organization_id, person, what, staff, session, subject, at, chain FROM audit WHERE person = ? "
            "ORDER BY number",
            (person,),
        ).fetchall()
        before = b""
        for row in rows:
            before = _link(before, row[:7])
            if before != row[7]:
                raise ValueError("the audit of a person was tampered with")
        return [AuditLine(at=instant(row[6]), what=row[2], staff=row[3], subject=row[5]) for row in rows]

    async def forget_before(self, at: datetime) -> int:
        """Drops handled mail, kept answers, feed events and dead tokens that are older; returns how many rows went."""
        mail = self.execute("DELETE FROM inbox WHERE handled_at < ?", (micros(at),)).rowcount
        answers = self.execute("DELETE FROM answers WHERE at < ?", (micros(at),)).rowcount
        feed = self.execute(
            "UPDATE journal SET event = NULL WHERE event IS NOT NULL AND at < ?", (micros(at),)
        ).rowcount
        tokens = self.execute("DELETE FROM tokens WHERE expires_at < ?", (micros(at),)).rowcount
        return mail + answers + feed + tokens

    async def beat(self, name: str, at: datetime) -> None:
        """Writes a sign of life."""
        self.execute(
            "INSERT INTO beats (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            (name, micros(at)),
        )

    async def figures(self, now: datetime) -> dict[str, float]:
        """How much waits."""
        at = micros(now)
        counts = {
            "mail_waiting": ("SELECT count(*) FROM inbox WHERE handled_at IS NULL", ()),
            "timers_overdue": ("SELECT count(*) FROM timers WHERE due_at < ?", (at - 1_000_000,)),
            "deliveries_due": (
                "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending') AND due_at < ?",
                (at - 1_000_000,),
            ),
            "deliveries_unsettled": ("SELECT count(*) FROM deliveries WHERE state = 'sending'", ()),
        }
        return {name: float(self.execute(sql, values).fetchone()[0]) for name, (sql, values) in counts.items()}

    async def forget_trails(self, before: datetime) -> int:
        """Destroys the positions of people whose last incident closed before then."""
        return self.execute(
            "DELETE FROM fixes WHERE person IN (SELECT person FROM incidents GROUP BY person "
            "HAVING max(coalesce(closed_at, 9223372036854775807)) < ?)",
            (micros(before),),
        ).rowcount


def _gravest(events: list[str]) -> str:
    """Several decisions in one transaction are told as one: that it opened or closed says more than that it changed."""
    return next((event for event in reversed(events) if event != "incident.updated"), "incident.updated")


def _link(before: bytes, row: tuple[Any, ...]) -> bytes:
    """The next link of the chain: a hash of the one before it and of this row."""
    return hashlib.sha256(before + "\x1f".join(map(str, row)).encode()).digest()
