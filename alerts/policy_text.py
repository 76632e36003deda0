"""Reads escalation policies from YAML or JSON, with every mistake at its place, and writes them back.

A reading has three steps: `alerts.policy_document` makes positioned nodes, `_Reading` walks them along the shapes of
`alerts.policy_schema` and notes every mistake on the way, and only a document without any becomes a `Policy`.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable
from datetime import time
from typing import Any, Final

from alerts.condition import ClockSpan, Condition
from alerts.policy import (
    HOUR_MS,
    MINUTE_MS,
    NAME_AT_MOST,
    SECOND_MS,
    CheckInRules,
    Policy,
    Recipient,
    Repeat,
    Step,
    Tail,
    format_duration,
    is_name,
    parse_duration,
    parse_recipient,
)
from alerts.policy_document import (
    Findings,
    Mapping,
    Mistake,
    Node,
    PolicyMistakes,
    Scalar,
    Sequence,
    Unusable,
    nodes_of_document,
    nodes_of_text,
    path_to,
    shown,
)
from alerts.policy_rounds import with_rounds
from alerts.policy_schema import (
    CLOCK_SPAN_PATTERN,
    POLICY_SHAPE,
    ChoiceShape,
    ClockSpanShape,
    DurationShape,
    ListShape,
    MappingShape,
    NameShape,
    NumberShape,
    RecipientShape,
    Shape,
    TextShape,
)
from alerts.policy_writing import write_policy

__all__ = ["Mistake", "PolicyMistakes", "read_policy", "read_policy_document", "write_policy"]


def read_policy(text: str, *, name: str | None = None) -> Policy:
    """The policy that a YAML or JSON text holds. Raises PolicyMistakes with every mistake at its line and column.

    `name` is what the policy's address calls it: the text may then leave its own name out, and must not have another.
    """
    findings = Findings()
    return _policy_of(nodes_of_text(text, findings), name, findings)


def read_policy_document(document: object, *, name: str | None = None) -> Policy:
    """The policy that a parsed JSON value holds. Raises PolicyMistakes, whose mistakes have paths and no places."""
    findings = Findings()
    return _policy_of(nodes_of_document(document, findings), name, findings)


def changed_policy(policy: Policy, changes: dict[str, Any]) -> Policy:
    """The policy with what a document that is part of one says otherwise; its lists replace lists.

    Raises PolicyMistakes, whose paths are those of the changes.
    """
    return read_policy_document(_laid_over(write_policy(policy), {**changes, "name": policy.name}))


def as_far_as_changed(policy: Policy, changes: dict[str, Any]) -> Policy:
    """The same with those of the changes that fit; one that does not takes none of the others with it."""
    fitting: dict[str, Any] = {}
    for key, value in changes.items():
        with contextlib.suppress(PolicyMistakes):
            changed_policy(policy, {**fitting, key: value})
            fitting[key] = value
    return changed_policy(policy, fitting) if fitting else policy


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _laid_over(below.get(key), value) for key, value in above.items()}}
    return above


def _policy_of(root: Node, name: str | None, findings: Findings) -> Policy:
    if isinstance(root, Scalar) and root.kind == "null":
        findings.fail(root.at, "", "The document is empty; a policy has at least `name` and `steps`.")
    values = _Reading(findings).value(root, POLICY_SHAPE, "")
    if isinstance(root, Mapping):
        _check_name(root, name, findings)
    if findings:
        findings.refuse()
    steps = tuple(sorted(map(_step_of, values["steps"]), key=lambda step: step.after_ms))
    if values["repeat"] is not None:
        steps = _repeated(steps, values["repeat"], root, findings)
    return Policy(
        name=str(values["name"] or name),
        cancel_window_ms=values["cancel_window"],
        lease_ms=values["acknowledgement"]["lease"],
        quorum=values["acknowledgement"]["quorum"],
        contacts_hold=values["contacts_hold"],
        steps=steps,
        check_in=CheckInRules(
            grace_ms=values["check_in"]["grace"],
            remind_ms=tuple(sorted(set(values["check_in"]["remind"]), reverse=True)),
            extend_at_most_ms=values["check_in"]["extend_at_most"],
            ask_again_ms=values["check_in"]["after_outage"]["ask_again"],
        ),
        tail=Tail(
            every_ms=values["tail"]["every"],
            notify=tuple(values["tail"]["notify"]),
            contacts_every_ms=values["tail"]["contacts_every"],
        ),
    )


def _check_name(root: Mapping, name: str | None, findings: Findings) -> None:
    """The name stands in the document, in its address, or in both alike."""
    own = next((value for key, value in root.entries if key.text == "name"), None)
    if name is not None and not is_name(name):
        findings.add(root.at, "name", f"{shown(name)} cannot be the name of a policy: {_NAME_RULE}.")
    elif own is None and name is None:
        findings.add(root.at, "name", "`name` is missing.")
    elif name is not None and isinstance(own, Scalar) and own.kind == "string" and own.text != name:
        findings.add(own.at, "name", f"{shown(own.text)} is put to the address of {shown(name)}; the two must agree.")


def _repeated(steps: tuple[Step, ...], values: dict[str, Any], root: Node, findings: Findings) -> tuple[Step, ...]:
    try:
        return with_rounds(steps, first=values["from"], every_ms=values["every"], times=values["times"])
    except ValueError as error:
        entries = root.entries if isinstance(root, Mapping) else ()
        at = next((value.at for key, value in entries if key.text == "repeat"), root.at)
        findings.fail(at, "repeat", f"`repeat` {error}.")


def _step_of(values: dict[str, Any]) -> Step:
    repeat, when = values["repeat"], values["when"]
    return Step(
        after_ms=values["after"],
        notify=tuple(values["notify"]),
        repeat=Repeat(every_ms=repeat["every"], times=repeat["times"]) if repeat is not None else None,
        when=_condition_of(when) if when is not None else None,
        nobody_on_call=tuple(values["nobody_on_call"]),
    )


def _condition_of(values: dict[str, Any]) -> Condition | None:
    """The condition; None where nothing is asked."""
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    condition = Condition(**given)
    return None if condition == Condition() else condition


_NAME_RULE: Final = f"1 to {NAME_AT_MOST} characters, words with single blanks, no slash"
_DURATION_RULE: Final = "a duration is written like 90s, 5m or 1h30m"


class _Reading:
    """Walks a document along its shape. What a walk returns counts only when no mistake was noted."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def value(self, node: Node, shape: Shape, path: str) -> Any:
        """The node's value as its shape reads it; None when it has a mistake, which is noted."""
        if isinstance(node, Unusable):
            return None
        match shape:
            case MappingShape():
                return self._mapping(node, shape, path)
            case ListShape():
                return self._list(node, shape, path)
            case DurationShape():
                return self._duration(node, shape, path)
            case NumberShape():
                return self._number(node, shape, path)
            case ChoiceShape():
                return self._choice(node, shape, path)
            case NameShape():
                return self._name(node, path)
            case TextShape():
                return self._text(node, shape, path)
            case ClockSpanShape():
                return self._clock_span(node, path)
            case RecipientShape():
                return self._recipient(node, path)

    def _mapping(self, node: Node, shape: MappingShape, path: str) -> dict[str, Any] | None:
        if not isinstance(node, Mapping):
            known = ", ".join(shape.fields)
            self._expected(node, path, f"a mapping with {known} is expected here")
            return None
        values: dict[str, Any] = {}
        first: dict[str, Scalar] = {}
        for key, below in node.entries:
            field = shape.fields.get(key.text)
            here = path_to(path, key.text)
            if key.text in first:
                place = first[key.text].at
                where = f"; the first is on line {place.line}" if place else ""
                self._findings.add(key.at, here, f"{shown(key.text)} is given twice{where}.")
            elif field is None:
                self._findings.add(key.at, here, _unknown_key(key.text, shape))
            else:
                values[key.text] = self.value(below, field.shape, here)
            first.setdefault(key.text, key)
        for name, field in shape.fields.items():
            if name in first:
                continue
            if field.absent == "required":
                self._findings.add(node.at, path_to(path, name), f"`{name}` is missing.")
            elif field.absent == "empty":
                values[name] = self.value(Mapping(node.at, ()), field.shape, path_to(path, name))
            else:
                values[name] = field.default
        return values

    def _list(self, node: Node, shape: ListShape, path: str) -> list[Any] | None:
        if not isinstance(node, Sequence):
            hint = f": write [{node.text}]" if isinstance(node, Scalar) and _is_value(node, shape.item) else ""
            self._expected(node, path, f"a list is expected here{hint}")
            return None
        if len(node.items) < shape.least:
            self._findings.add(node.at, path, f"At least one {shape.one} is needed here.")
        if len(node.items) > shape.most:
            self._findings.add(node.items[shape.most].at, path, f"At most {shape.most} {shape.one}s are allowed here.")
        values: list[Any] = []
        for index, item in enumerate(node.items):
            here = path_to(path, index)
            value = self.value(item, shape.item, here)
            if shape.unique and value is not None and value in values:
                self._findings.add(item.at, here, f"{shown(str(value))} is named twice here; once is enough.")
            values.append(value)
        return values

    def _duration(self, node: Node, shape: DurationShape, path: str) -> int | None:
        if not isinstance(node, Scalar) or node.kind in ("null", "boolean"):
            self._expected(node, path, "a duration such as 90s, 5m or 1h30m is expected here")
            return None
        ms = parse_duration(node.text) if node.kind == "string" else None
        if ms is None:
            self._findings.add(node.at, path, _duration_hint(node.text))
        elif not shape.least_ms <= ms <= shape.most_ms:
            limit = (
                f"short: at least {format_duration(shape.least_ms)}"
                if ms < shape.least_ms
                else f"long: at most {format_duration(shape.most_ms)}"
            )
            self._findings.add(node.at, path, f"{node.text} is too {limit}.")
        return ms

    def _number(self, node: Node, shape: NumberShape, path: str) -> int | None:
        span = f"from {shape.least} to {shape.most}"
        if not isinstance(node, Scalar) or node.kind != "number":
            self._expected(node, path, f"a whole number {span} is expected here")
            return None
        number = _whole(node.text)
        if number is None:
            self._findings.add(node.at, path, f"{shown(node.text)} is not a plain whole number {span}.")
        elif not shape.least <= number <= shape.most:
            self._findings.add(node.at, path, f"{shown(node.text)} is out of range: a whole number {span}.")
        return number

    def _choice(self, node: Node, shape: ChoiceShape, path: str) -> str | None:
        words = " or ".join(shape.words)
        if not isinstance(node, Scalar) or node.kind != "string":
            self._expected(node, path, f"{words} is expected here")
            return None
        if node.text not in shape.words:
            self._findings.add(node.at, path, f"{shown(node.text)} is not known here: write {words}.")
        return node.text

    def _name(self, node: Node, path: str) -> str | None:
        if isinstance(node, Scalar) and node.kind in ("number", "boolean"):
            self._expected(node, path, f'a name is a text: write it in quotes, "{node.text[:NAME_AT_MOST]}"')
            return None
        if not isinstance(node, Scalar) or node.kind == "null":
            self._expected(node, path, "a name is expected here")
            return None
        if not is_name(node.text):
            self._findings.add(node.at, path, f"{shown(node.text)} cannot be a name: {_NAME_RULE}.")
        return node.text

    def _text(self, node: Node, shape: TextShape, path: str) -> str | None:
        if not isinstance(node, Scalar) or node.kind != "string":
            self._expected(node, path, f"{shape.what} is expected here, in quotes where it looks like something else")
            return None
        if re.fullmatch(shape.pattern, node.text) is None:
            self._findings.add(node.at, path, f"{shown(node.text)} is not {shape.what}.")
        return node.text

    def _clock_span(self, node: Node, path: str) -> ClockSpan | None:
        if not isinstance(node, Scalar) or node.kind != "string":
            self._expected(node, path, "two times of the day such as 22:00-06:00 are expected here")
            return None
        if re.fullmatch(CLOCK_SPAN_PATTERN, node.text) is None:
            self._findings.add(node.at, path, f"{shown(node.text)} is not two times of the day: write 22:00-06:00.")
            return None
        start, _, end = node.text.partition("-")
        return ClockSpan(time.fromisoformat(start), time.fromisoformat(end))

    def _recipient(self, node: Node, path: str) -> Recipient | None:
        if isinstance(node, Mapping) and len(node.entries) == 1 and isinstance(node.entries[0][1], Scalar):
            joined = f"{node.entries[0][0].text}:{node.entries[0][1].text}"
            if _is_value(Scalar(None, "string", joined), RecipientShape()):
                self._expected(node, path, f'a recipient is one word: write "{joined}", without a blank')
                return None
        if not isinstance(node, Scalar) or node.kind != "string":
            self._expected(node, path, "a recipient such as dispatch or contact:1 is expected here")
            return None
        try:
            return parse_recipient(node.text)
        except ValueError as error:
            self._findings.add(node.at, path, f"{shown(node.text)} is not a recipient: {error}.")
            return None

    def _expected(self, node: Node, path: str, what: str) -> None:
        """Notes that something of another type stands here."""
        match node:
            case Scalar(kind="null"):
                there = "nothing"
            case Scalar():
                there = shown(node.text) if node.kind == "string" else node.text[:NAME_AT_MOST]
            case Sequence():
                there = "a list"
            case _:
                there = "a mapping"
        self._findings.add(node.at, path, f"{what[0].upper()}{what[1:]}; {there} stands here.")


def _is_value(node: Scalar, shape: Shape) -> bool:
    """Whether this would do where `shape` is expected."""
    findings = Findings()
    _Reading(findings).value(node, shape, "")
    return not findings


def _unknown_key(key: str, shape: MappingShape) -> str:
    """What was probably meant by a key that is not known here."""
    homes = list(dict.fromkeys(home or "the top" for home, below in _mappings("", POLICY_SHAPE) if key in below.fields))
    if homes:
        return f"{shown(key)} is not known here; it belongs to {' or '.join(homes)}."
    near = difflib.get_close_matches(re.sub(r"[\s-]+", "_", key.strip().lower()), shape.fields, n=1)
    if near:
        return f"{shown(key)} is not known here; did you mean {near[0]}?"
    return f"{shown(key)} is not known here; there are {', '.join(shape.fields)}."


def _mappings(home: str, shape: Shape) -> Iterable[tuple[str, MappingShape]]:
    """Every mapping of a policy with the key under which it stands."""
    if isinstance(shape, ListShape):
        yield from _mappings(home, shape.item)
    if isinstance(shape, MappingShape):
        yield home, shape
        for name, field in shape.fields.items():
            yield from _mappings(name, field.shape)


_PLAIN_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WHOLE_AS_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")


def _whole(text: str) -> int | None:
    """The whole number that is written here, `5.0` being one in JSON; not `010`, which readers of YAML dispute."""
    if _PLAIN_WHOLE.fullmatch(text):
        return int(text)
    if _WHOLE_AS_FRACTION.fullmatch(text) and float(text).is_integer():
        return int(float(text))
    return None


_UNITS_MS: Final = {"h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS, "d": 24 * HOUR_MS}
_LOOSE_PART = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?|d|days?)(?![a-z])"
_LOOSE = re.compile(rf"(?:pt?)?(?:{_LOOSE_PART}|(?<=[a-z,\s])(?:\s|,|and))+", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")


def _duration_hint(text: str) -> str:
    """How to write the duration that was probably meant."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return f"{text} has no unit: write {text}s, {text}m or {text}h."
    if text.startswith("-"):
        return f"{shown(text)} is not a duration: none is less than 0s."
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        large, small = int(clock[1]), int(clock[2])
        return f"{shown(text)} is not a duration: write {large}h{small}m or {large}m{small}s."
    meant = _loosely(text)
    return f"{shown(text)} is not a duration: {f'write {meant}' if meant else _DURATION_RULE}."


def _loosely(text: str) -> str | None:
    """The duration that is meant by `90 seconds`, `1.5h`, `5 MIN` or `PT5M`, or None."""
    if len(text) > NAME_AT_MOST or _LOOSE.fullmatch(text.strip()) is None:
        return None
    parts = re.findall(_LOOSE_PART, text, re.IGNORECASE)
    if not parts:
        return None
    ms = round(sum(float(count) * _UNITS_MS[unit[0].lower()] for count, unit in parts))
    return None if ms % SECOND_MS else format_duration(ms)
