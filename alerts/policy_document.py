"""A policy document as positioned nodes, before anybody asks what it means.

YAML is read event by event and never constructed: no tag makes an object, no alias multiplies text, and a scalar stays
the text that was written, so that neither `on` nor `1:30` turns into something else. JSON goes the same way, being
flow-style YAML. Where the writer of a document cannot have meant well (size, depth, aliases) it is refused.
"""

from __future__ import annotations

import json
import re
from typing import Final, Literal, NamedTuple, NoReturn, Protocol

import msgspec
import yaml
from yaml.reader import Reader

LARGEST_BYTES: Final = 64 * 1024
DEEPEST: Final = 12
MOST_NODES: Final = 5_000

_SHOWN_AT_MOST = 40


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and where: line and column count from 1, and are None in a document that had no text."""

    line: int | None
    column: int | None
    path: str
    text: str


class PolicyMistakes(ValueError):
    """This is not a policy, for every reason in `mistakes`."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(f"{m.line}:{m.column} {m.path or 'document'}: {m.text}" for m in mistakes))
        self.mistakes = mistakes


class Place(NamedTuple):
    """Where in the text something begins."""

    line: int
    column: int


ScalarKind = Literal["string", "number", "boolean", "null"]


class Scalar(msgspec.Struct, frozen=True):
    """One value, as it was written."""

    at: Place | None
    kind: ScalarKind
    text: str


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    at: Place | None
    items: tuple[Node, ...]


class Mapping(msgspec.Struct, frozen=True):
    """Keys and values in the order of the document, a key as often as it was written."""

    at: Place | None
    entries: tuple[tuple[Scalar, Node], ...]


class Unusable(msgspec.Struct, frozen=True):
    """Something whose mistake has been told already."""

    at: Place | None


Node = Scalar | Sequence | Mapping | Unusable


class Findings:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self._found: list[Mistake] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, at: Place | None, path: str, text: str) -> None:
        """Notes a mistake and goes on."""
        line, column = at or (None, None)
        self._found.append(Mistake(line=line, column=column, path=path, text=text))

    def fail(self, at: Place | None, path: str, text: str) -> NoReturn:
        """Notes a mistake after which nothing more can be read."""
        self.add(at, path, text)
        self.refuse()

    def refuse(self) -> NoReturn:
        """Raises all that was found, in the order of the text."""
        raise PolicyMistakes(tuple(sorted(self._found, key=lambda m: (m.line or 0, m.column or 0))))


def shown(text: str) -> str:
    """A piece of a document as a mistake quotes it: short, on one line, and safe to encode."""
    short = text if len(text) <= _SHOWN_AT_MOST else text[:_SHOWN_AT_MOST] + "…"
    return json.dumps(short, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def path_to(path: str, key: str | int) -> str:
    """The path of a field or an item below `path`, like `steps[0].after`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{shown(key)}]"
    return f"{path}.{key}" if path else key


_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")

_PLAIN_KINDS: Final[tuple[tuple[ScalarKind, re.Pattern[str]], ...]] = (
    ("null", re.compile(r"|~|null|Null|NULL")),
    ("boolean", re.compile(r"true|True|TRUE|false|False|FALSE")),
    (
        "number",
        re.compile(
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
            r"|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
        ),
    ),
)
"""The core schema of YAML 1.2, in which `on`, `yes` and `1:30` are plain words."""


def nodes_of_text(text: str, findings: Findings) -> Node:
    """The document that `text` holds. Raises PolicyMistakes when it cannot be read to its end."""
    if len(text) > LARGEST_BYTES or len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        findings.fail(Place(1, 1), "", f"The document is too large: a policy has at most {LARGEST_BYTES} bytes.")
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable is not None:
        lines = _LINE_BREAK.split(text[: unprintable.start()])
        at = Place(len(lines), len(lines[-1]) + 1)
        findings.fail(at, "", f"The character U+{ord(unprintable[0]):04X} has no place in a text.")
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        # JSON may be indented with tabs, which YAML refuses; one for one, so that columns stay what they are.
        text = text.replace("\t", " ")
    return _YamlNodes(text, findings).document()


class _YamlNodes:
    """Builds nodes from the events of one YAML stream."""

    def __init__(self, text: str, findings: Findings) -> None:
        self._loader = yaml.SafeLoader(text)
        self._findings = findings
        self._nodes = 0

    def document(self) -> Node:
        """The one document of the stream."""
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Scalar(Place(1, 1), "null", "")
        root = self._node(self._next(), "", 1)
        self._next()
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._findings.add(_place(event.start_mark), "", "A second document begins here; a policy is one document.")
        return root

    def _next(self) -> yaml.Event:
        """The next event; what is not YAML ends the reading."""
        try:
            event: yaml.Event = self._loader.get_event()  # type: ignore[no-untyped-call]
        except yaml.MarkedYAMLError as error:
            problem = " ".join(filter(None, (error.context, error.problem)))
            if "\\t" in problem:
                problem = "a tab stands here; YAML is indented with blanks"
            self._findings.fail(_place(error.problem_mark or error.context_mark), "", f"Not YAML or JSON: {problem}.")
        except (yaml.YAMLError, ValueError, OverflowError):
            # The library lets escapes and versions that are no numbers at all through to `chr` and `int`.
            self._findings.fail(_place(self._loader.get_mark()), "", "Not YAML or JSON: this cannot be read.")
        return event

    def _node(self, event: yaml.Event, path: str, depth: int) -> Node:
        at = _place(event.start_mark)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._findings.fail(at, path, f"The document is too large: it has more than {MOST_NODES} values.")
        if isinstance(event, yaml.AliasEvent):
            self._findings.add(at, path, "Aliases (*) are not allowed; write out what is meant.")
            return Unusable(at)
        self._refuse_properties(event, at, path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, at)
        if depth > DEEPEST:
            self._findings.fail(at, path, f"The document is nested too deeply: at most {DEEPEST} levels.")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(at, path, depth)
        return self._mapping(at, path, depth)

    def _refuse_properties(self, event: yaml.Event, at: Place, path: str) -> None:
        if getattr(event, "anchor", None) is not None:
            self._findings.add(at, path, "Anchors (&) are not allowed; write out what is meant.")
        if getattr(event, "tag", None) is not None:
            self._findings.add(at, path, "Tags (!) are not allowed; write the value alone.")

    def _sequence(self, at: Place, path: str, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, path_to(path, len(items)), depth + 1))
        return Sequence(at, tuple(items))

    def _mapping(self, at: Place, path: str, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, path, depth + 1)
            if isinstance(key, Scalar):
                entries.append((key, self._node(self._next(), path_to(path, key.text), depth + 1)))
                continue
            if not isinstance(key, Unusable):
                self._findings.add(key.at, path, "A key is one word, not a list or a mapping.")
            self._node(self._next(), path, depth + 1)
        return Mapping(at, tuple(entries))


def _scalar(event: yaml.ScalarEvent, at: Place) -> Scalar:
    text = str(event.value)
    if event.style is not None:
        # JSON writes what lies beyond U+FFFF as two escapes, which belong together.
        return Scalar(at, "string", text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
    return Scalar(at, next((kind for kind, pattern in _PLAIN_KINDS if pattern.fullmatch(text)), "string"), text)


class _Mark(Protocol):
    """What the library calls a place, counted from 0."""

    line: int
    column: int


def _place(mark: _Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def nodes_of_document(document: object, findings: Findings) -> Node:
    """The nodes of a JSON value that was parsed elsewhere; they have no places, and mistakes have paths only."""
    return _ValueNodes(findings).node(document, "", 1)


class _ValueNodes:
    """Builds nodes from parsed values, under the same limits as from a text."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._nodes = 0

    def node(self, value: object, path: str, depth: int) -> Node:
        """The node of a value and of all below it."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._findings.fail(None, path, f"The document is too large: it has more than {MOST_NODES} values.")
        match value:
            case None:
                return Scalar(None, "null", "null")
            case bool():
                return Scalar(None, "boolean", str(value).lower())
            case str():
                return Scalar(None, "string", value)
            case int():
                # Beyond any use, and Python refuses to print the longest.
                return Scalar(None, "number", str(value) if value.bit_length() < 64 else "1e999")
            case float():
                return Scalar(None, "number", repr(value))
            case dict() | list() | tuple() if depth > DEEPEST:
                self._findings.fail(None, path, f"The document is nested too deeply: at most {DEEPEST} levels.")
            case dict():
                return self._mapping(value, path, depth)
            case list() | tuple():
                return Sequence(None, tuple(self.node(v, path_to(path, i), depth + 1) for i, v in enumerate(value)))
        self._findings.add(None, path, f"A value of the kind {type(value).__name__} is not known here.")
        return Unusable(None)

    def _mapping(self, value: dict[object, object], path: str, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        for key, below in value.items():
            if isinstance(key, str):
                entries.append((Scalar(None, "string", key), self.node(below, path_to(path, key), depth + 1)))
            else:
                self._findings.add(None, path, f"A key is a text, not of the kind {type(key).__name__}.")
        return Mapping(None, tuple(entries))
