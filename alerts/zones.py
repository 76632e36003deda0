"""Zones: a place that she entered, left, stays in, or is not in though she should be there at this hour.

What is not as it should be is borne for as long as the zone's rule says; then an incident opens. Where she should be
somewhere and is not, she is asked first. That it is right again ends the wait, and never an incident.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts.asking import ask, open_question, settle
from alerts.incidents import note_fix, pull
from alerts.signal_base import SignalBase
from alerts.signals import TimerDue, ZoneEntered, ZoneLeft, ZoneRemoved, ZoneSeemed, ZoneSet
from alerts.situation import RunningZone
from alerts.track import SECONDS_DECIDE
from alerts.turn import Turn, milliseconds
from alerts.zone_rule import begins_after, span_at

PREFIX = "zone:"
SEEMS = ":seems"
AFTER_OUTAGE = timedelta(seconds=60)
"""What is noticed later than this was noticed late because of us."""


def timer_name(zone: str) -> str:
    """The name of a zone's timer."""
    return f"{PREFIX}{zone}"


def seems_timer(zone: str) -> str:
    """The name of the timer that ends the wait for a second fix."""
    return f"{PREFIX}{zone}{SEEMS}"


def set_zone(turn: Turn, signal: ZoneSet) -> None:
    """Made or changed. What was told of it has been told; with another shape, nobody knows where she is."""
    before = _running(turn, signal.rule.id)
    if before is None or signal.redrawn:
        running = RunningZone(rule=signal.rule, since=turn.now)
    else:
        running = msgspec.structs.replace(before, rule=signal.rule)
    _put(turn, running)
    _look(turn, running, signal)


def remove_zone(turn: Turn, signal: ZoneRemoved) -> None:
    """Taken away: nothing is asked of it any more."""
    rest = tuple(zone for zone in turn.situation.zones if zone.rule.id != signal.zone)
    turn.situation = msgspec.structs.replace(turn.situation, zones=rest)
    settle(turn, signal.zone)
    turn.clear_timer(timer_name(signal.zone))
    turn.clear_timer(seems_timer(signal.zone))


def cross(turn: Turn, signal: ZoneEntered | ZoneLeft) -> None:
    """She is on the other side of a border."""
    running = _running(turn, signal.zone)
    if running is None:
        return
    _cross(turn, running, signal, inside=isinstance(signal, ZoneEntered))


def seem(turn: Turn, signal: ZoneSeemed) -> None:
    """A single fix says so. If no other one comes, a phone that then fell silent was there all the same."""
    running = _running(turn, signal.zone)
    if running is None:
        return
    if running.inside is signal.inside:
        _put(turn, msgspec.structs.replace(running, seems=None))
        turn.clear_timer(seems_timer(signal.zone))
    else:
        _put(turn, msgspec.structs.replace(running, seems=signal.fix))
        turn.set_timer(seems_timer(signal.zone), turn.now + SECONDS_DECIDE)


def _cross(
    turn: Turn, running: RunningZone, signal: ZoneEntered | ZoneLeft | ZoneSeemed | TimerDue, *, inside: bool
) -> None:
    zone = running.rule.id
    turn.clear_timer(seems_timer(zone))
    if running.inside is inside:
        return
    fix = running.seems if isinstance(signal, TimerDue) else signal.fix
    if fix is not None:
        note_fix(turn, fix)
    if turn.situation.live_incident is not None:
        turn.record("zone_entered" if inside else "zone_left", zone=zone)
        turn.publish("incident.updated")
    crossed = RunningZone(rule=running.rule, since=signal.at, inside=inside)
    _put(turn, crossed)
    _look(turn, crossed, signal)
    if fix is not None:
        note_fix(turn, fix)


def excuse(turn: Turn, zone: str, signal: SignalBase) -> None:
    """She says that all is well: it is borne until it changes, or until these hours are over."""
    running = _running(turn, zone)
    if running is not None:
        excused = msgspec.structs.replace(running, excused=True)
        _put(turn, excused)
        _look(turn, excused, signal)


def look(turn: Turn, signal: TimerDue) -> None:
    """The timer of a zone came due: its hours begin, or what is not as it should be has lasted long enough."""
    zone = signal.name.removeprefix(PREFIX).removesuffix(SEEMS)
    running = _running(turn, zone)
    if running is None:
        return
    if not signal.name.endswith(SEEMS):
        _look(turn, running, signal)
    elif running.seems is not None:
        at = msgspec.structs.replace(signal, at=running.seems.at)
        _cross(turn, running, at, inside=running.inside is not True)


def _look(turn: Turn, running: RunningZone, signal: SignalBase) -> None:
    rule, name, now = running.rule, timer_name(running.rule.id), turn.now
    since = _amiss(running, now)
    if since is None:
        settle(turn, rule.id)
        if running.told or running.excused:
            _put(turn, msgspec.structs.replace(running, told=False, excused=False))
        _wait_until(turn, name, begins_after(rule, now) if rule.asks(now) else None)
        return
    due = _due(turn, running, since)
    if running.told or running.excused:
        _wait_until(turn, name, _ends(running, now))
    elif now < due:
        if rule.expected:
            ask(turn, rule.id, "zone_expected", since=since, answer_by=due)
        _wait_until(turn, name, due)
    else:
        settle(turn, rule.id)
        _put(turn, msgspec.structs.replace(running, told=True))
        _wait_until(turn, name, _ends(running, now))
        pull(turn, msgspec.structs.replace(signal, at=max(since, _earliest(signal))), "zone", rule.id)
        turn.record(_what(running), zone=rule.id)


def _due(turn: Turn, running: RunningZone, since: datetime) -> datetime:
    """When others are told. What she may have done while nobody was there to hear of it is asked of her first."""
    due = since + milliseconds(running.rule.wait_ms)
    asked = open_question(turn, running.rule.id)
    if asked is not None:
        return max(due, asked.answer_by)
    late = running.rule.expected and not running.told and turn.now - due > AFTER_OUTAGE
    return turn.now + max(milliseconds(running.rule.wait_ms), AFTER_OUTAGE) if late else due


def _earliest(signal: SignalBase) -> datetime:
    """An incident is not said to have begun long before what made us look."""
    seen = isinstance(signal, ZoneEntered | ZoneLeft) or (isinstance(signal, TimerDue) and signal.name.endswith(SEEMS))
    return signal.at if seen else signal.received_at


def _what(running: RunningZone) -> str:
    if running.rule.kind == "exclusion":
        return "zone_inside_exclusion"
    return "zone_not_where_expected" if running.inside is not None else "zone_nobody_knows"


def _amiss(running: RunningZone, now: datetime) -> datetime | None:
    """Since when it is not as it should be; None while it is."""
    rule = running.rule
    if not rule.asks(now):
        return None
    wrong = running.inside is True if rule.kind == "exclusion" else running.inside is not True
    if not wrong:
        return None
    if not rule.hours:
        return running.since
    span = span_at(rule, now)
    return max(span.begins, running.since) if span is not None else None


def _ends(running: RunningZone, now: datetime) -> datetime | None:
    span = span_at(running.rule, now) if running.rule.hours else None
    ends = span.ends if span is not None else None
    until = running.rule.until
    return min((at for at in (ends, until) if at is not None), default=None)


def _wait_until(turn: Turn, name: str, at: datetime | None) -> None:
    if at is None:
        turn.clear_timer(name)
    else:
        turn.set_timer(name, at)


def _running(turn: Turn, zone: str) -> RunningZone | None:
    return next((running for running in turn.situation.zones if running.rule.id == zone), None)


def _put(turn: Turn, running: RunningZone) -> None:
    others = tuple(zone for zone in turn.situation.zones if zone.rule.id != running.rule.id)
    turn.situation = msgspec.structs.replace(turn.situation, zones=(*others, running))
