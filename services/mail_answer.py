"""What a mail to us says: an answer in somebody's own words, how far a mail of ours has come, or nothing.

Machines answer mail too: who is away, what has bounced, what is a list. None of that is anybody's answer (RFC 3834,
section 2). What was quoted below or above an answer is not part of it.
"""

from __future__ import annotations

import re
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import msgspec

from streams.channel import Progress

MOST_TEXT = 1600
QUOTED = re.compile(r"^\s*(>|On .+wrote:|El .+escribi\S+:|-{2,}\s*Original|_{10,}|-- ?$|From: |De: )", re.IGNORECASE)
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
AUTOMATIC = ("X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe")
REPORTED = {"failed": "failed", "delivered": "delivered"}
"""`Action` of a delivery report (RFC 3464, 2.3.3); all other words say nothing new."""
STATUS = re.compile(r"\d\.\d{1,3}\.\d{1,3}")


class Answered(msgspec.Struct, frozen=True):
    """Somebody's own words, without what they quoted; and an id that is the same when the same mail comes again."""

    text: str
    mail: str


def read_mail(raw: bytes) -> Answered | Progress | None:
    """Raises nothing, whatever `raw` is: what cannot be read says nothing."""
    try:
        mail = BytesParser(policy=default).parsebytes(raw)
        if mail.get_content_type() == "multipart/report":
            return _reported(mail)
        if _is_automatic(mail):
            return None
        return Answered(_own_words(_text_of(mail)), str(mail.get("Message-ID", ""))[:300].strip())
    except Exception:  # noqa: BLE001 - the standard parser has raised many kinds of errors for malformed mails
        return None


def _is_automatic(mail: Message) -> bool:
    submitted = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return (
        submitted != "no"
        or str(mail.get("Precedence", "")).strip().lower() in BULK
        or any(name in mail for name in AUTOMATIC)
        or str(mail.get("Return-Path", "")).strip() == "<>"
    )


def _reported(mail: Message) -> Progress | None:
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        fields: Any = part.get_payload()
        for block in fields if isinstance(fields, list) else ():
            state = REPORTED.get(str(block.get("Action", "")).strip().lower())
            if state is not None:
                status = STATUS.search(str(block.get("Status", "")))
                why = f"mail bounced ({status[0]})" if status else "mail bounced"
                return Progress(state, why if state == "failed" else None)
    return None


def _text_of(mail: Message) -> str:
    body = mail.get_body(("plain", "html")) if isinstance(mail, EmailMessage) else None
    if body is None:
        return ""
    text = str(body.get_content())
    return _Words.of(text) if body.get_content_subtype() == "html" else text


def _own_words(text: str) -> str:
    own: list[str] = []
    for line in text.splitlines():
        if QUOTED.match(line):
            if any(each.strip() for each in own):
                break
            continue
        own.append(line.strip())
    return "\n".join(own).strip()[:MOST_TEXT]


class _Words(HTMLParser):
    """The words of a page, a line for each block; not what is quoted."""

    LINES = frozenset({"br", "p", "div", "tr", "li"})
    SILENT = frozenset({"style", "script", "head", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._inside = 0

    @classmethod
    def of(cls, page: str) -> str:
        words = cls()
        words.feed(page)
        words.close()
        return "".join(words._said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is called
        if tag in self.SILENT:
            self._inside += 1
        elif tag in self.LINES:
            self._said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT and self._inside:
            self._inside -= 1

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._said.append(data)
