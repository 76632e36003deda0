"""What a mail to us says: an answer in somebody's own words, how far a mail of ours has come, or nothing.

Machines answer mail too: who is away, what has bounced, what is a list. None of that is anybody's answer (RFC 3834,
section 2). What was quoted below or above an answer is not part of it. Only the headers that matter are parsed, and
the parameters of overlong ones are left out: the standard parser's time grows faster than their length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy, Policy
from html import unescape
from itertools import count
from typing import Any, cast

import msgspec

from streams.channel import Progress

MOST_TEXT = 1600
LOOKED_AT = 20_000
"""Characters of a mail's body that are read: an answer stands at its top."""
QUOTED = re.compile(r"\s*(>|-{2,}\s*Original|_{10,}|-- ?$|From: |De: )", re.IGNORECASE)
QUOTES = (("On ", "wrote:"), ("El ", "escribió:"))
"""How mailers begin what they quote; some break that line in two."""
LOOKED_INTO = frozenset(
    {
        *("auto-submitted", "content-disposition", "content-transfer-encoding", "content-type", "list-id"),
        *("list-unsubscribe", "message-id", "mime-version", "precedence", "return-path", "x-autoreply"),
        *("x-autorespond", "action", "status"),
    }
)
MOST_HEADER = 500
MOST_PARTS = 20
"""Each line of a mail is compared with the borders of all parts that it may end."""
SLOW = frozenset({"punycode", "idna"})
"""No mail is written in these, and their decoders take seconds."""
NOT_WRITTEN = dict.fromkeys([0x00, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
"""Signs that nobody sees."""
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
AUTOMATIC = ("X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe")
REPORTED = {"failed": "failed", "delivered": "delivered"}
"""`Action` of a delivery report (RFC 3464, 2.3.3); all other words say nothing new."""
STATUS = re.compile(r"\d\.\d{1,3}\.\d{1,3}")
TAG = re.compile(r"<(/?)([a-zA-Z0-9]*+)[^<>]*+>")
NEW_LINE = frozenset({"br", "p", "div", "tr", "li"})
NOT_SAID = frozenset({"style", "script", "head", "blockquote"})


class Answered(msgspec.Struct, frozen=True):
    """Somebody's own words, without what they quoted; and an id that is the same when the same mail comes again."""

    text: str
    mail: str


class Unintelligible(Exception):
    """This mail cannot be read at all."""


def read_mail(raw: bytes) -> Answered | Progress | None:
    """What it says; None where it is nobody's answer. Raises `Unintelligible`, and nothing else."""
    try:
        mail = _parsed(raw)
        if mail.get_content_type() == "multipart/report":
            return _reported(mail)
        if _is_automatic(mail):
            return None
        return Answered(_own_words(_text_of(mail)), _name_of(mail))
    except Exception as error:
        # The standard parser has raised many kinds of errors for mails that are malformed.
        raise Unintelligible(type(error).__name__) from error


class _Brief(EmailPolicy):
    """Reads no header that does not matter here, and none at any length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower() not in LOOKED_INTO:
            return name, ""
        return name, value if len(value) <= MOST_HEADER else value.partition(";")[0][:MOST_HEADER]


def _parsed(raw: bytes) -> EmailMessage:
    parts = count(1)

    def part(policy: Policy[Any]) -> EmailMessage:
        if next(parts) > MOST_PARTS:
            raise Unintelligible("too many parts")
        return EmailMessage(policy)

    mail: Any = BytesParser(policy=_Brief(message_factory=part)).parsebytes(raw)
    return cast("EmailMessage", mail)


def _name_of(mail: EmailMessage) -> str:
    try:
        return str(mail.get("Message-ID", ""))[:300].strip()
    except Exception:  # noqa: BLE001 - the standard parser stumbles over malformed ones; the mail is an answer all the same
        return ""


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
    payload: Any = body.get_payload(decode=True)
    raw = payload[: 4 * LOOKED_AT] if isinstance(payload, bytes) else b""
    charset = body.get_content_charset("utf-8")
    try:
        text = raw.decode("utf-8" if charset in SLOW else charset, "replace")
    except (LookupError, ValueError):
        # A character set that nobody knows: a digit is the same in nearly all of them.
        text = raw.decode("utf-8", "replace")
    text = text[:LOOKED_AT]
    return "".join(_words_of_page(text)) if body.get_content_subtype() == "html" else text


def _words_of_page(page: str) -> Iterator[str]:
    """The words of a page, a line for each block; not what is quoted in it, nor its comments."""
    first, *others = page.split("<!--")
    page = first + "".join(other.partition("-->")[2] for other in others)
    unsaid, at = 0, 0
    for tag in TAG.finditer(page):
        if not unsaid:
            yield unescape(page[at : tag.start()])
        at = tag.end()
        name = tag[2].lower()
        if name in NOT_SAID:
            unsaid = max(0, unsaid - 1) if tag[1] else unsaid + 1
        elif name in NEW_LINE and not unsaid:
            yield "\n"
    if not unsaid:
        yield unescape(page[at:])


def _own_words(text: str) -> str:
    lines = text.translate(NOT_WRITTEN).splitlines()
    own: list[str] = []
    for line, following in zip(lines, [*lines, ""][1:], strict=True):
        if QUOTED.match(line) or _begins_quote(line, following):
            if any(each.strip() for each in own):
                break
            continue
        own.append(line.strip())
    return "\n".join(own).strip()[:MOST_TEXT]


def _begins_quote(line: str, following: str) -> bool:
    return any(
        line.lstrip().startswith(begins) and (line.rstrip().endswith(ends) or following.rstrip().endswith(ends))
        for begins, ends in QUOTES
    )
