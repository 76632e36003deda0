"""A policy's text as staff wrote it, remarks and all, or, where nobody kept it, written anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import yaml

from alerts.policy_text import PolicyMistakes, read_policy
from alerts.policy_writing import write_policy
from streams.records import PolicyText

WIDTH: Final = 100


def source_of(policy: PolicyText) -> str:
    """The text to go on writing at."""
    return policy.text if policy.text is not None else written(policy.document)


def written(document: Mapping[str, Any]) -> str:
    """A document as YAML, short lists and mappings on a line of their own."""
    text: str = yaml.safe_dump(
        dict(document), sort_keys=False, default_flow_style=None, allow_unicode=True, width=WIDTH
    )
    return text


def teams_named(policy: PolicyText) -> list[str]:
    """The teams that it names, each once."""
    found = dict.fromkeys(_strings(policy.document))
    return [text.removeprefix("team:") for text in found if text.startswith("team:")]


def with_team_renamed(policy: PolicyText, old: str, new: str) -> PolicyText:
    """The policy with another name for a team; its text is kept where that says the same."""
    before, after = f"team:{old}", f"team:{new}"
    document = _replaced(policy.document, before, after)
    text = policy.text.replace(before, after) if policy.text is not None else None
    if text is not None and not _says(text, document, policy.name):
        text = None
    return msgspec.structs.replace(policy, document=document, text=text)


def _says(text: str, document: Mapping[str, Any], name: str) -> bool:
    try:
        return write_policy(read_policy(text, name=name)) == document
    except PolicyMistakes:
        return False


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case Mapping():
            return [text for one in value.values() for text in _strings(one)]
        case list() | tuple():
            return [text for one in value for text in _strings(one)]
    return []


def _replaced(value: Any, before: str, after: str) -> Any:
    match value:
        case str():
            return after if value == before else value
        case Mapping():
            return {key: _replaced(one, before, after) for key, one in value.items()}
        case list() | tuple():
            return [_replaced(one, before, after) for one in value]
    return value
