"""After a fault: nothing is lost, nobody was told twice, and one person's signals kept their order.

Seen from the outside, by the answers that phones got, the messages that receivers got, and what the desk sees; and once
behind everybody's back, in the inbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.cluster.town import ClusterTown, Pressed

CLOCKS_AGREE = timedelta(seconds=0.2)
"""So far two processes may differ about what time it is."""


async def nothing_is_lost_and_nobody_told_twice(
    town: ClusterTown, presses: Sequence[Pressed], *, in_doubt: int = 0
) -> int:
    """Every press was answered by then. Returns how many messages came twice.

    A sender that is killed between sending and settling leaves it unknown whether a message has left; so does a store
    that goes away at that instant, for then a spool's copy cannot show that it has. Whoever carries on sends it once
    more under the same id, at most once to each recipient for each time that it was `in_doubt`.
    """
    await town.at_rest()
    twice = 0
    for incident, hers in (await _by_incident(town, presses)).items():
        twice += _told(town, await town.incident(incident), hers, in_doubt)
    await _kept_in_order(town, presses)
    return twice


async def _by_incident(town: ClusterTown, presses: Sequence[Pressed]) -> dict[str, list[Pressed]]:
    found: dict[str, list[Pressed]] = {}
    for pressed in presses:
        # What her phone was told may be an alias; the desk knows one incident by all of them.
        incident = await town.incident(pressed.incident)
        assert incident["person"]["id"] == pressed.phone.person
        found.setdefault(incident["id"], []).append(pressed)
    return found


def _told(town: ClusterTown, incident: Any, hers: list[Pressed], in_doubt: int) -> int:
    assert incident["presses"] == len({pressed.id for pressed in hers}), "a press is lost, or was counted twice"
    # A spool may have told of it under an id that is an alias by now.
    received = [one for known in {incident["id"], *(p.incident for p in hers)} for one in town.received(known)]
    names, told = {one.path.removeprefix("/") for one in received}, {"dispatch", *hers[0].phone.tells}
    assert names == told, f"not told: {told - names}, told for nothing: {names - told}, {incident['deliveries']}"
    states = {delivery["id"]: delivery["state"] for delivery in incident["deliveries"]}
    assert set(states.values()) <= {"delivered", "void"}, states
    ids = Counter(one.headers["webhook-id"] for one in received)
    assert set(ids) <= set(states), "a message that no delivery accounts for"
    assert {each for each, state in states.items() if state == "delivered"} <= set(ids), "said to be delivered, and not"
    twice = Counter[str]()
    for path, number in Counter((one.path, one.headers["webhook-id"]) for one in received).items():
        twice[path[0]] += number - 1
    assert all(number <= in_doubt for number in twice.values()), f"told twice: {twice}"
    lines = [datetime.fromisoformat(line["at"]) for line in incident["timeline"]]
    assert all(later - earlier > -CLOCKS_AGREE for earlier, later in pairwise(lines)), "the timeline is out of order"
    return twice.total()


async def _kept_in_order(town: ClusterTown, presses: Sequence[Pressed]) -> None:
    """Decided in the order in which they came in; and what one phone sent by one way came in as it was sent."""
    rows = await town.rows(
        "SELECT person, id, handled_at, result FROM inbox WHERE id = ANY($1) ORDER BY number",
        list({pressed.id for pressed in presses}),
    )
    handled: dict[str, list[timedelta]] = {}
    order: dict[str, list[str]] = {}
    for row in rows:
        assert row["result"] == "decided", row["result"]
        handled.setdefault(row["person"], []).append(timedelta(microseconds=row["handled_at"]))
        order.setdefault(row["person"], []).append(row["id"])
    for person, instants in handled.items():
        assert all(later - earlier > -CLOCKS_AGREE for earlier, later in pairwise(instants)), "decided out of order"
        for api in {pressed.api for pressed in presses}:
            hers = [p for p in presses if p.phone.person == person and p.api == api and p.tries == 1]
            sent = [pressed.id for pressed in sorted(hers, key=lambda pressed: pressed.at)]
            assert [each for each in order[person] if each in set(sent)] == sent, "presses changed places"
