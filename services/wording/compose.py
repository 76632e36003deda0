"""Puts a delivery into words: for whom, how much may be said there, in which language, and in how much room.

Three readers: staff; a contact whose handset nobody else reads; and a handset that is shared or unknown, which gets
neutral words that can still be acted on. No message to a contact and no webhook ever says that a PIN was the twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from alerts.audience import DESKS, is_agency
from alerts.care_plan import RINGS
from alerts.situation import Incident
from services.links import Link, Links
from services.reply_address import ReplyAddresses
from services.wording.catalogue import known_language, say, time_of_day
from services.wording.neutral_words import KEEPS_MARKS, Line, neutral_words, written
from services.wording.place_words import place_words
from services.wording.segment import first_fitting
from streams.channel import OutgoingMessage
from streams.delivery_context import DeliveryContext

SHORT = frozenset({"sms", "voice"})
OLD_S = 120
FIRST_NAME_AT_MOST = 16
OPEN_TO_OTHERS = "duress"
Room = Literal["enough", "little", "none"]
"""How much is left out: nothing; what was said before; at last even what happened, or how to answer."""


@lru_cache(maxsize=4096)
def _time(minute: datetime, zone: str, language: str) -> str:
    return time_of_day(minute, zone, language)


class MessageComposer:
    """Knows the service's own address and how to make links."""

    def __init__(
        self, public_url: str, links: Links, *, replies: ReplyAddresses | None = None, texts_answered: bool = True
    ) -> None:
        self._url = public_url
        self._links = links
        self._replies = replies
        # A text that comes from a name instead of a number cannot be answered.
        self._answered_by = {*(("sms",) if texts_answered else ()), *(("email",) if replies is not None else ())}

    def compose(self, context: DeliveryContext) -> OutgoingMessage:
        """The message in the recipient's language and register."""
        delivery = context.delivery
        words = self._words(context)
        link = self._link(context)
        by_mail = context.method.channel == "email" and self._replies is not None
        written_to = self._replies.of(delivery.id) if by_mail and self._replies is not None else None
        short = context.method.channel in SHORT
        text = written(words.lines(link=link is not None and not short))
        return OutgoingMessage(
            delivery=delivery.id,
            incident=delivery.incident,
            kind=delivery.purpose,
            address=context.method.address,
            secret=context.method.secret,
            subject="" if short else words.subject(),
            text=text,
            language=words.written_in,
            drill=delivery.drill,
            link=None if short else link,
            data=_data(context),
            reply_to=written_to if words.answerable else None,
            bounces_to=written_to,
            recipient=words.recipient,
            at=context.now.isoformat().replace("+00:00", "Z"),
        )

    def spoken(self, context: DeliveryContext) -> tuple[Line, ...]:
        """What is said in a call, each part in its language."""
        return self._words(context).lines(link=False)

    def _words(self, context: DeliveryContext) -> _Words:
        return _Words(context, takes_digit=context.method.channel in self._answered_by)

    def _link(self, context: DeliveryContext) -> str | None:
        delivery, contact = context.delivery, context.contact
        if contact is None:
            page = "plans" if delivery.purpose == "plan_open" else "desk"
            return f"{self._url}/{page}" if is_agency(delivery.recipient) else None
        invitation = delivery.purpose in {"invitation", "practice"}
        if context.reads == "others" and delivery.purpose != "invitation":
            return None
        link = Link(
            kind="contact" if invitation else "alert",
            organization=delivery.organization,
            person=delivery.person,
            contact=contact.id,
            incident=None if invitation else delivery.incident,
        )
        return self._links.url(self._url, link)


def trigger_shown(incident: Incident) -> str:
    """The trigger as anybody but staff may hear of it: the twin is a press like another."""
    return "panic" if incident.gravest == OPEN_TO_OTHERS else incident.gravest


def _data(context: DeliveryContext) -> dict[str, Any]:
    delivery, incident = context.delivery, context.incident
    recipient = delivery.recipient if is_agency(delivery.recipient) else delivery.recipient.partition(":")[0]
    data: dict[str, Any] = {
        "delivery": delivery.id,
        "incident": delivery.incident,
        "person": delivery.person,
        "recipient": recipient,
        "purpose": delivery.purpose,
        "drill": delivery.drill,
    }
    if "news" in delivery.facts:
        data["news"] = delivery.facts["news"]
    if incident is not None:
        data |= {
            "trigger": trigger_shown(incident),
            "state": incident.state,
            "opened_at": incident.opened_at,
            "presses": incident.presses,
            "message_number": delivery.facts.get("times", 1),
        }
    return data


class _Words:
    """The words of one delivery."""

    def __init__(self, context: DeliveryContext, *, takes_digit: bool) -> None:
        self._context = context
        self._takes_digit = takes_digit
        reader = context.contact or context.staff
        person = context.person
        wish = reader.language if reader is not None else person.language
        self.language = known_language(wish)
        # Staff work in a language of the desk.
        staff = is_agency(context.delivery.recipient)
        self._own = neutral_words(wish) if wish and not staff else None
        self.recipient = reader.name if reader is not None else context.delivery.recipient
        self._name = person.known_as or person.name
        self._number = context.organization.call_back
        self._count = context.delivery.facts.get("times", 1)

    @property
    def _by_text(self) -> bool:
        """Whether it has to fit into the first segment of a text."""
        return self._context.method.channel == "sms"

    @property
    def answerable(self) -> bool:
        """Whether whoever gets it may send a digit back: it is for somebody, by a way that leads back."""
        somebody = self._context.contact is not None or self._is_responder
        asked = self._answerable or self._context.delivery.purpose in {"practice", "invitation"}
        return self._takes_digit and somebody and asked

    @property
    def _is_responder(self) -> bool:
        """Whether it goes to somebody who works here, by name or on duty; a machine's webhook does not answer."""
        return self._context.staff is not None or self._context.delivery.recipient in DESKS

    @property
    def written_in(self) -> str:
        """The language of the message, or of its first part."""
        return self._own.language if self._own is not None else self.language

    def lines(self, *, link: bool) -> tuple[Line, ...]:
        """The message; where there is no more of a language yet, its neutral words before the English ones.

        A text's first segment holds their own words whole.
        """
        texts = self._texts(link=link)
        text = first_fitting(texts) if self._context.method.channel in SHORT else " ".join(next(texts).split())
        whole, own = Line(self.language, text), self._own
        keys = self._neutral_keys(link=link) if own is not None else ()
        if own is None or not keys:
            return (whole,)
        names = [self._name, self._name.split()[0][:FIRST_NAME_AT_MOST]]
        zone = ZoneInfo(self._context.person.time_zone)
        clock = {"time": f"{self._moment().astimezone(zone):%H:%M}"}
        values = [{**self._neutral_values(name), **clock} for name in names]
        said = [self._drill() + own.say(key, **each) for key in keys for each in values]
        if self._takes_digit and self._answerable:
            said = [f"{said[0]} {own.say('neutral.answer')}", *said]
        if self._by_text:
            said = [first_fitting(said, bare=own.language not in KEEPS_MARKS)]
        return Line(own.language, said[0]), whole

    def subject(self) -> str:
        """What a lock screen may show of a mail."""
        if self._own is not None:
            kind = "reminder" if self._context.delivery.purpose in {"reminder", "question"} else "contact"
            return self._own.say(f"subject.{kind}", name=self._name)
        if is_agency(self._context.delivery.recipient):
            return self._say("subject.staff")
        if self._context.delivery.purpose in {"reminder", "question"}:
            return self._say("subject.reminder")
        return self._say("subject.contact", name=self._name)

    def _texts(self, *, link: bool) -> Iterator[str]:
        """The message, the fullest form first, each shorter one still saying who, what, when and whom to ring."""
        first_name = self._name.split()[0][:FIRST_NAME_AT_MOST]
        rooms: tuple[tuple[Room, str], ...] = (
            ("enough", self._name),
            ("enough", first_name),
            ("little", self._name),
            ("little", first_name),
            ("none", first_name),
        )
        for room, name in rooms:
            for text in self._forms(name, link=link, room=room):
                yield self._drill() + text

    def _drill(self) -> str:
        return self._say("drill") + " " if self._context.delivery.drill else ""

    def _forms(self, name: str, *, link: bool, room: Room) -> Iterator[str]:
        purpose = self._context.delivery.purpose
        if purpose == "reminder":
            yield from self._reminder()
        elif purpose == "question":
            yield self._say("question", time=self._time(self._due()))
        elif purpose == "practice":
            yield self._say(self._practice_key(link=link), name=name)
        elif purpose == "invitation":
            yield from self._invitation(name, link=link)
        elif is_agency(self._context.delivery.recipient):
            yield from self._staff(name, room)
        elif self._own is None and self._context.reads == "nobody_else":
            yield from self._full(name, room)
        else:
            if self._takes_digit and self._answerable:
                yield f"{self._neutral(name)} {self._say('neutral.answer')}"
            yield self._neutral(name)

    def _reminder(self) -> Iterator[str]:
        facts, time = self._context.delivery.facts, self._time(self._due())
        if facts.get("note"):
            yield self._say("reminder", note=facts["note"], time=time)
        yield self._say("reminder.plain", time=time)

    def _due(self) -> datetime:
        due = self._context.delivery.facts.get("due_at")
        return datetime.fromisoformat(str(due)) if due else self._context.now

    def _invitation(self, name: str, *, link: bool) -> Iterator[str]:
        if link:
            yield self._say("mail.invitation" if self._takes_digit else "invitation", name=name)
        for key in self._invitation_keys():
            yield self._say(key, name=name, number=self._number)

    def _invitation_keys(self) -> tuple[str, ...]:
        """Without a link, the longest first."""
        if self._takes_digit:
            return ("invitation.digits_number", "invitation.digits") if self._number else ("invitation.digits",)
        return ("invitation.number", "invitation.short") if self._number else ("invitation.short",)

    def _staff(self, name: str, room: Room) -> Iterator[str]:
        if self._context.delivery.purpose == "stay_near":
            yield self._say("staff.stay_near", name=name, time=self._time(self._due()))
            return
        if self._context.delivery.purpose == "plan_open":
            others = self._context.delivery.facts.get("others", 0)
            yield self._say("staff.plan_open_more" if others else "staff.plan_open", name=name, count=others)
            return
        head = self._head("staff", name, brief=room != "enough")
        if self._context.delivery.purpose in {"all_clear", "warning"}:
            yield f"{head} {self._answers('staff')[1]}" if self._is_responder else head
            yield head
            return
        brief = self._context.person.details.get("brief") or {}
        rule = brief.get("contact")
        may_call = self._say(f"staff.may_call.{rule}") if rule else ""
        place = self._place()
        where = self._say("staff.place", place=place) if place else self._say("staff.no_place")
        answers = self._answers("staff") if self._is_responder else ("", "")
        for told in (f"{where} {may_call}", may_call):
            for answer in answers:
                yield f"{head} {told} {answer}"
        if room == "none":
            yield f"{head} {where} {may_call}"
            yield f"{head} {may_call}"
            yield head

    def _full(self, name: str, room: Room) -> Iterator[str]:
        head = self._head("contact", name, brief=room != "enough")
        if self._context.delivery.purpose in {"all_clear", "warning"}:
            yield f"{head} {self._answers('contact')[1]}"
            yield head
            return
        brief = self._context.person.details.get("brief") or {}
        rule = brief.get("contact")
        advice = self._say(
            f"contact.advice.{rule if rule in {'text_only', 'never', 'code_question'} else 'default'}", name=name
        )
        ring = self._say("contact.ring", number=self._number) if self._number else ""
        contact = self._context.contact
        place = self._place() if contact is not None and contact.sees != "message" else None
        long, short = self._answers("contact")
        where = self._say("contact.place", place=place) if place else ""
        mine, taken = self._jobs()
        phrase = brief.get("phrase") or ""
        # Given up in this order: the long answer, the phrase, the own job, others' jobs, and at last the place.
        for told, *rest in (
            ((where, mine, taken), long, phrase),
            ((where, mine, taken), short, phrase),
            ((where, mine, taken), short),
            ((where, taken), short, phrase),
            ((where, taken), short),
            ((where,), short),
            ((f"{place}." if place else "",), short),
            ((mine, taken), short, phrase),
            ((mine, taken), short),
            ((taken,), short),
            ((), short),
        ):
            yield " ".join([head, *told, advice, ring, *rest])
        if room == "none":
            # What happened is heard by whoever rings; not going there alone, and our whole number, are not.
            yield f"{name}: {advice} {ring} {short}"
            yield f"{head} {advice} {ring}"
            yield f"{name}: {advice} {ring}"
            yield f"{head} {ring}"
            if ring:
                yield f"{name}: {ring}"

    def _answers(self, who: str) -> tuple[str, str]:
        """How to answer by a digit, and the same in few words; nothing where no digit leads back."""
        if not (self._takes_digit and self._answerable):
            return "", ""
        return self._say(f"{who}.answer"), self._say(f"{who}.answer_short")

    def _jobs(self) -> tuple[str, str]:
        """What they agreed to do, and what others do already."""
        contact, incident = self._context.contact, self._context.incident
        mine = contact.job if contact is not None else None
        taken = [job for job in incident.jobs_taken if job != mine] if incident is not None else []
        return (
            self._say("contact.job", job=self._say(f"job.{mine}")) if mine else "",
            self._say("contact.taken", jobs=", ".join(self._say(f"taken.{job}") for job in taken)) if taken else "",
        )

    @property
    def _answerable(self) -> bool:
        return self._context.delivery.purpose in {"alert", "repeat", "news", "warning"}

    def _practice_key(self, *, link: bool) -> str:
        if self._context.method.channel in RINGS:
            return "practice.call"
        if not link:
            return "practice.answer"
        return "mail.practice" if self._takes_digit else "practice.link"

    def _neutral(self, name: str) -> str:
        return self._say(self._key_of_neutral(), **self._neutral_values(name))

    def _kind(self) -> str:
        purpose = self._context.delivery.purpose
        return purpose if purpose in {"repeat", "news", "all_clear", "warning"} else "alert"

    def _key_of_neutral(self) -> str:
        kind = self._kind()
        without = "_no_number" if kind in {"alert", "repeat", "news"} and not self._number else ""
        return f"neutral.{kind}{without}"

    def _neutral_keys(self, *, link: bool) -> tuple[str, ...]:
        """What is said where there is no more of a language than the neutral register; the longest first."""
        match self._context.delivery.purpose:
            case "reminder":
                return () if self._context.delivery.facts.get("note") else ("reminder.plain",)
            case "question":
                return ("question",)
            case "practice":
                if self._context.method.channel in RINGS:
                    return ("practice.call",)
                return ("practice.link" if link else "practice.answer",)
            case "invitation" if link:
                return ("invitation",)
            case "invitation":
                return self._invitation_keys()
            case _:
                return (self._key_of_neutral(),)

    def _moment(self) -> datetime:
        """The time that a neutral message names."""
        if self._context.delivery.purpose in {"reminder", "question"}:
            return self._due()
        return self._since() if self._kind() == "alert" else self._context.now

    def _neutral_values(self, name: str) -> dict[str, Any]:
        return {"name": name, "number": self._number, "time": self._time(self._moment()), "count": self._count}

    def _head(self, register: str, name: str, *, brief: bool = False) -> str:
        kind = self._kind()
        if self._context.delivery.facts.get("news") == "agreed":
            # Agreed anew: what it is about, as at first.
            kind = "alert"
        at = self._since() if kind in {"alert", "repeat"} else self._context.now
        incident = self._context.incident
        helped = incident is not None and bool(incident.helpers)
        if register == "contact" and kind == "repeat" and (brief or helped):
            kind = "repeat_answered"
        elif brief and kind in {"news", "repeat"}:
            kind = "news_brief" if kind == "news" else "alert"
        what = self._say(f"what.{self._news() if kind.startswith('news') else self._trigger()}")
        return self._say(f"{register}.{kind}", name=name, what=what, time=self._time(at), count=self._count)

    def _news(self) -> str:
        """What is new since they heard last."""
        return str(self._context.delivery.facts.get("news") or self._trigger())

    def _trigger(self) -> str:
        return trigger_shown(self._context.incident) if self._context.incident is not None else "fault"

    def _since(self) -> datetime:
        return self._context.incident.opened_at if self._context.incident is not None else self._context.now

    def _place(self) -> str | None:
        incident = self._context.incident
        if incident is None or incident.fix is None:
            return None
        fix = incident.fix
        places = self._context.person.details.get("places") or []
        place = place_words(self.language, fix, places) or f"{fix.latitude:.5f},{fix.longitude:.5f}"
        age = (self._context.now - fix.at).total_seconds()
        return self._say("place.old", place=place, count=round(age / 60)) if age >= OLD_S else place

    def _time(self, at: datetime) -> str:
        return _time(at.replace(second=0, microsecond=0), self._context.person.time_zone, self.language)

    def _say(self, key: str, **values: Any) -> str:
        return say(self.language, "messages", key, **values)
