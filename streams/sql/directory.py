"""People and agreements: the directory's tables, tokens, and the care plan that decisions read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
import structlog

from alerts.care_plan import CarePlan, MethodRef, PlannedContact, PlannedMember, PlannedTeam
from alerts.policy import DEFAULT_POLICY, Policy
from alerts.policy_text import PolicyMistakes, as_far_as_changed, read_policy_document
from streams.records import (
    Agreed,
    Contact,
    Device,
    Method,
    Organization,
    Person,
    PolicyText,
    Record,
    Schedule,
    Staff,
    Team,
    Token,
    TokenKind,
    Zone,
)
from streams.reminding import reminder_methods, reminder_refs
from streams.sealing import Unreadable
from streams.sql.connection import Connection, Dialect
from streams.sql.keys import KeyRing
from streams.sql.rows import ENCODER, Sealed, decoder, micros
from streams.unsafe import is_unsafe

log = structlog.get_logger()
R = TypeVar("R", bound=Record)

MOST_TEAMS = 200
Teams = tuple[tuple[Team, ...], dict[str, Staff]]
NO_TEAMS: Teams = ((), {})

TABLES: dict[type[Record], str] = {
    Organization: "organizations",
    Staff: "staff",
    Person: "people",
    Contact: "contacts",
    Device: "devices",
    Zone: "zones",
    Schedule: "schedules",
    Team: "teams",
    PolicyText: "policies",
}


class DirectoryRows(Sealed):
    """The directory's part of a transaction."""

    def __init__(
        self,
        connection: Connection,
        keys: KeyRing,
        dialect: Dialect,
        reachable: frozenset[str],
        *,
        remembers: bool = False,
    ) -> None:
        super().__init__(connection, keys, dialect)
        # Only an only writer may remember: it alone knows when something has changed.
        self._remembers = remembers
        self._agencies: dict[str, Organization] = {}
        self._teams: dict[str, Teams] = {}
        self._policies: dict[tuple[str, str | None, bytes], Policy] = {}
        self.tokens_died = False
        self.reachable = reachable
        """The channels that are configured; a method of another one cannot be used now."""

    async def put(self, record: Record) -> None:
        """Adds a record, or puts it in the place of the one with its id."""
        table = TABLES[type(record)]
        subject = _subject(record)
        await self.keys.make("person" if subject != record.organization else "organization", subject)
        sealed = await self.seal(subject, record, f"{table}|{record.id}|sealed")
        await self.execute(
            f"INSERT INTO {table} (id, organization_id, person, sealed, number) VALUES (?, ?, ?, ?, "
            f"{self.dialect.next_number.format(table)}) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed "
            f"WHERE {table}.organization_id = excluded.organization_id",
            *(record.id, record.organization, record.person, sealed),
        )
        await self.know_addresses(record)
        if isinstance(record, Person):
            await self.settle_in(record)
        if isinstance(record, Organization | PolicyText | Team | Staff):
            self.forget()

    async def settle_in(self, person: Person) -> None:
        """Makes what has to be there as soon as a person is."""

    async def get(self, kind: type[R], organization: str, record: str) -> R | None:
        """The record, or None when this organization has none of this id."""
        table = TABLES[kind]
        # By the id alone: offered the organization too, a planner may go through all of its rows to find this one.
        row = await self.row(
            f"SELECT person, sealed, organization_id FROM {table} WHERE id = ? AND deleted_at IS NULL", record
        )
        if row is None or row[2] != organization:
            return None
        subject = record if kind is Person else row[0] or organization
        return await self.open(subject, row[1], f"{table}|{record}|sealed", kind)

    async def listed(
        self, kind: type[R], organization: str, *, person: str | None = None, after: int = 0, limit: int = 200
    ) -> list[tuple[int, R]]:
        """The records in the order in which they were made, each with its number; `after` is such a number."""
        table = TABLES[kind]
        # One person's are found by their index; the organization is compared all the same.
        hers, values = ("", ()) if person is None else ("person = ? AND ", (person,))
        rows = await self.rows(
            f"SELECT number, id, person, sealed FROM {table} WHERE {hers}organization_id = ? AND deleted_at IS NULL "
            "AND number > ? ORDER BY number LIMIT ?",
            *(*values, organization, after, limit),
        )
        subjects = [row[1] if kind is Person else row[2] or organization for row in rows]
        await self.keys.load(subjects)
        found = []
        for subject, row in zip(subjects, rows, strict=True):
            # Whoever was erased is as if she had never been, also where a restored backup brought her row back.
            with contextlib.suppress(Unreadable):
                found.append((row[0], await self.open(subject, row[3], f"{table}|{row[1]}|sealed", kind)))
        return found

    async def remove(self, kind: type[Record], organization: str, record: str, at: datetime) -> bool:
        """Takes a record away, and with it every token of it. False when there is none."""
        table = TABLES[kind]
        gone = await self.execute(
            f"UPDATE {table} SET deleted_at = ?, sealed = ? "
            "WHERE id = ? AND organization_id = ? AND deleted_at IS NULL",
            *(micros(at), b"", record, organization),
        )
        self.tokens_died = True
        self.forget()
        await self.execute("DELETE FROM tokens WHERE subject = ?", record)
        await self.execute("DELETE FROM addresses WHERE owner = ?", record)
        if kind is Person and gone:
            await self._nothing_waits_for(record, at)
        return gone > 0

    async def _nothing_waits_for(self, person: str, at: datetime) -> None:
        """What is still to come for somebody who was erased can be neither read nor decided."""
        await self.execute("DELETE FROM timers WHERE person = ?", person)
        await self.execute("DELETE FROM plan_checks WHERE person = ?", person)
        await self.execute("DELETE FROM inbox WHERE person = ? AND handled_at IS NULL", person)
        await self.execute(
            "UPDATE deliveries SET state = 'void', settled_at = ? WHERE person = ? AND state IN ('queued', 'sending')",
            *(micros(at), person),
        )

    async def policy_named(self, organization: str, name: str) -> PolicyText | None:
        """The policy of this name."""
        for _, policy in await self.listed(PolicyText, organization):
            if policy.name == name:
                return policy
        return None

    async def put_token(self, hashed: bytes, token: Token) -> None:
        """Keeps a token by its hash."""
        expires = micros(token.expires_at) if token.expires_at else None
        await self.execute(
            "INSERT INTO tokens (hash, organization_id, kind, subject, person, document, expires_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(hashed, token.organization, token.kind, token.subject, token.person, ENCODER.encode(token), expires),
        )

    async def token(self, hashed: bytes) -> Token | None:
        """What this token may do, expired or not; None when it is not known."""
        row = await self.row("SELECT document FROM tokens WHERE hash = ?", hashed)
        token: Token | None = decoder(Token).decode(row[0]) if row else None
        return token

    async def spend_token(self, hashed: bytes) -> Token | None:
        """Takes a one-time code: whoever comes second gets None."""
        row = await self.row("DELETE FROM tokens WHERE hash = ? RETURNING document", hashed)
        self.tokens_died = True
        token: Token | None = decoder(Token).decode(row[0]) if row else None
        return token

    async def drop_tokens(self, subject: str, kind: TokenKind | None = None) -> None:
        """Makes the tokens of a subject dead at once."""
        self.tokens_died = True
        await self.execute(
            "DELETE FROM tokens WHERE subject = ? AND (CAST(? AS TEXT) IS NULL OR kind = ?)", subject, kind, kind
        )

    async def person_tokens_gone(self, person: str) -> None:
        """Makes every token that belongs to a person dead at once."""
        self.tokens_died = True
        await self.execute("DELETE FROM tokens WHERE person = ?", person)

    async def care_plan(self, organization: str, person: str) -> CarePlan:
        """What is agreed for this person now; recipients without a usable method have none."""
        agreed = await self.agreed(organization, person)
        return await self.plan_of(agreed) if agreed is not None else CarePlan()

    async def bare_plan(self, organization: str) -> CarePlan:
        """What is left where nothing about the person can be read: the agency's own responders, the default policy."""
        agency = await self._agency(organization)
        if agency is None:
            return CarePlan()
        return CarePlan(dispatch=self._usable(agency.dispatch), last_resort=self._usable(agency.last_resort))

    async def agreed(self, organization: str, person: str) -> Agreed | None:
        """What is agreed for this person now; contacts in the order in which they are told."""
        agency = await self._agency(organization)
        who = await self.get(Person, organization, person)
        if agency is None or who is None:
            return None
        contacts = [contact for _, contact in await self.list_contacts(organization, person)]
        return _agreed(agency, who, contacts, await self._teams_of(agency))

    async def all_agreed(self, people: Sequence[tuple[str, str]]) -> dict[str, Agreed]:
        """What is agreed for each of these people; who is unknown, or whose records cannot be read, is left out."""
        ids = self.dialect.array(person for _, person in people)
        rows = await self.rows(
            f"SELECT id, organization_id, sealed FROM people WHERE {self.dialect.one_of('id')} AND deleted_at IS NULL",
            ids,
        )
        who = {(row[1], row[0]): row[2] for row in rows}
        contacts: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
        for row in await self.rows(
            f"SELECT id, organization_id, person, sealed FROM contacts WHERE {self.dialect.one_of('person')} "
            "AND deleted_at IS NULL ORDER BY number",
            ids,
        ):
            contacts.setdefault((row[1], row[2]), []).append((row[0], row[3]))
        found = {}
        agencies: dict[str, tuple[Organization | None, Teams]] = {}
        for organization, person in people:
            sealed = who.get((organization, person))
            with contextlib.suppress(msgspec.MsgspecError, Unreadable):
                if organization not in agencies:
                    known = await self._agency(organization)
                    agencies[organization] = known, await self._teams_of(known) if known is not None else NO_TEAMS
                agency, teams = agencies[organization]
                if sealed is not None and agency is not None:
                    found[person] = _agreed(
                        agency,
                        await self.open(person, sealed, f"people|{person}|sealed", Person),
                        [
                            await self.open(person, of, f"contacts|{contact}|sealed", Contact)
                            for contact, of in contacts.get((organization, person), ())
                        ],
                        teams,
                    )
        return found

    async def plan_of(self, agreed: Agreed, policy: Policy | None = None) -> CarePlan:
        """The care plan that these records make, with the methods that can be used here; hers unless it is named."""
        who = agreed.person

        def safe(methods: tuple[Method, ...]) -> tuple[MethodRef, ...]:
            return self._usable(tuple(method for method in methods if not is_unsafe(who, method)))

        return CarePlan(
            policy=policy if policy is not None else await self.policy_of(who),
            contacts=tuple(
                PlannedContact(
                    id=c.id,
                    name=c.name,
                    confirmed=c.consent == "confirmed",
                    methods=safe(c.methods),
                    unheard_since=c.unheard_since,
                    opted_out=tuple(dict.fromkeys(m.channel for m in c.methods if m.closed_at is not None)),
                )
                for c in agreed.contacts
                if c.consent != "declined"
            ),
            dispatch=safe(agreed.organization.dispatch),
            last_resort=safe(agreed.organization.last_resort),
            reminders=reminder_refs(who, safe(reminder_methods(who))),
            teams=tuple(
                PlannedTeam(
                    name=team.name,
                    formerly=team.formerly,
                    rota=team.rota,
                    members=tuple(
                        PlannedMember(id=member, methods=safe(agreed.staff[member].methods))
                        for member in team.members
                        # Whoever may not see this person is not told of her.
                        if member in agreed.staff and member not in who.hidden_from
                    ),
                )
                for team in agreed.teams
            ),
            webhooks={hook.name: safe((hook.method,)) for hook in agreed.organization.webhooks},
            language=who.language,
            time_zone=who.time_zone or "UTC",
        )

    async def _agency(self, organization: str) -> Organization | None:
        known = self._agencies.get(organization)
        if known is None:
            known = await self.get(Organization, organization, organization)
            if known is not None and self._remembers:
                self._agencies[organization] = known
        return known

    async def _teams_of(self, agency: Organization) -> Teams:
        if not agency.has_teams:
            return NO_TEAMS
        known = self._teams.get(agency.id)
        if known is None:
            teams = tuple(team for _, team in await self.listed(Team, agency.id, limit=MOST_TEAMS))
            members = self.dialect.array(sorted({member for team in teams for member in team.members}))
            rows = await self.rows(
                f"SELECT id, sealed FROM staff WHERE {self.dialect.one_of('id')} AND organization_id = ? "
                "AND deleted_at IS NULL",
                *(members, agency.id),
            )
            known = teams, {row[0]: await self.open(agency.id, row[1], f"staff|{row[0]}|sealed", Staff) for row in rows}
            if self._remembers:
                self._teams[agency.id] = known
        return known

    def forget(self) -> None:
        """What was remembered may not be so."""
        self._agencies.clear()
        self._teams.clear()
        self._policies.clear()

    async def organizations(self) -> list[str]:
        """The ids of all organizations."""
        rows = await self.rows("SELECT id FROM organizations WHERE deleted_at IS NULL ORDER BY number")
        return [row[0] for row in rows]

    async def list_contacts(self, organization: str, person: str) -> list[tuple[int, Contact]]:
        """The contacts of one person, found by their index."""
        rows = await self.rows(
            "SELECT number, id, sealed FROM contacts WHERE person = ? AND organization_id = ? AND deleted_at IS NULL "
            "ORDER BY number",
            *(person, organization),
        )
        return [(row[0], await self.open(person, row[2], f"contacts|{row[1]}|sealed", Contact)) for row in rows]

    async def owners_at(self, address: str) -> list[tuple[str, str]]:
        """Organization and id of the contacts, staff and agencies whom this address reaches."""
        rows = await self.rows(
            "SELECT DISTINCT organization_id, owner FROM addresses WHERE address_hmac = ? ORDER BY owner",
            self.keys.index(address),
        )
        return [(row[0], row[1]) for row in rows]

    async def policy_of(self, who: Person) -> Policy:
        """Her policy: the one that is named, with what is different for her."""
        organization = who.organization
        if who.policy is None and not who.policy_changes:
            return DEFAULT_POLICY
        key = (organization, who.policy, msgspec.json.encode(who.policy_changes) if who.policy_changes else b"")
        known = self._policies.get(key)
        if known is None:
            named = await self.policy_named(organization, who.policy) if who.policy is not None else None
            known = _read_or_default(named) if named is not None else DEFAULT_POLICY
            if who.policy_changes:
                # Mistakes were refused when she got them; the policy that is named may have changed since.
                known = as_far_as_changed(known, dict(who.policy_changes))
            if self._remembers:
                self._policies[key] = known
        return known

    def _usable(self, methods: tuple[Method, ...]) -> tuple[MethodRef, ...]:
        return tuple(MethodRef(m.id, m.channel) for m in methods if m.channel in self.reachable and not m.closed_at)

    async def know_addresses(self, record: Record) -> None:
        """Makes the index of whom its addresses reach anew; the record itself stays as it is."""
        methods = (*record.dispatch, *record.last_resort) if isinstance(record, Organization) else ()
        if isinstance(record, Contact | Staff):
            methods = record.methods
        if isinstance(record, Contact | Staff | Organization):
            await self.execute("DELETE FROM addresses WHERE owner = ?", record.id)
            await self.many(
                "INSERT INTO addresses (organization_id, address_hmac, owner, method) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (method) DO UPDATE SET address_hmac = excluded.address_hmac, owner = excluded.owner",
                [(record.organization, self.keys.index(m.address), record.id, m.id) for m in methods],
            )


def _read_or_default(named: PolicyText) -> Policy:
    """A policy that was taken once; were it none any more, somebody is told all the same, by the default one."""
    with contextlib.suppress(PolicyMistakes):
        return read_policy_document(dict(named.document))
    # Its mistakes are not logged: they hold words of the agency's.
    log.error("a policy cannot be read: the default one is followed", action="policy_unreadable")
    return DEFAULT_POLICY


def _agreed(agency: Organization, who: Person, contacts: Iterable[Contact], teams: Teams) -> Agreed:
    in_order = tuple(sorted(contacts, key=lambda c: c.order))
    return Agreed(organization=agency, person=who, contacts=in_order, teams=teams[0], staff=teams[1])


def _subject(record: Record) -> str:
    return record.id if isinstance(record, Person) else record.person or record.organization
