"""The JSON Schema says what the reader does."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from alerts.policy import DEFAULT_POLICY, Policy, parse_duration
from alerts.policy_schema import POLICY_SCHEMA
from alerts.policy_text import PolicyMistakes, read_policy_document
from alerts.policy_writing import write_policy
from tests.alerts.test_policy_properties import policies


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
    """Patterns as ECMA-262 has them, whose `$` is the very end; ours are all anchored."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError("pattern")


def _duration_range(_: Any, limits: list[str], value: object, __: Any) -> Iterator[ValidationError]:
    """What the annotation asks for."""
    least, most, ms = parse_duration(limits[0]), parse_duration(limits[1]), None
    if isinstance(value, str):
        ms = parse_duration(value)
    if least is not None and most is not None and ms is not None and not least <= ms <= most:
        yield ValidationError("range")


Validator = extend(Draft202012Validator, {"pattern": _pattern, "x-duration-range": _duration_range})

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 120),
    st.floats(),
    st.sampled_from([3.0, 10**30, -0.0, 1e300]),
    st.text(max_size=8),
    st.sampled_from(["0s", "1s", "15s", "2m", "121s", "24h", "24h1s", "05m", "5 m", "5m\n", "1m1h", "\u0665m", "all"]),
    st.sampled_from(
        ["dispatch", "contacts", "contact:7", "contact:0", "contact:100", "team:x", "team:", "webhook:a b"]
    ),
    st.builds(list),
    st.builds(dict),
    st.lists(st.sampled_from(["dispatch", "contacts", "0s", "1m", 5]), max_size=4),
    st.sampled_from(["22:00-06:00", "24:00-06:00", "mon", "es", "es-MX", "ES", " home", "Home", "panic", "extreme"]),
    st.sampled_from(["x" * 64, "x" * 65, "team:" + "x" * 64, "team:" + "x" * 65, "a\n", "a\ud800"]),
)
odd_keys = st.sampled_from(
    [
        *("name", "every", "times", "after", "notify", "lease", "steps", "tail", "unknown", ""),
        *("when", "days", "zone", "local_time", "quorum", "language", "trigger"),
    ]
)


def _holders(value: Any) -> Iterator[Any]:
    """Every mapping and list of a document."""
    if isinstance(value, dict | list):
        yield value
        for below in value.values() if isinstance(value, dict) else value:
            yield from _holders(below)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A good document to which something was done in up to three places."""
    document: Any = copy.deepcopy(write_policy(draw(policies)))
    for _ in range(draw(st.integers(0, 3))):
        holder = draw(st.sampled_from(list(_holders(document))))
        if isinstance(holder, dict):
            key = draw(st.sampled_from(sorted(holder)) | odd_keys if holder else odd_keys)
            if draw(st.booleans()):
                holder.pop(key, None)
            else:
                holder[key] = draw(odd_values)
        else:
            where = draw(st.integers(0, len(holder)))
            holder[where : where + draw(st.integers(0, 1))] = draw(st.lists(odd_values, max_size=25))
    return document


def _read(document: object) -> Policy | None:
    """The policy, a name being lent to a document that has none, as the address of a policy does."""
    lent = "lent" if isinstance(document, dict) and "name" not in document else None
    try:
        return read_policy_document(document, name=lent)
    except PolicyMistakes:
        return None


def test_the_schema_is_a_schema() -> None:
    """The schema is valid under its own meta-schema, and under it the default policy is valid."""
    Draft202012Validator.check_schema(POLICY_SCHEMA)
    assert Validator(POLICY_SCHEMA).is_valid(write_policy(DEFAULT_POLICY))


@settings(deadline=None, max_examples=300)
@given(documents() | odd_values)
def test_the_schema_agrees_with_the_reader(document: Any) -> None:
    """A document is valid under the schema exactly when the reader takes it."""
    assert Validator(POLICY_SCHEMA).is_valid(document) is (_read(document) is not None)


def _without_annotation(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_annotation(value) for key, value in schema.items() if key != "x-duration-range"}
    return [_without_annotation(item) for item in schema] if isinstance(schema, list) else schema


def test_the_annotation_is_all_that_is_beyond_json_schema() -> None:
    """A validator that does not know the annotation only misses how long a duration may be."""
    too_long = write_policy(DEFAULT_POLICY) | {"cancel_window": "3m"}
    assert Draft202012Validator(_without_annotation(POLICY_SCHEMA)).is_valid(too_long)
    assert not Validator(POLICY_SCHEMA).is_valid(too_long)


@pytest.mark.parametrize("path", [("cancel_window",), ("tail", "every"), ("check_in", "remind"), ("tail", "notify")])
def test_the_schema_shows_the_defaults_that_the_reader_takes(path: tuple[str, ...]) -> None:
    """An editor shows for a field what the default policy has there."""
    schema: Any = POLICY_SCHEMA
    written: Any = write_policy(DEFAULT_POLICY)
    for key in path:
        schema, written = schema["properties"][key], written[key]
    assert schema["default"] == written


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for below in schema.values():
            yield from _objects(below)


def test_every_field_says_what_it_is_for() -> None:
    """An editor has a line of help for each field and refuses all others."""
    for schema in _objects(POLICY_SCHEMA):
        assert schema["additionalProperties"] is False
        assert all(field["description"] for field in schema["properties"].values())
