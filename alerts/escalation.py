"""Which step is due, who is told by it, and when to look again.

Steps count from the incident's `base`. What is overdue collapses into one round that is told now. A step whose
recipients cannot be told at all does not cost time: the next one is told in its place. After the last step that has no
condition the policy's tail goes on until the incident is closed, so that no policy ever falls silent. A step whose
condition does not hold is passed over, and looked at again whenever something new is decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from alerts.applicable import applies, in_hours
from alerts.audience import WEBHOOK, contact_key, is_agency, is_contact, methods_of, recipients_of
from alerts.care_plan import CarePlan
from alerts.effects import AlarmOperator, Notify
from alerts.policy import Policy, Step
from alerts.situation import Incident, Situation
from alerts.step_recipients import named, say_nobody_on_call
from alerts.telling import HAPPENED, NEWS_STEP, News, is_anybody_left, is_held_back, tell
from alerts.turn import Turn, milliseconds

STEPS_TIMER = "steps"
NEWS_TIMER = "news"
NEWS_APART = timedelta(seconds=30)
"""Presses on an incident that is open already are told at once, but not more often than this."""
LOOKS_AHEAD = 12
"""So many rounds that would tell nobody are looked past for the next one that does."""


def advance(turn: Turn, *, also: Iterable[str] = (), news: News | None = None) -> None:
    """Tells everybody who is due now, and `also` these, each once; then sets the timer for the next step.

    With `news`, whoever was told before is told what has changed rather than reminded.
    """
    _tell_due(turn, also=also, news=news)
    _set_next(turn)


def restart(turn: Turn, *, news: News, contacts_later: bool, also: Iterable[str] = ()) -> None:
    """A new epoch: the steps begin again, and everybody whose step had passed is told at once what is new.

    So are `also` these. With `contacts_later` (staff no longer have it) the contacts are told one step after the staff.
    Those who still have it keep it.
    """
    told = [*_know_or_should(turn), *also]
    later = turn.now + _one_step(turn.incident) if contacts_later else None
    turn.change(
        epoch=turn.incident.epoch + 1,
        base=turn.now,
        rounds=(0,) * len(turn.incident.policy.steps),
        tail_round=0,
        contacts_not_before=later,
        contacts_news=news if contacts_later else None,
        news=turn.incident.news + 1,
    )
    if not contacts_later:
        # What the person has called off stays so, whoever of the staff goes quiet.
        turn.change(contacts_stopped=False, stood_down_at=None)
    advance(turn, also=told, news=news)
    _wait_for_somebody(turn)


def tell_staff_first(turn: Turn, news: News) -> None:
    """Staff hear now; the contacts one step later, if it still matters then."""
    turn.change(contacts_not_before=turn.now + _one_step(turn.incident), contacts_news=news)
    tell_news_now(turn, news)
    _wait_for_somebody(turn)


def _wait_for_somebody(turn: Turn) -> None:
    """The contacts wait for staff who have heard it; where there are none, they hear it now. A machine is nobody."""
    told = [effect.recipient for effect in turn.effects if isinstance(effect, Notify)]
    heard = turn.incident.staff_have_it or any(is_agency(one) and not one.startswith(WEBHOOK) for one in told)
    if turn.incident.contacts_not_before is not None and not heard:
        turn.change(contacts_not_before=turn.now)
        advance(turn)


def tell_news_now(turn: Turn, news: News, *, but_not: str | None = None) -> None:
    """Those who know hear at once what is new, without the pause that bundles presses; the steps go on.

    `but_not` is the recipient whose own doing it is.
    """
    turn.change(epoch=turn.incident.epoch + 1, news=turn.incident.news + 1)
    _keep_for_contacts(turn, news)
    advance(turn, also=[name for name in _know_or_should(turn) if name != but_not], news=news)


def tell_what_is_new(turn: Turn) -> None:
    """Something was added to an incident that is open: those who know of it hear of it, at most every 30 seconds."""
    turn.change(epoch=turn.incident.epoch + 1)
    last = max((entry.last_at for entry in turn.incident.told), default=None)
    if last is not None and turn.now - last < NEWS_APART:
        if NEWS_TIMER not in turn.situation.timers:
            turn.set_timer(NEWS_TIMER, last + NEWS_APART)
        _set_next(turn)
        return
    turn.change(news=turn.incident.news + 1)
    _keep_for_contacts(turn, "pressed_again")
    advance(turn, also=_know_or_should(turn), news="pressed_again")


def _know_or_should(turn: Turn) -> list[str]:
    """Whoever was told, and whom a step that has passed names: it may have passed while somebody had it."""
    incident = turn.incident
    names = dict.fromkeys(entry.recipient for entry in incident.told)
    for step, done in zip(incident.policy.steps, incident.rounds, strict=True):
        if done and in_hours(turn, step):
            names.update(dict.fromkeys(one for one in named(turn, step) if not is_held_back(incident, one)))
    return list(names)


def _keep_for_contacts(turn: Turn, news: News) -> None:
    """Contacts who are told later hear the last that happened to her, rather than who of the others has it."""
    incident = turn.incident
    if incident.contacts_not_before is not None and (news in HAPPENED or incident.contacts_news not in HAPPENED):
        turn.change(contacts_news=news)


def jump(turn: Turn, to: int | None = None) -> None:
    """Tells the next step now, whenever it would have been due; after the last one the tail's next round.

    With `to` it is that step (from 0), whether it counts or was told before; those between keep their times. Where more
    must answer than have, those who have keep it.
    """
    incident = turn.incident
    steps = incident.policy.steps
    waiting = [
        (steps[i].after_ms, i) for i, done in enumerate(incident.rounds) if done == 0 and _counts(turn, steps[i])
    ]
    turn.change(epoch=incident.epoch + 1)
    # Whoever waited to hear what is new hears it now, and not as a mere repeat.
    _tell_postponed(turn)
    if to is None and not waiting:
        tell(
            turn,
            _tail_recipients(turn),
            step=len(incident.rounds),
            round_number=incident.tail_round,
            news=None,
        )
        turn.change(tail_round=incident.tail_round + 1)
        _set_next(turn)
        return
    index = to if to is not None else min(waiting)[1]
    turn.change(rounds=_with_round(turn.incident.rounds, index, max(1, incident.rounds[index])))
    step = incident.policy.steps[index]
    say_nobody_on_call(turn, step)
    names = named(turn, step)
    if not tell(turn, names, step=index, round_number=0, news=None):
        _skip_ahead(turn)
    _tell_due(turn, also=(), news=None)
    _set_next(turn)


def follow_policy(turn: Turn, policy: Policy) -> list[str]:
    """Puts another policy in the place of the incident's; whom its steps up to now would have told and nobody has.

    What is past is over, for the steps as for the tail; from here on the new times hold.
    """
    before = {entry.recipient for entry in turn.incident.told}
    turn.change(policy=policy, rounds=(0,) * len(policy.steps), tail_round=0)
    untold: dict[str, None] = {}
    rounds = []
    for step in policy.steps:
        due = 0
        while applies(turn, step) and due < _rounds_in(step) and _round_at(turn.incident, step, due) <= turn.now:
            due += 1
        if due and in_hours(turn, step):
            untold.update(dict.fromkeys(named(turn, step)))
        rounds.append(due)
    turn.change(rounds=tuple(rounds))
    if not _steps_left(turn.incident) and _tail_at(turn.incident) <= turn.now:
        overdue = (turn.now - _tail_at(turn.incident)) // milliseconds(policy.tail.every_ms)
        turn.change(tail_round=overdue + 1)
    return [name for name in untold if name not in before]


def step_left(turn: Turn) -> bool:
    """Whether a step that counts now has not been told yet."""
    incident = turn.incident
    return any(
        done == 0 and _counts(turn, step) for step, done in zip(incident.policy.steps, incident.rounds, strict=True)
    )


def silence_steps(turn: Turn) -> None:
    """Somebody has it: no step is told until the hold ends."""
    turn.clear_timer(STEPS_TIMER)
    turn.clear_timer(NEWS_TIMER)
    turn.change(next_step_at=None)


def next_due(turn: Turn) -> datetime:
    """When the next step, round of a step, round of the tail or postponed contact is due."""
    incident = turn.incident
    times = [
        _round_at(incident, step, done)
        for step, done in zip(incident.policy.steps, incident.rounds, strict=True)
        if done < _rounds_in(step) and applies(turn, step)
    ]
    if not _steps_left(incident):
        times.append(_tail_at(incident))
    if incident.contacts_not_before is not None:
        times.append(incident.contacts_not_before)
    return min(times)


def next_told(situation: Situation, plan: CarePlan, now: datetime) -> tuple[datetime, list[str]] | None:
    """When the steps tell somebody next, and whom, where nothing changes until then; None where they tell nobody.

    Decided by what would tell them, for the instant at which it would; nothing of it is kept.
    """
    at = situation.incident.next_step_at if situation.incident is not None else None
    for _ in range(LOOKS_AHEAD if at is not None else 0):
        turn = Turn(situation, plan, max(at or now, now))
        _tell_due(turn, also=(), news=None)
        told = [effect.recipient for effect in turn.effects if isinstance(effect, Notify)]
        if told:
            return turn.now, told
        situation, at = turn.situation, next_due(turn)
    return None


def _set_next(turn: Turn) -> None:
    due = next_due(turn)
    if turn.incident.next_step_at != due or STEPS_TIMER not in turn.situation.timers:
        turn.change(next_step_at=due)
        turn.set_timer(STEPS_TIMER, due)


def _rounds_in(step: Step) -> int:
    return 1 + (step.repeat.times if step.repeat is not None else 0)


def _round_at(incident: Incident, step: Step, number: int) -> datetime:
    every = step.repeat.every_ms if step.repeat is not None else 0
    return incident.base + milliseconds(step.after_ms + number * every)


def _tail_at(incident: Incident) -> datetime:
    last = max(
        (_round_at(incident, s, _rounds_in(s) - 1) for s in incident.policy.steps if s.when is None),
        default=incident.base,
    )
    return last + milliseconds(incident.policy.tail.every_ms * (incident.tail_round + 1))


def _one_step(incident: Incident) -> timedelta:
    """How long the second step comes after the first; two minutes where a policy has but one."""
    later = sorted({step.after_ms for step in incident.policy.steps} - {incident.policy.steps[0].after_ms})
    return milliseconds(later[0] - incident.policy.steps[0].after_ms) if later else timedelta(minutes=2)


def _with_round(rounds: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*rounds[:index], value, *rounds[index + 1 :])


def _tell_due(turn: Turn, *, also: Iterable[str], news: News | None) -> None:
    """One round of everything that is due, each recipient once."""
    told = set(_tell_postponed(turn))
    # Where conditions leave no step at all, somebody is told all the same.
    skipped = not turn.incident.told and not any(_counts(turn, step) for step in turn.incident.policy.steps)
    for index, step in enumerate(turn.incident.policy.steps):
        done = turn.incident.rounds[index]
        reached = done
        while reached < _rounds_in(step) and _round_at(turn.incident, step, reached) <= turn.now:
            reached += 1
        if reached == done or not applies(turn, step):
            continue
        turn.change(rounds=_with_round(turn.incident.rounds, index, reached))
        if not in_hours(turn, step):
            continue
        names = named(turn, step)
        if done == 0:
            say_nobody_on_call(turn, step)
        fresh = [name for name in names if name not in told]
        told.update(tell(turn, fresh, step=index, round_number=reached - 1, news=news))
        if done == 0 and not any(methods_of(name, turn.plan) for name in names):
            skipped = True
    while not _steps_left(turn.incident) and _tail_at(turn.incident) <= turn.now:
        number = turn.incident.tail_round
        overdue = (turn.now - _tail_at(turn.incident)) // milliseconds(turn.incident.policy.tail.every_ms)
        names = [name for name in _tail_recipients(turn) if name not in told]
        turn.change(tail_round=number + 1 + overdue)
        told.update(
            tell(
                turn,
                names,
                step=len(turn.incident.rounds),
                round_number=number + overdue,
                news=news,
            )
        )
        if turn.incident.waits_for_somebody and not told and not is_anybody_left(turn):
            _say_nobody_reachable(turn)
    rest = [name for name in dict.fromkeys(also) if name not in told]
    told.update(tell(turn, rest, step=NEWS_STEP, round_number=turn.incident.news, news=news or "plan_changed"))
    if skipped and not told:
        _skip_ahead(turn)


def _steps_left(incident: Incident) -> bool:
    """Whether the tail has to wait: for steps that always count; whether others ever will, nobody knows."""
    steps = zip(incident.policy.steps, incident.rounds, strict=True)
    return any(done < _rounds_in(step) for step, done in steps if step.when is None)


def _counts(turn: Turn, step: Step) -> bool:
    return applies(turn, step) and in_hours(turn, step)


def _tell_postponed(turn: Turn) -> list[str]:
    """The contacts that a lapse had put one step behind the staff."""
    not_before, waited = turn.incident.contacts_not_before, turn.incident.contacts_news
    if not_before is None or turn.now < not_before:
        return []
    turn.change(contacts_not_before=None, contacts_news=None)
    if turn.incident.contacts_have_it and waited not in HAPPENED:
        # One of them has it meanwhile: that somebody else went quiet matters no more.
        return []
    contacts = [name for name in _know_or_should(turn) if is_contact(name)]
    # An incident that a former release put off does not know why.
    news = cast("News", waited or "went_quiet")
    return tell(turn, contacts, step=NEWS_STEP, round_number=turn.incident.news, news=news)


def _tail_recipients(turn: Turn) -> list[str]:
    tail = turn.incident.policy.tail
    names = recipients_of(tail.notify, turn.incident, turn.plan, turn.now)
    last = turn.incident.contacts_told_at
    if last is None or turn.now - last >= milliseconds(tail.contacts_every_ms):
        names += [contact_key(c.id) for c in turn.plan.contacts if c.confirmed and contact_key(c.id) not in names]
    return names


def _skip_ahead(turn: Turn) -> None:
    """Nobody of a step can be told: the next step that has somebody is told now, at last the last resort."""
    for index, step in enumerate(turn.incident.policy.steps):
        if turn.incident.rounds[index] or not _counts(turn, step):
            continue
        turn.change(rounds=_with_round(turn.incident.rounds, index, 1))
        names = named(turn, step)
        say_nobody_on_call(turn, step)
        if tell(turn, names, step=index, round_number=0, news=None):
            return
    if tell(
        turn,
        ["last_resort"],
        step=len(turn.incident.rounds),
        round_number=-1,
        news=None,
    ):
        turn.record("last_resort_told_instead")
        return
    if not turn.incident.told:
        _say_nobody_reachable(turn)


def _say_nobody_reachable(turn: Turn) -> None:
    if not turn.incident.nobody_reachable:
        turn.change(nobody_reachable=True)
        turn.record("nobody_reachable")
        turn.effects.append(AlarmOperator(what="nobody_reachable"))
