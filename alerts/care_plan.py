"""What is agreed for one person now: who may be told, how, and by which policy. Read afresh for every decision."""

from __future__ import annotations

from typing import Literal

import msgspec

from alerts.policy import DEFAULT_POLICY, Policy

Sees = Literal["message", "place", "live"]


class MethodRef(msgspec.Struct, frozen=True):
    """One way to reach a recipient; the address stays where it is sealed."""

    id: str
    channel: str


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A trusted contact; `methods` are those that can be used now, in order."""

    id: str
    name: str
    confirmed: bool
    methods: tuple[MethodRef, ...]


class CarePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision needs to know about agreements.

    `contacts` are in the order in which they are told. A list of methods that is empty means that this recipient
    cannot be told at all now. `language` and `time_zone` are the person's.
    """

    policy: Policy = DEFAULT_POLICY
    contacts: tuple[PlannedContact, ...] = ()
    dispatch: tuple[MethodRef, ...] = ()
    last_resort: tuple[MethodRef, ...] = ()
    reminders: tuple[MethodRef, ...] = ()
    language: str = "en"
    time_zone: str = "UTC"

    def contact(self, contact: str) -> PlannedContact | None:
        """The contact of this id, or None when it is no longer one."""
        for planned in self.contacts:
            if planned.id == contact:
                return planned
        return None
