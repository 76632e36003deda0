"""One transaction: every operation of the store's port, on one connection of any database."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from streams.records import STAY_NEAR_CHANGED, AuditLine, Outcome
from streams.sql.journal import JournalRows
from streams.sql.journeys import JourneyRows
from streams.sql.letters import LetterRows
from streams.sql.mirrored import MirroredRows
from streams.sql.outages import OutageRows
from streams.sql.plan_checks import PlanCheckRows
from streams.sql.receipts import ReceiptRows
from streams.sql.rows import instant, instant_or_none, micros
from streams.sql.spooled import SpooledRows
from streams.sql.trails import TrailRows
from streams.sql.watched import WatchedRows
from streams.sql.whereabouts import WhereaboutsRows


class SqlTransaction(
    SpooledRows,
    MirroredRows,
    JournalRows,
    TrailRows,
    WhereaboutsRows,
    JourneyRows,
    WatchedRows,
    OutageRows,
    PlanCheckRows,
    ReceiptRows,
    LetterRows,
):
    """Carries out operations; waits for nothing but its connection."""

    async def settle_all(self, outcomes: list[Outcome], at: datetime) -> None:
        """Writes everything that deciding changed: situation, timers, deliveries, timeline, feed, messages."""
        await self.settle(outcomes, at)
        await self.save_asks(outcomes)
        await self.end_journeys(outcomes, at)
        await self.save_stay_near(outcomes)
        await self.note_late(outcomes, at)
        journal: list[tuple[Any, ...]] = []
        for outcome in outcomes:
            incident = outcome.situation.incident
            if outcome.void and incident is not None:
                await self.void_subject(incident.id, at)
            if outcome.fixes:
                await self.put_fixes(outcome.organization, outcome.person, outcome.fixes)
            if outcome.messages:
                await self.put_messages(outcome.organization, outcome.person, outcome.messages)
            events = {incident.id: _gravest(outcome.events)} if incident is not None and outcome.events else {}
            watched = outcome.situation.stay_near or outcome.before.stay_near
            if outcome.stay_near_changed and watched is not None:
                events[watched.id] = STAY_NEAR_CHANGED
            journal += await self.journal_rows(outcome.organization, outcome.person, outcome.journal, events, at)
        await self.put_deliveries([delivery for outcome in outcomes for delivery in outcome.deliveries])
        await self.put_journal(journal)

    async def kept_answer(self, actor: str, key: str) -> tuple[bytes, int, bytes] | None:
        """The fingerprint, status and body of the first answer to this key."""
        row = await self.row(
            "SELECT fingerprint, status, sealed, organization_id FROM answers WHERE actor = ? AND key = ?", actor, key
        )
        if row is None:
            return None
        return row[0], row[1], (await self.sealer(row[3])).open(row[2], f"answers|{key}|sealed")

    async def keep_answer(
        self, organization: str, actor: str, key: str, fingerprint: bytes, status: int, body: bytes, at: datetime
    ) -> None:
        """Keeps the answer, so that a repeat gets the same."""
        sealed = (await self.sealer(organization)).seal(body, f"answers|{key}|sealed")
        await self.execute(
            "INSERT INTO answers (actor, key, organization_id, at, fingerprint, status, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(actor, key, organization, micros(at), fingerprint, status, sealed),
        )

    async def audit(
        self, organization: str, person: str, what: str, staff: str, session: str, subject: str, at: datetime
    ) -> None:
        """One row per staff member, subject and session, chained by hash per person."""
        last = await self.row("SELECT chain FROM audit WHERE person = ? ORDER BY number DESC LIMIT 1", person)
        row = (organization, person, what, staff, session, subject, micros(at))
        chain = _link(last[0] if last else b"", row)
        await self.execute(
            "INSERT INTO audit (organization_id, person, at, what, staff, session, subject, chain) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(organization, person, micros(at), what, staff, session, subject, chain),
        )

    async def audited(self, person: str) -> list[AuditLine]:
        """Who has looked; the chain is checked on the way."""
        rows = await self.rows(
            "SELECT organization_id, person, what, staff, session, subject, at, chain FROM audit WHERE person = ? "
            "ORDER BY number",
            person,
        )
        before = b""
        for row in rows:
            before = _link(before, tuple(row)[:7])
            if before != row[7]:
                raise ValueError("the audit of a person was tampered with")
        return [AuditLine(at=instant(row[6]), what=row[2], staff=row[3], subject=row[5]) for row in rows]

    async def forget_before(self, at: datetime, limit: int) -> int:
        """Drops handled mail, kept answers, feed events and dead tokens that are older; how many rows went.

        At most `limit` of each: nobody waits for a transaction that drops a million.
        """
        gone = 0
        for sql in (
            "DELETE FROM inbox WHERE number IN (SELECT number FROM inbox WHERE handled_at < ? LIMIT ?)",
            "DELETE FROM answers WHERE (actor, key) IN (SELECT actor, key FROM answers WHERE at < ? LIMIT ?)",
            (
                "UPDATE journal SET event = NULL WHERE number IN "
                "(SELECT number FROM journal WHERE event IS NOT NULL AND at < ? LIMIT ?)"
            ),
            "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at < ? LIMIT ?)",
            (
                "DELETE FROM letters WHERE (address_hmac, about) IN "
                "(SELECT address_hmac, about FROM letters WHERE used_at < ? LIMIT ?)"
            ),
        ):
            gone += await self.execute(sql, micros(at), limit)
        return gone + await self.forget_outages(at)

    async def beat(self, name: str, at: datetime) -> None:
        """Writes a sign of life."""
        await self.execute(
            "INSERT INTO beats (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            *(name, micros(at)),
        )

    async def last_beat(self, kind: str) -> datetime | None:
        """The newest sign of life among those named `kind:…`."""
        row = await self.row("SELECT max(at) FROM beats WHERE name LIKE ?", f"{kind}:%")
        return None if row is None else instant_or_none(row[0])

    async def figures(self, now: datetime) -> dict[str, float]:
        """How much waits."""
        overdue = micros(now) - 1_000_000
        due = "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending') AND due_at < ?"
        counts: dict[str, tuple[str, tuple[int, ...]]] = {
            "mail_waiting": ("SELECT count(*) FROM inbox WHERE handled_at IS NULL", ()),
            "timers_overdue": ("SELECT count(*) FROM timers WHERE due_at < ?", (overdue,)),
            "deliveries_due": (due, (overdue,)),
            "deliveries_unsettled": ("SELECT count(*) FROM deliveries WHERE state = 'sending'", ()),
        }
        figures = {}
        for name, (sql, values) in counts.items():
            row = await self.row(sql, *values)
            figures[name] = float(row[0]) if row is not None else 0.0
        return figures


def _gravest(events: list[str]) -> str:
    """Several decisions in one transaction are told as one: that it opened or closed says more than that it changed."""
    return next((event for event in reversed(events) if event != "incident.updated"), "incident.updated")


def _link(before: bytes, row: tuple[Any, ...]) -> bytes:
    """The next link of the chain: a hash of the one before it and of this row."""
    return hashlib.sha256(before + "\x1f".join(map(str, row)).encode()).digest()
