"""What people read: complete in every language, short enough, neutral where it must be."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.effects import Purpose
from alerts.policy import DEFAULT_POLICY
from alerts.signal_base import Fix, Job, TriggerKind
from alerts.situation import Answer, Incident, Trigger
from alerts.telling import News
from services.links import Link, Links
from services.wording.catalogue import PARTS, PLACEHOLDER, Entry, _entries, languages
from services.wording.compose import MessageComposer
from services.wording.neutral_words import END, ISOLATE, NeutralWords, neutral_languages
from services.wording.segment import plain, segment_room
from streams.channel import OutgoingMessage
from streams.delivery_context import DeliveryContext
from streams.records import Contact, Delivery, Method, Organization, Person
from streams.sealing import MasterKey
from tests.services.jump_clock import NOON

IDS = [f"0190d5ff-0000-7000-8000-00000000000{n}" for n in range(5)]
LINKS = Links(MasterKey(b"k" * 32))
GIVES_AWAY = re.compile(
    r"panic|alarm|emergenc|polic|violen|abus|victim|v[ií]ctima|shelter|refugio|albergue|porchlight|duress|coacci|agres|"
    r"survivor|maltrat",
    re.IGNORECASE,
)
GENDERED = re.compile(
    r"\b(he|she|him|her|his|hers|él|ella|sola|solo a|lo|la) (is|has|needs|est[aá]|necesita)\b", re.IGNORECASE
)
OPT_OUT = re.compile(r"\b(stop|cancel|end|quit|yes|start|unsubscribe|alto|parar|cancelar|baja)\b", re.IGNORECASE)


def texts(entry: Entry) -> list[str]:
    """Every form of an entry."""
    return list(entry.values()) if isinstance(entry, dict) else [entry]


@pytest.mark.parametrize("part", PARTS)
def test_every_language_says_everything(part: str) -> None:
    """A missing translation, a lost placeholder or a lost plural fails here."""
    english = _entries("en", part)
    for language in languages():
        said = _entries(language, part)
        assert set(said) == set(english), (language, part)
        for key, entry in english.items():
            wanted = {name for text in texts(entry) for name in PLACEHOLDER.findall(text)}
            found = {name for text in texts(said[key]) for name in PLACEHOLDER.findall(text)}
            assert found == wanted, (language, part, key)
            assert isinstance(said[key], dict) == isinstance(entry, dict), (language, part, key)
            assert all(text.strip() for text in texts(said[key])), (language, part, key)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_phone_never_gives_its_owner_away(language: str) -> None:
    """No word on its screens that an abuser would stop at."""
    for key, entry in _entries(language, "phone").items():
        for text in texts(entry):
            assert not GIVES_AWAY.search(text), (key, text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_nobody_is_given_a_gender_and_nobody_is_asked_for_a_carriers_word(language: str) -> None:
    """Carriers take STOP, YES and the like for opting out or in."""
    replies = {key: entry for key, entry in _entries(language, "contact").items() if key.startswith("answered.")}
    for key, entry in {**_entries(language, "messages"), **replies}.items():
        for text in texts(entry):
            assert not GENDERED.search(text), (key, text)
            assert not OPT_OUT.search(PLACEHOLDER.sub("", text)), (key, text)
    for key, entry in replies.items():
        for text in texts(entry):
            assert not GIVES_AWAY.search(text), (key, text)


names = st.one_of(
    st.sampled_from(
        ["Mia", "María José de la Concepción Fernández-Villaverde", "مريم", "Nguyễn Thị Hồng", "美亚", "Ж" * 80]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=200),
)
contexts = st.fixed_dictionaries(
    {
        "name": names,
        "label": names,
        "number": st.sampled_from([None, "555-0100", "+1 (555) 010-0100 ext. 4711"]),
        "language": st.sampled_from(["en", "es", "de", "xx", *neutral_languages(), "zh_CN", "pt-BR"]),
        "purpose": st.sampled_from(get_args(Purpose)),
        "trigger": st.sampled_from(get_args(TriggerKind)),
        "recipient": st.sampled_from(["dispatch", "last_resort", "contact", "person"]),
        "reads": st.sampled_from(["nobody_else", "others", "unknown", None]),
        "sees": st.sampled_from(["message", "place", "live"]),
        "channel": st.sampled_from(["sms", "voice", "email", "webhook"]),
        "rule": st.sampled_from([None, "text_only", "code_question", "call", "never"]),
        "drill": st.booleans(),
        "fix": st.booleans(),
        "job": st.none() | st.sampled_from(get_args(Job)),
        "taken": st.lists(st.sampled_from(get_args(Job)), max_size=3),
    }
)


def purpose_of(chosen: dict[str, Any], *, to_contact: bool) -> Any:
    """Herself she is only reminded; what is open in plans is for staff alone."""
    if chosen["recipient"] == "person":
        return "reminder"
    return "alert" if to_contact and chosen["purpose"] == "plan_open" else chosen["purpose"]


def composed(chosen: dict[str, Any]) -> OutgoingMessage:
    """A message for these circumstances."""
    trigger = Trigger(kind=chosen["trigger"], at=NOON, received_at=NOON, source="s")
    fix = Fix(latitude=41.88, longitude=-87.63, at=NOON - timedelta(minutes=5), received_at=NOON)
    incident = Incident(
        id=IDS[0],
        state="open",
        opened_at=NOON,
        triggers=(trigger,),
        presses=1,
        policy=DEFAULT_POLICY,
        base=NOON,
        rounds=(0,) * len(DEFAULT_POLICY.steps),
        fix=fix if chosen["fix"] else None,
        answers=tuple(
            Answer(contact=f"c{n}", name="Eve", answer="can_help", at=NOON, job=job)
            for n, job in enumerate(chosen.get("taken", ()))
        ),
    )
    method = Method(id=IDS[4], channel=chosen["channel"], address="x")
    to_contact = chosen["recipient"] == "contact"
    contact = Contact(
        id=IDS[3],
        organization=IDS[1],
        person=IDS[2],
        name="Ana",
        order=1,
        methods=(method,),
        language=chosen["language"],
        sees=chosen["sees"],
        consent="confirmed",
        reads=chosen["reads"],
        job=chosen.get("job"),
    )
    delivery = Delivery(
        id=IDS[4],
        organization=IDS[1],
        person=IDS[2],
        subject=IDS[0],
        incident=IDS[0],
        recipient=f"contact:{IDS[3]}" if to_contact else chosen["recipient"],
        method=method.id,
        channel=method.channel,
        purpose=purpose_of(chosen, to_contact=to_contact),
        epoch=0,
        step=0,
        round=0,
        position=0,
        methods=1,
        lane=0,
        drill=chosen["drill"],
        due_at=NOON,
        give_up_at=NOON,
        created_at=NOON,
        facts={"times": 3, "note": chosen["label"][:60], "due_at": NOON.isoformat()}
        | ({"news": chosen["news"]} if chosen.get("news") else {}),
    )
    place = {"label": chosen["label"], "latitude": 41.89, "longitude": -87.63}
    person = Person(
        id=IDS[2],
        organization=IDS[1],
        name="Mia Larsen",
        known_as=chosen["name"],
        language=chosen["language"],
        time_zone="America/Chicago",
        details={
            "places": [place],
            "brief": {
                key: value for key, value in (("contact", chosen["rule"]), ("phrase", chosen.get("phrase"))) if value
            },
        },
    )
    context = DeliveryContext(
        delivery=delivery,
        method=method,
        organization=Organization(id=IDS[1], organization=IDS[1], name="Harbour Shelter", call_back=chosen["number"]),
        person=person,
        contact=contact if to_contact else None,
        incident=incident,
        now=NOON,
    )
    return MessageComposer("https://porchlight.test", LINKS).compose(context)


@settings(max_examples=400, deadline=None)
@given(contexts)
def test_every_message_fits_says_no_secret_and_leaves_nothing_unfilled(chosen: dict[str, Any]) -> None:
    """One segment for a text; nothing about the twin; no link in a text; no placeholder left."""
    message = composed(chosen)
    assert message.text.strip()
    assert "duress" not in f"{message.text} {message.subject} {message.data}".lower().replace(
        chosen["name"].lower(), ""
    )
    assert not PLACEHOLDER.search(message.text.replace(chosen["name"], "").replace(chosen["label"], ""))
    if chosen["channel"] in {"sms", "voice"}:
        own, _, english = message.text.rpartition(" / ")
        both = bool(own) and message.language in neutral_languages()
        # A voice reads on; only a text has no more room.
        parts = (own, english) if chosen["channel"] == "sms" else (english,)
        for part in parts if both else (message.text,):
            assert segment_room(part) >= 0
        assert message.link is None
    if chosen["drill"]:
        assert message.text.startswith(("DRILL", "SIMULACRO"))


@settings(max_examples=300, deadline=None)
@given(contexts)
def test_a_handset_that_may_be_read_by_others_gets_neutral_words(chosen: dict[str, Any]) -> None:
    """And what a lock screen shows of any mail is neutral for everybody."""
    purpose = chosen["purpose"] if chosen["purpose"] not in {"reminder", "question"} else "alert"
    plainly = {**chosen, "name": "Mia", "label": "home", "recipient": "contact", "purpose": purpose}
    message = composed(plainly)
    assert not GIVES_AWAY.search(message.subject)
    if chosen["reads"] != "nobody_else" or chosen["purpose"] == "invitation":
        assert not GIVES_AWAY.search(message.text)
        assert "Mia" in message.text
    if chosen["reads"] == "others" and chosen["purpose"] != "invitation":
        assert message.link is None


FOREIGN_GIVES_AWAY = re.compile(
    r"panique|alarme|urgence|polic[ei]|violen|agress|refuge|viol|danger|pânico|emergência|abrigo|"
    r"ذعر|إنذار|طوارئ|شرطة|عنف|ضحي|ملجأ|خطر|恐慌|警报|报警|紧急|警察|暴力|受害|庇护|危险|"
    r"hoảng|báo động|khẩn cấp|cảnh sát|công an|bạo lực|nạn nhân|nguy hiểm|panik|ijans|lapolis|vyolans|viktim|danje",
    re.IGNORECASE,
)
NEUTRAL_KEYS = {
    *(key for key in _entries("en", "messages") if key.startswith(("neutral.", "invitation", "practice.", "voice."))),
    *("reminder.plain", "question", "subject.contact", "subject.reminder", "sms.help", "sms.several"),
    *(key for key in _entries("en", "contact") if key.startswith("answered.")),
    "alert.arrival_word",
}


@pytest.mark.parametrize("words", neutral_languages().values(), ids=lambda words: words.language)
def test_a_language_that_waits_for_its_reviewer_says_all_that_is_neutral(words: NeutralWords) -> None:
    """Every key, every placeholder, nothing that gives her away, no carrier's word; a review is signed by somebody."""
    english = {**_entries("en", "contact"), **_entries("en", "messages")}
    assert set(words.entries) == NEUTRAL_KEYS
    for key, text in words.entries.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(str(english[key]))), key
        assert not FOREIGN_GIVES_AWAY.search(text), (key, text)
        assert not GIVES_AWAY.search(text), (key, text)
        assert not OPT_OUT.search(PLACEHOLDER.sub("", text)), (key, text)
    assert words.reviewed_by is None or words.reviewed_by.strip()


@pytest.mark.parametrize("words", neutral_languages().values(), ids=lambda words: words.language)
def test_who_reads_such_a_language_reads_it_first_and_english_after_it(words: NeutralWords) -> None:
    """In neutral words, however safe the handset is; the digits are asked for in both."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "home", "number": "555-0100", "language": words.language, "purpose": "alert",
        "trigger": "panic", "recipient": "contact", "reads": "nobody_else", "sees": "place", "channel": "sms",
        "rule": None, "drill": False, "fix": True,
    }  # fmt: skip
    own, _, english = composed(chosen).text.partition(" / ")
    assert english == "Mia asks you to ring 555-0100 NOW (12:00 PM). Answer 1 if you can, 2 if not."
    assert "555-0100" in own
    assert "12:00" in own
    assert not GIVES_AWAY.search(own)
    rung = composed({**chosen, "channel": "voice"}).text
    assert rung.endswith(" / Mia asks you to ring 555-0100 NOW (12:00 PM)."), "a call says the same, in both"
    assert composed({**chosen, "recipient": "dispatch"}).text.startswith("Mia pressed"), "the desk is in English"


@pytest.mark.parametrize("words", neutral_languages().values(), ids=lambda words: words.language)
@pytest.mark.parametrize("purpose", ["alert", "repeat", "news", "all_clear", "warning", "invitation", "practice"])
def test_no_sentence_of_such_a_language_is_cut_short(words: NeutralWords, purpose: str) -> None:
    """Where a text has no room for the whole, the shorter form is said whole."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "home", "number": "555-0100", "language": words.language, "purpose": purpose,
        "trigger": "panic", "recipient": "contact", "reads": "unknown", "sees": "message", "channel": "sms",
        "rule": None, "drill": False, "fix": False,
    }  # fmt: skip
    own, _, _ = composed(chosen).text.partition(" / ")
    assert own.endswith((".", "。", ")")), own


def test_names_and_numbers_stand_apart_in_text_that_runs_the_other_way() -> None:
    """Else a number's digits change places on the screen."""
    said = neutral_languages()["ar"].say("neutral.alert", name="Mia", number="+1 555-0100", time="12:00")
    for value in ("Mia", "+1 555-0100", "12:00"):
        assert f"{ISOLATE}{value}{END}" in said


def test_the_words_of_an_alert() -> None:
    """Who, what and when, the place if allowed, what not to do, our number; the time makes a duplicate known."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "the library", "number": "555-0100", "language": "en", "purpose": "alert",
        "trigger": "duress", "recipient": "contact", "reads": "nobody_else", "sees": "place", "channel": "sms",
        "rule": "text_only", "drill": False, "fix": True,
    }  # fmt: skip
    assert composed(chosen).text == (
        "Mia pressed the alarm, 12:00 PM. Place: 1.1 km south of the library, 5 min ago. Text, do not ring Mia. "
        "Ring 555-0100. Answer 1 can, 2 cannot, 3 coming."
    )
    assert composed({**chosen, "language": "es", "sees": "message"}).text == (
        "Mia activo la alarma, 12:00. Escriba, no llame a Mia. Llame al 555-0100. "
        "Responda 1: puedo, 2: no puedo, 3: voy."
    )
    assert composed({**chosen, "reads": "unknown"}).text == (
        "Mia asks you to ring 555-0100 NOW (12:00 PM). Answer 1 if you can, 2 if not."
    )
    assert composed({**chosen, "recipient": "dispatch", "channel": "email"}).text == (
        "Mia pressed the alarm, 12:00 PM. 1.1 km south of the library, 5 min ago. Text only, do not ring."
    )


ADVICE = {
    "en": ("Do not go there alone.", "Text, do not ring", "Do not ring", "Do not contact"),
    "es": ("No vaya", "Escriba, no llame", "No llame", "No contacte"),
}
TOLD_AS_NEWS = [one for kind in get_args(News) for one in get_args(kind) or [kind] if one != "duress"]
ANSWER = re.compile(r"(Answer|Responda) 1.*2.*3")


def test_a_phrase_agreed_with_her_ends_a_text_to_those_who_read_alone() -> None:
    """It goes before the place does, and to no handset that others may read; staff know her otherwise."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "home", "number": "555-0100", "language": "en", "purpose": "alert",
        "trigger": "panic", "recipient": "contact", "reads": "nobody_else", "sees": "message", "channel": "sms",
        "rule": None, "drill": False, "fix": True, "phrase": "the cat is called Tom",
    }  # fmt: skip
    assert composed(chosen).text.endswith("Answer 1: can help, 2: cannot, 3: on my way. the cat is called Tom")
    assert composed({**chosen, "number": "+1 312 555 0100", "phrase": "y" * 40}).text.endswith("3 coming. " + "y" * 40)
    placed = composed({**chosen, "sees": "place", "phrase": "y" * 40}).text
    assert "south of home" in placed
    assert "yyy" not in placed
    for others in ({"reads": "unknown"}, {"reads": "others"}, {"recipient": "dispatch"}):
        assert "Tom" not in composed({**chosen, **others}).text


plain_alerts = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Mia", "Alexandra", "María José Fernández", "Wolfeschlegelsteinhausen Bergerdorff"]),
        "label": st.sampled_from(["home", "the library", "Estación Central de Autobuses", "a" * 80]),
        "number": st.sampled_from(["555-0100", "+1 312 555 0100", "+1 (555) 010-0100 ext. 4711"]),
        "language": st.sampled_from(["en", "es"]),
        "purpose": st.sampled_from(["alert", "repeat", "news"]),
        "trigger": st.sampled_from(get_args(TriggerKind)),
        "recipient": st.just("contact"),
        "reads": st.just("nobody_else"),
        "sees": st.sampled_from(["message", "place"]),
        "channel": st.just("sms"),
        "rule": st.sampled_from([None, "text_only", "code_question", "never"]),
        "drill": st.booleans(),
        "fix": st.booleans(),
        "job": st.none() | st.sampled_from(get_args(Job)),
        "taken": st.lists(st.sampled_from(get_args(Job)), max_size=3),
        "news": st.sampled_from([None, *TOLD_AS_NEWS]),
        "phrase": st.sampled_from([None, "the cat is called Tom", "y" * 40, "кота зовут Том"]),
    }
)


@settings(max_examples=400, deadline=None)
@given(plain_alerts)
def test_the_first_segment_always_says_what_not_to_do_whom_to_ring_and_how_to_answer(chosen: dict[str, Any]) -> None:
    """Whatever else has to be left out: jobs before the place, and that before what happened."""
    text = composed(chosen).text
    assert segment_room(text) >= 0
    assert any(words in text for words in ADVICE[chosen["language"]]), text
    assert chosen["number"] in text
    assert ANSWER.search(text), text


@settings(max_examples=200, deadline=None)
@given(plain_alerts)
def test_the_first_segment_to_staff_says_how_to_answer_however_long_her_name_is(chosen: dict[str, Any]) -> None:
    """And whether she may be rung."""
    text = composed({**chosen, "recipient": "dispatch"}).text
    rule = {"en": "(Text only|Do not make|Code question)", "es": "(Solo texto|No contactar|Primero la pregunta)"}
    assert segment_room(text) >= 0
    assert ANSWER.search(text), text
    assert chosen["rule"] is None or re.search(rule[chosen["language"]], text), text


@settings(max_examples=200, deadline=None)
@given(plain_alerts, st.sampled_from(["美亚", "Оксана", "مريم", "Ελενα Παπαδοπουλου"]))
def test_a_name_in_other_letters_halves_the_room_and_still_no_number_is_cut(chosen: dict[str, Any], name: str) -> None:
    """The digit may be lost there; our number and what not to do are said whole, before what happened."""
    text = composed({**chosen, "name": name, "number": "+1 312 555 0100", "drill": False}).text
    assert segment_room(text) >= 0
    assert f"{'Ring' if chosen['language'] == 'en' else 'Llame al'} +1 312 555 0100." in text
    assert any(words in text for words in ADVICE[chosen["language"]]), text


def test_the_words_of_a_text_with_little_room() -> None:
    """A long place is said without a word before it; a name in other letters leaves room for what must not be done."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "the library, Main", "number": "+1 312 555 0100", "language": "en",
        "purpose": "alert", "trigger": "panic", "recipient": "contact", "reads": "nobody_else", "sees": "place",
        "channel": "sms", "rule": "text_only", "drill": False, "fix": True,
    }  # fmt: skip
    assert composed(chosen).text == (
        "Mia pressed the alarm, 12:00 PM. 1.1 km south of the library, Main, 5 min ago. "
        "Text, do not ring Mia. Ring +1 312 555 0100. Answer 1 can, 2 cannot, 3 coming."
    )
    assert composed({**chosen, "phrase": "the cat is called Tom"}).text == composed(chosen).text
    assert composed({**chosen, "name": "美亚"}).text == "美亚: Text, do not ring 美亚. Ring +1 312 555 0100."


@pytest.mark.parametrize(
    ("news", "english", "spanish"),
    [
        ("panic", "pressed the alarm", "activo la alarma"),
        ("pressed_again", "pressed again", "volvio a activar la alarma"),
        ("missed_check_in", "did not check in", "no dio señales a la hora prevista"),
        ("went_quiet", "whoever had it has gone quiet", "quien se ocupaba ya no"),
        ("nobody_has_it", "nobody has it any more", "ya no lo atiende nadie"),
        ("passed_on", "somebody else has it now", "ahora lo atiende otra persona"),
        ("yours_now", "you have it now", "ahora queda a su cargo"),
        ("one_cannot", "somebody cannot come after all", "alguien ya no puede acudir"),
    ],
)
def test_news_say_what_is_new(news: str, english: str, spanish: str) -> None:
    """And not once more what everybody knows."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "home", "number": "555-0100", "language": "en", "purpose": "news",
        "trigger": "panic", "recipient": "contact", "reads": "nobody_else", "sees": "message", "channel": "sms",
        "rule": None, "drill": False, "fix": False, "news": news,
    }  # fmt: skip
    assert composed(chosen).text.startswith(f"News of Mia, 12:00 PM: {english}.")
    assert composed({**chosen, "language": "es"}).text.startswith(f"Novedades de Mia, 12:00: {spanish}")
    assert composed({**chosen, "recipient": "dispatch"}).text.startswith(f"News of Mia, 12:00 PM: {english}.")
    assert composed({**chosen, "channel": "webhook"}).data["news"] == news


def test_who_agrees_anew_reads_what_it_is_about_and_not_that_she_pressed_again() -> None:
    """With the time at which it began."""
    chosen: dict[str, Any] = {
        "name": "Mia", "label": "home", "number": "555-0100", "language": "en", "purpose": "news",
        "trigger": "panic", "recipient": "contact", "reads": "nobody_else", "sees": "message", "channel": "sms",
        "rule": None, "drill": False, "fix": False, "news": "agreed",
    }  # fmt: skip
    assert composed(chosen).text.startswith("Mia pressed the alarm, 12:00 PM. Do not go there alone.")


@pytest.mark.parametrize(
    ("text", "room"), [("", 160), ("a" * 160, 0), ("€" * 80, 0), ("ñ" * 161, -1), ("á" * 70, 0), ("😀" * 35, 0)]
)
def test_the_room_of_a_segment(text: str, room: int) -> None:
    """160 of GSM-7, the extended ones double; 70 of UCS-2, in its 16-bit units."""
    assert segment_room(text) == room


def test_accents_that_cost_half_the_room_are_left_out() -> None:
    """And those that do not are kept."""
    assert plain("María está aquí, señor — “sí”") == 'Maria esta aqui, señor - "si"'
    assert plain("مريم") == "مريم"


def test_a_link_says_what_it_opens_and_cannot_be_made_up() -> None:
    """Every changed character is noticed."""
    link = Link(kind="alert", organization=IDS[0], person=IDS[1], contact=IDS[2], incident=IDS[3])
    code = LINKS.code(link)
    assert LINKS.read(code) == link
    for at in range(0, len(code) - 1, 7):
        other = "A" if code[at] != "A" else "B"
        assert LINKS.read(code[:at] + other + code[at + 1 :]) is None
    assert Links(MasterKey(b"l" * 32)).read(code) is None
    for nonsense in ("", "x", "é", "a" * 108):
        assert LINKS.read(nonsense) is None
