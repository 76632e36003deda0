"""Numbers and mailboxes where nothing must go: marked by the person, whoever they belong to, or monitored."""

from __future__ import annotations

import re

from streams.records import Method, Person

NOT_DIALLED = re.compile(r"[^0-9+]")


def is_unsafe(person: Person, method: Method) -> bool:
    """Whether this method leads to where nothing must go."""
    if method.safety == "monitored":
        return True
    marked = person.details.get("unsafe") or ()
    return bool(marked) and _form(method.address) in {_form(address) for address in marked}


def _form(address: str) -> str:
    """Numbers without what people write between their digits; all else without regard to capitals."""
    written = address.strip()
    return NOT_DIALLED.sub("", written) if written.startswith("+") else written.casefold()
