"""Timelines, the feed, messages, and incidents as they are read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from alerts.situation import Incident
from streams.records import Delivery, FeedEvent, IncidentView, JournalLine, Message
from streams.sealing import Unreadable
from streams.sql.connection import Row
from streams.sql.deliveries import TELLS
from streams.sql.rows import Sealed, instant, instant_or_none, micros

TOLD = f"SELECT min(settled_at) FROM deliveries WHERE subject = incidents.id AND {TELLS}"
VIEW = (
    "id, organization_id, person, number, sealed, "
    f"({TOLD} AND state IN ('sent', 'delivered', 'read')), ({TOLD} AND state IN ('delivered', 'read')) FROM incidents"
)


class JournalRows(Sealed):
    """The journal's part of a transaction."""

    async def write_journal(
        self, organization: str, person: str, lines: Sequence[JournalLine], events: dict[str, str], at: datetime
    ) -> None:
        """Adds lines to timelines, and lets the consoles know what happened to which incident: one row for each."""
        await self.put_journal(await self.journal_rows(organization, person, lines, events, at))

    async def journal_rows(
        self, organization: str, person: str, lines: Sequence[JournalLine], events: dict[str, str], at: datetime
    ) -> list[tuple[Any, ...]]:
        """The rows for `put_journal`."""
        about: dict[str | None, list[JournalLine]] = {incident: [] for incident in events}
        for line in lines:
            about.setdefault(line.incident, []).append(line)
        return [
            (
                *(organization, person, incident, events.get(incident or ""), micros(at)),
                await self.seal(person, written, "journal|sealed") if written else None,
            )
            for incident, written in about.items()
        ]

    async def put_journal(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows to the journal."""
        await self.many(
            "INSERT INTO journal (organization_id, person, incident, event, at, sealed) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    async def publish(self, organization: str, person: str, incident: str, event: str, at: datetime) -> None:
        """Lets the consoles know that something changed."""
        await self.write_journal(organization, person, (), {incident: event}, at)

    async def publish_progress(self, deliveries: Iterable[Delivery], at: datetime) -> None:
        """The same for the incidents of these deliveries, once for each."""
        about = {d.incident: d for d in deliveries if d.incident is not None}
        await self.put_journal(
            [(d.organization, d.person, i, "incident.updated", micros(at), None) for i, d in about.items()]
        )

    async def timeline(self, person: str, incident: str) -> list[JournalLine]:
        """The timeline of an incident, in order."""
        rows = await self.rows(
            "SELECT sealed FROM journal WHERE incident = ? AND person = ? AND sealed IS NOT NULL ORDER BY number",
            incident,
            person,
        )
        written = [await self.open(person, row[0], "journal|sealed", list[JournalLine]) for row in rows]
        return [line for lines in written for line in lines]

    async def feed(self, after: int, limit: int) -> list[FeedEvent]:
        """What consoles must redraw since `after`."""
        number, complete = self.dialect.feed_number, self.dialect.feed_complete
        rows = await self.rows(
            f"SELECT {number}, organization_id, person, incident, event, at FROM journal WHERE {number} > ? "
            f"AND event IS NOT NULL {complete} ORDER BY {number} LIMIT ?",
            after,
            limit,
        )
        return [
            FeedEvent(number=r[0], organization=r[1], person=r[2], incident=r[3], event=r[4], at=instant(r[5]))
            for r in rows
        ]

    async def feed_span(self) -> tuple[int, int]:
        """The first and the last number that the feed still has."""
        number, complete = self.dialect.feed_number, self.dialect.feed_complete
        row = await self.row(
            f"SELECT coalesce(min({number}), 0), coalesce(max({number}), 0) FROM journal "
            f"WHERE event IS NOT NULL {complete}"
        )
        return (row[0], row[1]) if row is not None else (0, 0)

    async def put_messages(self, organization: str, person: str, messages: Iterable[Message]) -> None:
        """Adds messages to the thread; one that is there already stays as it is."""
        await self.many(
            "INSERT INTO messages (id, organization_id, person, at, sealed) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            [
                (m.id, organization, person, micros(m.at), await self.seal(person, m, f"messages|{m.id}|sealed"))
                for m in messages
            ],
        )

    async def messages(self, person: str, limit: int = 200) -> list[Message]:
        """The newest messages of a thread, the oldest of them first."""
        rows = await self.rows(
            "SELECT id, sealed FROM messages WHERE person = ? ORDER BY at DESC LIMIT ?", person, limit
        )
        return [await self.open(person, row[1], f"messages|{row[0]}|sealed", Message) for row in reversed(rows)]

    async def incident(self, organization: str, incident: str) -> IncidentView | None:
        """The incident of this id or alias; None when this organization has none."""
        row = await self.row(
            f"SELECT {VIEW} WHERE id = coalesce((SELECT incident FROM aliases WHERE alias = ?), ?)",
            incident,
            incident,
        )
        return next(iter(await self._views([row])), None) if row and row[1] == organization else None

    async def last_incident(self, organization: str, person: str) -> IncidentView | None:
        """The last incident of this person, live or closed."""
        row = await self.row(f"SELECT {VIEW} WHERE person = ? ORDER BY number DESC LIMIT 1", person)
        return next(iter(await self._views([row])), None) if row and row[1] == organization else None

    async def incidents_at(self, named: Sequence[tuple[str, str]]) -> dict[str, Incident]:
        """Of these pairs of an organization and an incident's own id those that are there and can be read, by id."""
        organizations = {incident: organization for organization, incident in named}
        rows = await self.rows(
            f"SELECT id, organization_id, person, sealed FROM incidents WHERE {self.dialect.one_of('id')}",
            self.dialect.array(organizations),
        )
        found = {}
        for row in rows:
            if row[1] == organizations[row[0]]:
                with contextlib.suppress(msgspec.MsgspecError, Unreadable):
                    found[row[0]] = await self.open(row[2], row[3], f"incidents|{row[0]}|sealed", Incident)
        return found

    async def incidents(
        self, organization: str, states: Sequence[str], *, after: str | None = None, limit: int = 200
    ) -> list[IncidentView]:
        """The incidents in these states, in the order in which they opened."""
        rows = await self.rows(
            f"SELECT {VIEW} WHERE organization_id = ? AND {self.dialect.one_of('state')} "
            "AND (CAST(? AS TEXT) IS NULL OR number > (SELECT number FROM incidents WHERE id = ?)) "
            "ORDER BY number LIMIT ?",
            organization,
            self.dialect.array(states),
            after,
            after,
            limit,
        )
        return await self._views(rows)

    async def _views(self, rows: Iterable[Row]) -> list[IncidentView]:
        """Those that can still be read: an erased person's incidents are as if they had never been."""
        found = []
        for row in rows:
            with contextlib.suppress(Unreadable):
                found.append(await self._view(row))
        return found

    async def _view(self, row: Row) -> IncidentView:
        return IncidentView(
            organization=row[1],
            person=row[2],
            incident=await self.open(row[2], row[4], f"incidents|{row[0]}|sealed", Incident),
            number=row[3],
            sent_at=instant_or_none(row[5]),
            delivered_at=instant_or_none(row[6]),
        )
