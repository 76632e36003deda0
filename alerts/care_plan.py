"""What is agreed for one person now: who may be told, how, and by which policy. Read afresh for every decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from alerts.hours import Hours
from alerts.on_call import Rota
from alerts.policy import DEFAULT_POLICY, Policy

Sees = Literal["message", "place", "live"]


RINGS = frozenset({"voice"})
"""Channels that make somebody's phone ring until they answer."""


class MethodRef(msgspec.Struct, frozen=True):
    """One way to reach a recipient; the address stays where it is sealed."""

    id: str
    channel: str
    hours: tuple[Hours, ...] = ()
    """When the person may be reminded by it, on her clock; none: always."""


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A trusted contact; `methods` are those that can be used now, in order.

    `unheard_since` is when they were asked whether messages reach them, where they have not answered. `opted_out` are
    the channels by which they want nothing more.
    """

    id: str
    name: str
    confirmed: bool
    methods: tuple[MethodRef, ...]
    unheard_since: datetime | None = None
    opted_out: tuple[str, ...] = ()


class PlannedMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of a team, who works for the agency."""

    id: str
    methods: tuple[MethodRef, ...]


class PlannedTeam(msgspec.Struct, frozen=True, kw_only=True):
    """A team by the name under which policies know it, the names it had before, and whose turn it is when."""

    name: str
    rota: Rota
    members: tuple[PlannedMember, ...]
    formerly: tuple[str, ...] = ()


class CarePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision needs to know about agreements.

    `contacts` are in the order in which they are told. A list of methods that is empty means that this recipient
    cannot be told at all now. `language` and `time_zone` are the person's; `webhooks` are the agency's,
    by name.
    """

    policy: Policy = DEFAULT_POLICY
    contacts: tuple[PlannedContact, ...] = ()
    dispatch: tuple[MethodRef, ...] = ()
    last_resort: tuple[MethodRef, ...] = ()
    reminders: tuple[MethodRef, ...] = ()
    teams: tuple[PlannedTeam, ...] = ()
    webhooks: Mapping[str, tuple[MethodRef, ...]] = {}
    language: str = "en"
    time_zone: str = "UTC"

    def team(self, name: str) -> PlannedTeam | None:
        """The team of this name, or that had it before; or None."""
        return next((team for team in self.teams if name == team.name or name in team.formerly), None)

    def methods_of_staff(self, staff: str) -> tuple[MethodRef, ...]:
        """How this member of some team is reached."""
        found = (member.methods for team in self.teams for member in team.members if member.id == staff)
        return next(found, ())

    def contact(self, contact: str) -> PlannedContact | None:
        """The contact of this id, or None when it is no longer one."""
        for planned in self.contacts:
            if planned.id == contact:
                return planned
        return None
