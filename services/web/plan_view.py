"""What is open in a plan, as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.audience import contact_key
from alerts.care_plan import CarePlan
from alerts.plan_holes import Hole

Names = Mapping[str, str]


def names_in(plan: CarePlan) -> dict[str, str]:
    """The contacts' names by the keys under which they are told."""
    return {contact_key(contact.id): contact.name for contact in plan.contacts}


def shown_hole(hole: Hole, names: Names) -> dict[str, Any]:
    """A hole with the name of whom it is about."""
    values = dict(hole.values)
    name = names.get(str(values.get("recipient")))
    named = hole if name is None else msgspec.structs.replace(hole, values={**values, "recipient": name})
    return {"kind": hole.kind, "step": hole.step, "values": {**values, "name": name}, "text": named.text}
