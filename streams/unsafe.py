"""Numbers and mailboxes that the person marked as unsafe: they are never told anything, whoever they belong to."""

from __future__ import annotations

import re

from streams.records import Method, Person

NOT_DIALLED = re.compile(r"[^0-9+]")


def is_unsafe(person: Person, method: Method) -> bool:
    """Whether this method leads to where she said that nothing must go."""
    marked = person.details.get("unsafe") or ()
    return bool(marked) and _form(method.address) in {_form(address) for address in marked}


def _form(address: str) -> str:
    """Numbers without what people write between their digits; all else without regard to capitals."""
    written = address.strip()
    return NOT_DIALLED.sub("", written) if written.startswith("+") else written.casefold()
