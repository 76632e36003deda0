"""Her answer to what she was asked: all is well. Under duress it looks taken, and the question stands."""

from __future__ import annotations

from alerts import contact_loss, journeys, zones
from alerts.asking import hide, settle
from alerts.incidents import raise_duress
from alerts.signals import AllRightSaid
from alerts.turn import Turn


def all_right(turn: Turn, signal: AllRightSaid) -> None:
    """All is well, she says."""
    shown = [asked for asked in turn.situation.asked if not asked.hidden]
    answered = [asked for asked in shown if signal.about in (None, asked.about)]
    if not answered:
        turn.refuse("not_asked")
        return
    if signal.verdict == "duress":
        for asked in answered:
            hide(turn, asked.about)
        raise_duress(turn, signal)
        return
    turn.record("all_right")
    for asked in answered:
        settle(turn, asked.about)
        match asked.why:
            case "zone_expected":
                zones.excuse(turn, asked.about, signal)
            case "contact_lost":
                contact_loss.answered(turn)
            case "journey_odd":
                journeys.answered(turn, asked.about)
