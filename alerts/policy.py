"""The escalation policy as data: who is told, when, how often, and what happens when nobody answers.

Durations are whole milliseconds in fields that end in `_ms`: a policy is snapshotted into every incident and read for
every decision. How they are written by people (`90s`, `1h30m`) is the business of `parse_duration` and
`format_duration`; how a whole policy is read and written, of `alerts.policy_text`.
"""

from __future__ import annotations

import difflib
import re
from typing import Literal

import msgspec

from alerts.condition import Condition

RecipientKind = Literal["dispatch", "contacts", "contact", "last_resort", "team", "webhook"]
ContactsHold = Literal["contacts", "all"]

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

CANCEL_WINDOW_AT_MOST_MS = 2 * MINUTE_MS
"""The ceiling of a policy's cancel window and of a person's own."""

CONTACT_NUMBER_AT_MOST = 99
NAME_AT_MOST = 64

NAME_PATTERN = r"[^\s/\u0000-\u001f\u007f-\u009f\ud800-\udfff]+( [^\s/\u0000-\u001f\u007f-\u009f\ud800-\udfff]+)*"
"""Names stand in addresses and messages: words with single blanks, no slash, no control character."""

DURATION_PATTERN = r"(?=[0-9])([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?"
RECIPIENT_PATTERN = (
    rf"dispatch|contacts|last_resort|contact:[1-9][0-9]?|(team|webhook):(?=.{{1,{NAME_AT_MOST}}}$){NAME_PATTERN}"
)

_NAME = re.compile(NAME_PATTERN)
_DURATION = re.compile(DURATION_PATTERN)
_CONTACT_NUMBER = re.compile(r"[1-9][0-9]?")
_SPELLINGS = ("dispatch", "contacts", "contact:1", "last_resort")


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a step names: `number` for the Nth contact, `name` for a team or a webhook."""

    kind: RecipientKind
    number: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        """As policies write it; `parse_recipient` reads it back."""
        if self.kind == "contact":
            return f"contact:{self.number}"
        return self.kind if self.name is None else f"{self.kind}:{self.name}"


DISPATCH = Recipient("dispatch")
CONTACTS = Recipient("contacts")
LAST_RESORT = Recipient("last_resort")


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """A step told again: `times` rounds after the first, one every `every_ms`."""

    every_ms: int
    times: int


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to tell `after_ms` from the end of the cancel window in the current epoch, if `when` holds.

    `nobody_on_call` are told as well where nobody is on call of a team that is named.
    """

    after_ms: int
    notify: tuple[Recipient, ...]
    repeat: Repeat | None = None
    when: Condition | None = None
    nobody_on_call: tuple[Recipient, ...] = ()


class Tail(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on after the last step until the incident is resolved: no policy ever falls silent.

    `contacts_every_ms` is the shortest time between two messages to the contacts in the tail.
    """

    every_ms: int
    notify: tuple[Recipient, ...]
    contacts_every_ms: int


class CheckInRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a check-in is waited for.

    `remind_ms` are the times before it is due at which she is reminded, the earliest first. `extend_at_most_ms` counts
    from the first due time. `ask_again_ms` is how long she is asked once more when the service itself was down at the
    deadline; 0 escalates at once.
    """

    grace_ms: int
    remind_ms: tuple[int, ...]
    extend_at_most_ms: int
    ask_again_ms: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One whole policy; `steps` are in the order of their `after_ms`.

    `contacts_hold` says what a contact's *I can help* holds: the contacts' steps only, or all of them. `quorum` is how
    many must have answered before the steps wait.
    """

    name: str
    cancel_window_ms: int
    lease_ms: int
    contacts_hold: ContactsHold
    steps: tuple[Step, ...]
    check_in: CheckInRules
    tail: Tail
    quorum: int = 1


DEFAULT_TAIL = Tail(every_ms=10 * MINUTE_MS, notify=(DISPATCH, LAST_RESORT), contacts_every_ms=HOUR_MS)

DEFAULT_CHECK_IN = CheckInRules(
    grace_ms=5 * MINUTE_MS, remind_ms=(10 * MINUTE_MS, 0), extend_at_most_ms=HOUR_MS, ask_again_ms=2 * MINUTE_MS
)

DEFAULT_POLICY = Policy(
    name="default",
    cancel_window_ms=10 * SECOND_MS,
    lease_ms=5 * MINUTE_MS,
    contacts_hold="contacts",
    steps=(
        Step(
            after_ms=0,
            notify=(DISPATCH, Recipient("contact", 1), Recipient("contact", 2)),
            repeat=Repeat(every_ms=2 * MINUTE_MS, times=3),
        ),
        Step(after_ms=3 * MINUTE_MS, notify=(CONTACTS,)),
        Step(after_ms=6 * MINUTE_MS, notify=(LAST_RESORT,)),
    ),
    check_in=DEFAULT_CHECK_IN,
    tail=DEFAULT_TAIL,
)
"""Holds for everybody for whom no policy is named; what a policy leaves out is taken from here."""


def is_name(text: str) -> bool:
    """Whether a policy, team or webhook may be called so."""
    return len(text) <= NAME_AT_MOST and _NAME.fullmatch(text) is not None


def parse_recipient(text: str) -> Recipient:
    """The recipient that is written `text`. Raises ValueError, saying what was probably meant."""
    kind, colon, rest = text.partition(":")
    match kind:
        case "dispatch" | "contacts" | "last_resort" if not colon:
            return Recipient(kind)
        case "contact" if _CONTACT_NUMBER.fullmatch(rest):
            return Recipient("contact", int(rest))
        case "contact":
            raise ValueError(f"a contact is named by its place, contact:1 to contact:{CONTACT_NUMBER_AT_MOST}")
        case "team" | "webhook" if is_name(rest):
            return Recipient(kind, name=rest)
        case "team" | "webhook":
            raise ValueError(f"a {kind} is named like {kind}:NAME, with at most {NAME_AT_MOST} characters")
    near = difflib.get_close_matches(text.strip().lower(), _SPELLINGS, n=1)
    if near:
        raise ValueError(f"write {near[0]}, if that is what is meant")
    raise ValueError("there are dispatch, contacts, contact:N, last_resort, team:NAME and webhook:NAME")


def parse_duration(text: str) -> int | None:
    """The milliseconds that `90s`, `5m` or `1h30m` stand for, or None when it is not written like that."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part[:-1]) if part else 0 for part in found.groups())
    return hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS


def format_duration(ms: int) -> str:
    """A duration as people write it, `1h30m`; `parse_duration` reads it back. Only whole seconds can be written."""
    if ms < 0 or ms % SECOND_MS:
        raise ValueError(f"{ms} ms cannot be written as a duration in whole seconds")
    minutes, seconds = divmod(ms // SECOND_MS, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
