"""Who reads what is sent to a contact: what may be said there depends on it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from streams.records import Contact, Method, Person, Safety
from streams.reminding import is_safe_now

Reads = Literal["nobody_else", "others", "unknown"]
READ_BY: dict[Safety, Reads] = {
    "safe": "nobody_else",
    "shared": "others",
    "monitored": "others",
    "unknown": "unknown",
}


def who_reads(person: Person, contact: Contact, method: Method, now: datetime) -> Reads | None:
    """Who does at this hour; None where neither the method nor the contact has said.

    What was said of this handset or mailbox counts more than what the contact said of theirs in general.
    """
    return read_by(contact, method) if is_safe_now(person, method, now) else "others"


def read_by(contact: Contact, method: Method) -> Reads | None:
    """The same at the hours that were given for it."""
    return READ_BY[method.safety] if method.safety is not None else contact.reads
