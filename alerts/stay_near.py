"""Stay near: before a risky hour she asks staff to watch. Nobody else is told, and it ends by itself."""

from __future__ import annotations

import msgspec

from alerts.effects import Notify
from alerts.incidents import raise_duress
from alerts.signals import FixReported, StayNearAsked, StayNearEnded
from alerts.situation import StayNear
from alerts.turn import Turn

TIMER = "stay-near"
TOLD_EVERY_MS = 30_000
"""So often staff see where she is."""


def ask(turn: Turn, signal: StayNearAsked) -> None:
    """From now on, or longer than before; never shorter."""
    running = turn.situation.stay_near
    if running is not None and not running.shadow:
        until = max(running.until, signal.until)
        _put(turn, msgspec.structs.replace(running, until=until, note=signal.note or running.note))
    else:
        until = max(signal.until, running.until) if running is not None else signal.until
        fix = running.fix if running is not None else None
        _put(turn, StayNear(id=signal.stay_near, since=turn.now, until=until, note=signal.note, fix=fix))
    turn.set_timer(TIMER, until)
    if running is None or until > running.until:
        _tell(turn, signal)


def end(turn: Turn, signal: StayNearEnded) -> None:
    """She says that it is over. Under duress it looks so, and staff go on watching."""
    running = turn.situation.stay_near
    if running is None or running.shadow:
        turn.refuse("not_near")
    if signal.verdict == "duress":
        if running is not None:
            _put(turn, msgspec.structs.replace(running, shadow=True))
        raise_duress(turn, signal)
    elif running is not None and not running.shadow:
        turn.clear_timer(TIMER)
        _put(turn, None)


def look(turn: Turn) -> None:
    """Its time is over."""
    running = turn.situation.stay_near
    if running is not None and turn.now < running.until:
        turn.set_timer(TIMER, running.until)
    else:
        _put(turn, None)


def note_fix(turn: Turn, signal: FixReported) -> None:
    """Where she is, for those who watch."""
    running = turn.situation.stay_near
    if running is not None and (running.fix is None or signal.fix.at > running.fix.at):
        _put(turn, msgspec.structs.replace(running, fix=signal.fix))


def _tell(turn: Turn, signal: StayNearAsked) -> None:
    """The agency's own responders, and nobody else."""
    running = turn.situation.stay_near
    if running is None or not turn.plan.dispatch:
        return
    turn.effects.append(
        Notify(
            subject=signal.id,
            incident=None,
            recipient="dispatch",
            purpose="stay_near",
            epoch=0,
            step=0,
            round=0,
            methods=turn.plan.dispatch,
            urgency="rest",
            facts={"due_at": running.until.isoformat()},
        )
    )


def _put(turn: Turn, stay_near: StayNear | None) -> None:
    turn.situation = msgspec.structs.replace(turn.situation, stay_near=stay_near)
