"""What responders, contacts and the person say to one another about an incident."""

from __future__ import annotations

from typing import Literal

from alerts.question_cards import Card, CardAnswer
from alerts.signal_base import ContactReply, Job, SignalBase


class IncidentAcknowledged(SignalBase, frozen=True, kw_only=True, tag="incident_acknowledged"):
    """A responder has it; with `claim` it is theirs, with `take_over` even when it was somebody else's."""

    incident: str
    staff: str
    name: str
    claim: bool = False
    take_over: bool = False


class NoteAdded(SignalBase, frozen=True, kw_only=True, tag="note_added"):
    """A responder wrote to the timeline, or is on a `call` with whom `text` names.

    `staff` is None where it is not sure that it was them.
    """

    incident: str
    staff: str | None
    name: str
    text: str
    call: Literal["begun", "running", "ended"] | None = None


class MessageWritten(SignalBase, frozen=True, kw_only=True, tag="message_written"):
    """A responder wrote to the person's phone."""

    incident: str
    staff: str
    name: str
    text: str


class CardAsked(SignalBase, frozen=True, kw_only=True, tag="card_asked"):
    """A responder put a question card on the person's phone."""

    incident: str
    staff: str
    name: str
    card: Card


class CardAnswered(SignalBase, frozen=True, kw_only=True, tag="card_answered"):
    """Her phone answered the card of this asking."""

    asked: str
    answer: CardAnswer


class PersonWrote(SignalBase, frozen=True, kw_only=True, tag="person_wrote"):
    """The person wrote to the responders."""

    text: str


class ResponderMoved(SignalBase, frozen=True, kw_only=True, tag="responder_moved"):
    """Help is on the way, or there."""

    incident: str
    staff: str
    name: str
    progress: Literal["on_the_way", "on_scene"]


class ResponderDeclined(SignalBase, frozen=True, kw_only=True, tag="responder_declined"):
    """Whoever is on call cannot come."""

    incident: str
    staff: str
    name: str


class EscalatedNow(SignalBase, frozen=True, kw_only=True, tag="escalated_now"):
    """A responder asked for the next step at once, or for this one (from 1)."""

    incident: str
    staff: str
    name: str
    step: int | None = None


class PolicyApplied(SignalBase, frozen=True, kw_only=True, tag="policy_applied"):
    """A responder wants the present plan to hold for this incident; it kept the one that held when it opened."""

    incident: str
    staff: str
    name: str


class IncidentResolved(SignalBase, frozen=True, kw_only=True, tag="incident_resolved"):
    """A responder closed it."""

    incident: str
    staff: str
    name: str
    disposition: str
    text: str | None = None


class ContactAnswered(SignalBase, frozen=True, kw_only=True, tag="contact_answered"):
    """A trusted contact answered an alert."""

    incident: str
    contact: str
    name: str
    answer: ContactReply
    job: Job | None = None


class ContactWrote(SignalBase, frozen=True, kw_only=True, tag="contact_wrote"):
    """A trusted contact wrote something that is no answer; `opted_out`: they want no more texts (False: again)."""

    incident: str
    contact: str
    name: str
    text: str
    opted_out: bool | None = None


class ContactConfirmed(SignalBase, frozen=True, kw_only=True, tag="contact_confirmed"):
    """Somebody agreed to be a trusted contact."""

    contact: str
