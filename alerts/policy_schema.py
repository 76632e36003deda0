"""What a policy document may look like: one description, from which the reader checks and the JSON Schema is made.

The shapes below are data. `alerts.policy_text` walks a document along `POLICY_SHAPE`; `POLICY_SCHEMA` is the same
description in the words of JSON Schema 2020-12, for editors and for the API's own description. Two things cannot be
said in JSON Schema: how long a duration may be, which stands in the annotation `x-duration-range`, and that the name
must be the one in the address that a policy is put to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec

from alerts.policy import (
    CANCEL_WINDOW_AT_MOST_MS,
    DEFAULT_CHECK_IN,
    DEFAULT_POLICY,
    DEFAULT_TAIL,
    DURATION_PATTERN,
    HOUR_MS,
    MINUTE_MS,
    NAME_AT_MOST,
    NAME_PATTERN,
    RECIPIENT_PATTERN,
    SECOND_MS,
    format_duration,
)
from alerts.policy_rounds import MOST_STEPS
from alerts.schedule import DAY_NAMES
from alerts.signal_base import TriggerKind

DAY_MS = 24 * HOUR_MS
SEVERITIES = ("extreme", "severe", "moderate", "minor")
ZONE_PATTERN = r"[^\s\u0000-\u001f\u007f-\u009f\ud800-\udfff][^\u0000-\u001f\u007f-\u009f\ud800-\udfff]{0,99}"
LANGUAGE_PATTERN = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
CLOCK_SPAN_PATTERN = r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]"


class DurationShape(msgspec.Struct, frozen=True):
    """A duration like `1h30m`, from `least_ms` to `most_ms`."""

    least_ms: int
    most_ms: int


class NumberShape(msgspec.Struct, frozen=True):
    """A whole number."""

    least: int
    most: int


class ChoiceShape(msgspec.Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]


class NameShape(msgspec.Struct, frozen=True):
    """What a policy may be called."""


class RecipientShape(msgspec.Struct, frozen=True):
    """Whom to tell."""


class TextShape(msgspec.Struct, frozen=True):
    """A short text of this form; `what` says in a mistake what it is."""

    pattern: str
    what: str


class ClockSpanShape(msgspec.Struct, frozen=True):
    """From one time of the day to another, `22:00-06:00`."""


class ListShape(msgspec.Struct, frozen=True, kw_only=True):
    """A list of like things; `one` says in a mistake what one of them is."""

    item: Shape
    one: str
    least: int
    most: int
    unique: bool = False


class MappingShape(msgspec.Struct, frozen=True):
    """Fields by name; no others are known."""

    fields: Mapping[str, Field]


Shape = (
    DurationShape
    | NumberShape
    | ChoiceShape
    | NameShape
    | TextShape
    | ClockSpanShape
    | RecipientShape
    | ListShape
    | MappingShape
)

Absent = Literal["required", "empty"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `default` is the value when it is left out, as the reader returns values.

    `absent` overrules it: a field that is `required`, or a mapping that is read as if it stood there `empty`.
    """

    shape: Shape
    about: str
    default: Any = None
    absent: Absent | None = None


NOTIFY: Final = ListShape(item=RecipientShape(), one="recipient", least=1, most=20, unique=True)

REPEAT: Final = MappingShape(
    {
        "every": Field(
            shape=DurationShape(15 * SECOND_MS, HOUR_MS), about="From one round to the next.", absent="required"
        ),
        "times": Field(shape=NumberShape(1, 100), about="How many rounds after the first.", absent="required"),
    }
)

ROUNDS: Final = MappingShape(
    {
        "from": Field(
            shape=NumberShape(1, MOST_STEPS), about="The first step that is told again, by its place.", default=1
        ),
        **REPEAT.fields,
    }
)

CONDITION: Final = MappingShape(
    {
        "trigger": Field(
            shape=ListShape(item=ChoiceShape(get_args(TriggerKind)), one="trigger", least=1, most=6, unique=True),
            about="What happened, one of these.",
            default=(),
        ),
        "severity": Field(
            shape=ListShape(item=ChoiceShape(SEVERITIES), one="severity", least=1, most=4, unique=True),
            about="How grave it is, one of these (the words are those of CAP 1.2).",
            default=(),
        ),
        "zone": Field(
            shape=ListShape(
                item=TextShape(ZONE_PATTERN, "the name of a zone"), one="zone", least=1, most=20, unique=True
            ),
            about="The person's zone that was breached, or that she is in, one of these by name.",
            default=(),
        ),
        "local_time": Field(shape=ClockSpanShape(), about="Between these times on the person's clock."),
        "days": Field(
            shape=ListShape(item=ChoiceShape(DAY_NAMES), one="day", least=1, most=7, unique=True),
            about="On these days of the week, on the person's clock; a night belongs to the day on which it begins.",
            default=(),
        ),
        "battery_below": Field(shape=NumberShape(1, 100), about="Her phone's battery is below so many per cent."),
        "presses_at_least": Field(shape=NumberShape(1, 50), about="She has pressed so many times."),
        "language": Field(
            shape=ListShape(
                item=TextShape(LANGUAGE_PATTERN, "a language such as es or pt-BR"),
                one="language",
                least=1,
                most=20,
                unique=True,
            ),
            about="The language that she reads, one of these.",
            default=(),
        ),
    }
)

STEP: Final = MappingShape(
    {
        "after": Field(
            shape=DurationShape(0, DAY_MS), about="When, counted from the end of the cancel window.", absent="required"
        ),
        "notify": Field(shape=NOTIFY, about="Who is told in this step.", absent="required"),
        "repeat": Field(shape=REPEAT, about="Tell this step again until somebody answers."),
        "nobody_on_call": Field(
            shape=NOTIFY, about="Who is told as well where nobody of a team that is named is on call.", default=()
        ),
        "when": Field(shape=CONDITION, about="Only when all of this holds; without it, always."),
    }
)

CHECK_IN: Final = MappingShape(
    {
        "grace": Field(
            shape=DurationShape(0, DAY_MS),
            about="How long after it is due a check-in may still be completed before it is missed.",
            default=DEFAULT_CHECK_IN.grace_ms,
        ),
        "remind": Field(
            shape=ListShape(item=DurationShape(0, DAY_MS), one="duration", least=0, most=10),
            about="How long before it is due the person is reminded; an empty list never reminds.",
            default=DEFAULT_CHECK_IN.remind_ms,
        ),
        "extend_at_most": Field(
            shape=DurationShape(0, DAY_MS),
            about="How far the person may move a check-in, counted from its first due time.",
            default=DEFAULT_CHECK_IN.extend_at_most_ms,
        ),
        "after_outage": Field(
            shape=MappingShape(
                {
                    "ask_again": Field(
                        shape=DurationShape(0, HOUR_MS),
                        about="How long the person is asked once more; 0s escalates at once.",
                        default=DEFAULT_CHECK_IN.ask_again_ms,
                    )
                }
            ),
            about="What to do with a check-in that came due while the service was down.",
            absent="empty",
        ),
    }
)

TAIL: Final = MappingShape(
    {
        "every": Field(
            shape=DurationShape(MINUTE_MS, HOUR_MS), about="From one round to the next.", default=DEFAULT_TAIL.every_ms
        ),
        "notify": Field(shape=NOTIFY, about="Who is told in every round.", default=DEFAULT_TAIL.notify),
        "contacts_every": Field(
            shape=DurationShape(10 * MINUTE_MS, DAY_MS),
            about="The shortest time between two messages to the contacts.",
            default=DEFAULT_TAIL.contacts_every_ms,
        ),
    }
)

POLICY_SHAPE: Final = MappingShape(
    {
        "name": Field(shape=NameShape(), about="What the policy is called; may be left out where its address says it."),
        "cancel_window": Field(
            shape=DurationShape(0, CANCEL_WINDOW_AT_MOST_MS),
            about="How long the person can take a press back before anybody is told.",
            default=DEFAULT_POLICY.cancel_window_ms,
        ),
        "acknowledgement": Field(
            shape=MappingShape(
                {
                    "lease": Field(
                        shape=DurationShape(MINUTE_MS, HOUR_MS),
                        about="How long an acknowledgement holds the steps before escalation goes on.",
                        default=DEFAULT_POLICY.lease_ms,
                    ),
                    "quorum": Field(
                        shape=NumberShape(1, 5),
                        about="How many responders must have answered before the steps wait.",
                        default=DEFAULT_POLICY.quorum,
                    ),
                }
            ),
            about="What an acknowledgement does.",
            absent="empty",
        ),
        "contacts_hold": Field(
            shape=ChoiceShape(("contacts", "all")),
            about="What a contact's answer holds: the contacts' steps only, or all steps.",
            default=DEFAULT_POLICY.contacts_hold,
        ),
        "steps": Field(
            shape=ListShape(item=STEP, one="step", least=1, most=MOST_STEPS),
            about="Who is told when. The order in the document does not matter, `after` does.",
            absent="required",
        ),
        "repeat": Field(
            shape=ROUNDS,
            about="Tell the steps again, from any of them on, until somebody answers; then the tail goes on.",
        ),
        "check_in": Field(shape=CHECK_IN, about="How check-ins are waited for.", absent="empty"),
        "tail": Field(
            shape=TAIL, about="What goes on after the last step until the incident is resolved.", absent="empty"
        ),
    }
)


def _schema_of(shape: Shape) -> dict[str, Any]:
    """The shape in the words of JSON Schema."""
    match shape:
        case DurationShape(least_ms, most_ms):
            least, most = format_duration(least_ms), format_duration(most_ms)
            return {"type": "string", "pattern": f"^({DURATION_PATTERN})$", "x-duration-range": [least, most]}
        case NumberShape(least_number, most_number):
            return {"type": "integer", "minimum": least_number, "maximum": most_number}
        case ChoiceShape(words):
            return {"type": "string", "enum": list(words)}
        case NameShape():
            return {"type": "string", "pattern": f"^({NAME_PATTERN})$", "minLength": 1, "maxLength": NAME_AT_MOST}
        case TextShape(pattern, _):
            return {"type": "string", "pattern": f"^({pattern})$"}
        case ClockSpanShape():
            return {"type": "string", "pattern": f"^({CLOCK_SPAN_PATTERN})$", "examples": ["22:00-06:00"]}
        case RecipientShape():
            return {"$ref": "#/$defs/recipient"}
        case ListShape():
            listed: dict[str, Any] = {"type": "array", "items": _schema_of(shape.item)}
            return listed | {"minItems": shape.least, "maxItems": shape.most, "uniqueItems": shape.unique}
        case MappingShape(fields):
            required = [name for name, field in fields.items() if field.absent == "required"]
            return {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _property_of(field) for name, field in fields.items()},
                "required": required,
            }


def _property_of(field: Field) -> dict[str, Any]:
    """The field's shape with what it is for, its range in words and its default, which editors show."""
    found = _schema_of(field.shape)
    about = field.about
    if "x-duration-range" in found:
        about = "{} From {} to {}.".format(about, *found["x-duration-range"])
    found["description"] = about
    if field.default is not None:
        found["default"] = _written(field.shape, field.default)
    return found


def _written(shape: Shape, value: Any) -> Any:
    """A value of the reader as a document writes it."""
    match shape:
        case DurationShape():
            return format_duration(value)
        case ListShape():
            return [_written(shape.item, item) for item in value]
        case RecipientShape():
            return str(value)
        case _:
            return value


POLICY_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Escalation policy",
    "description": "Who is told of an incident, when, how often, and how check-ins are waited for.",
    **_schema_of(POLICY_SHAPE),
    "$defs": {
        "recipient": {
            "description": "dispatch, contacts, contact:N, last_resort, team:NAME or webhook:NAME",
            "type": "string",
            "pattern": f"^({RECIPIENT_PATTERN})$",
            "examples": ["dispatch", "contacts", "contact:1", "last_resort", "team:advocates", "webhook:partner"],
        }
    },
}
"""JSON Schema 2020-12 for a policy as JSON, or as YAML in an editor that reads one."""
