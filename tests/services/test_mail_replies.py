"""Mails are answered by mail: a digit acts, other words are kept, machines are not listened to, bounces move on."""

from __future__ import annotations

import contextlib
import socket
import uuid
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assembly import master_key
from services.bad_setting import BadSetting
from services.mail_answer import Answered, Unintelligible, read_mail
from services.mail_receiver import listen_for_mail
from services.reply_address import ReplyAddresses
from services.settings import MailReplies
from streams.channel import Progress
from streams.records import Contact
from streams.sealing import MasterKey
from tests.services.channels.test_smtp import Mailbox, mailbox
from tests.services.test_contacts import code_of
from tests.services.test_teams import NIGHTS, nights, staff
from tests.services.town import Town, until

__all__ = ["mailbox"]
ANA, KIM = "ana@example.org", "kim@harbour.example"
BOUNCED = (
    b"From: mailer@example.org\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; ana@example.org\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)
OUT_OF_OFFICE = {"Auto-Submitted": "auto-replied"}


class Post:
    """The town's mail: what went out, and how it is answered."""

    def __init__(self, town: Town, box: Mailbox, port: int) -> None:
        self.town = town
        self.box = box
        self.port = port

    async def mail_to(self, address: str, count: int = 1) -> Any:
        """The last mail to this address, once there are so many."""

        def there() -> list[Any]:
            return [mail for mail in self.box.mails if mail["To"] == address]

        async def came() -> bool:
            return len(there()) >= count

        await until(came, f"no mail came to {address}")
        await self.town.settled()
        return there()[-1]

    async def answer(self, to: str, text: str, *, sender: str = ANA, subtype: str = "plain", **headers: str) -> None:
        """Somebody writes back by the operator's mail server. Raises what that server is answered."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Message-ID"] = sender, to, headers.pop("message_id", "<1@example.org>")
        for name, value in headers.items():
            mail[name] = value
        mail.set_content(text, subtype=subtype)
        await self.hand_over(to, mail.as_bytes(), sender)

    async def hand_over(self, to: str, raw: bytes, sender: str) -> None:
        """As it stands."""
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, timeout=10) as client:
            await client.sendmail(sender, [to], raw)
        await self.town.settled()


@pytest.fixture
async def post(town: Town, mailbox: Any) -> Post:
    """A town whose mails can be answered."""
    box, smtp = mailbox
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    await town.stop()
    replies = MailReplies(host="127.0.0.1", port=port, address="reply@alerts.example.org")
    town.settings = msgspec.structs.replace(town.settings, smtp=smtp, mail_replies=replies)
    await town.start()
    return Post(town, box, port)


async def pressed(post: Post) -> str:
    """Mia presses; where Ana may answer."""
    town = post.town
    await town.agency()
    person = await town.person(known_as="Mia")
    methods = [{"channel": "email", "address": ANA}, town.hook("ana")]
    made = await town.post(f"/v1/people/{person}/contacts", town.admin, {"name": "Ana", "methods": methods})
    # An invitation that is answered before it has gone does not go any more.
    await post.mail_to(ANA)
    await town.post("/v1/invitation/confirm", code_of(made["confirm_url"]), {"reads": "nobody_else"})
    await town.press(await town.phone(person), immediate=True)
    mail = await post.mail_to(ANA, 2)
    assert "Answer 1: can help" in mail.get_content()
    return str(mail["Reply-To"])


async def test_one_says_that_ana_can_help(post: Post) -> None:
    """Above what her mailer quoted; she hears that it was taken, and the same mail twice is one answer."""
    to = await pressed(post)
    quoted = "1\n\nOn Tue, 24 Nov 2026 at 18:00, hello@harbour.example wrote:\n> Answer 1: can help, 2: cannot\n"
    for _ in range(2):
        await post.answer(to, quoted, Subject="Re: Mia: please read")
    incident = await post.town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Ana")
    assert [line["kind"] for line in incident["timeline"]].count("contact_can_help") == 1
    thanks = await post.mail_to(ANA, 3)
    assert thanks.get_content().startswith("Thank you.")
    assert thanks["Auto-Submitted"] == "auto-generated"


async def test_the_case_of_the_address_does_not_matter(post: Post) -> None:
    """Mail systems change it."""
    await post.answer((await pressed(post)).upper(), "3")
    assert (await post.town.incident())["state"] == "acknowledged"


async def test_an_answer_in_html_is_an_answer(post: Post) -> None:
    """What is quoted in it is not."""
    page = "<html><head><style>p {}</style></head><body><div>2</div><blockquote>1</blockquote></body></html>"
    await post.answer(await pressed(post), page, subtype="html")
    kinds = [line["kind"] for line in (await post.town.incident())["timeline"]]
    assert "contact_cannot" in kinds


async def test_other_words_are_kept_and_get_one_line_of_help(post: Post) -> None:
    """They never act; and words below a digit are kept as well."""
    to = await pressed(post)
    await post.answer(to, "I am 1 hour away, who is with her?")
    incident = await post.town.incident()
    assert incident["state"] == "open"
    (line,) = [line for line in incident["timeline"] if line["kind"] == "contact_wrote"]
    assert "who is with her?" in str(line)
    assert "1: I can help" in (await post.mail_to(ANA, 3)).get_content()
    await post.answer(to, "3\nBringing the car.", message_id="<2@example.org>")
    incident = await post.town.incident()
    assert incident["state"] == "acknowledged"
    assert "Bringing the car." in str(incident["timeline"])


@pytest.mark.parametrize(
    "headers",
    [OUT_OF_OFFICE, {"Precedence": "bulk"}, {"X-Autoreply": "yes"}, {"List-Id": "<a.example.org>"}],
    ids=lambda headers: next(iter(headers)),
)
async def test_machines_answer_nothing_and_are_not_written_to(post: Post, headers: dict[str, str]) -> None:
    """An out-of-office that begins with a digit."""
    to = await pressed(post)
    before = len(post.box.mails)
    await post.answer(to, "1", **headers)
    await post.answer(to, "1", sender="")
    assert (await post.town.incident())["state"] == "open"
    assert len(post.box.mails) == before


async def test_nobody_makes_up_an_address(post: Post) -> None:
    """It tells nothing of what there is."""
    to = await pressed(post)
    changed = to.replace("+", "+a", 1) if to.split("+")[1][0] != "a" else to.replace("+a", "+b", 1)
    for wrong in (changed, "reply@alerts.example.org", "ana@example.org", to.replace("alerts.example", "example")):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await post.answer(wrong, "1")
        assert refused.value.recipients[0].code == 550
    assert (await post.town.incident())["state"] == "open"


async def test_what_bounces_goes_on_by_the_next_method_at_once(post: Post) -> None:
    """With the reason at the desk."""
    to = await pressed(post)
    assert [r for r in post.town.sink.to("ana") if r.purpose == "alert"] == []
    await post.hand_over(to, BOUNCED, "")
    await post.town.until_sent("ana")
    incident = await post.town.incident()
    assert "mail bounced (5.1.1)" in [d["why"] for d in incident["deliveries"]]
    assert incident["state"] == "open"


async def test_somebody_of_the_staff_answers_by_mail(post: Post) -> None:
    """As by a text."""
    town = post.town
    kim, _ = await staff(town, "Kim", methods=[{"channel": "email", "address": KIM}])
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    await town.press(phone)
    mail = await post.mail_to(KIM)
    assert "Answer 1: I have it" in mail.get_content()
    await post.answer(mail["Reply-To"], "1", sender=KIM)
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Kim")


async def test_somebody_of_the_staff_who_comes_reads_by_mail_what_to_say_at_the_door(post: Post) -> None:
    """In the line that comes back."""
    town = post.town
    kim, _ = await staff(town, "Kim", methods=[{"channel": "email", "address": KIM}])
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights", brief={"arrival_word": "blue scarf"})
    await nights(town, kim)
    await town.press(phone)
    asked = await post.mail_to(KIM)
    assert "blue scarf" not in asked.get_content()
    await post.answer(asked["Reply-To"], "3", sender=KIM)
    assert "At the door say: blue scarf" in (await post.mail_to(KIM, 2)).get_content()


async def test_words_of_the_staff_are_kept_as_well(post: Post) -> None:
    """Alone, and below a digit."""
    town = post.town
    kim, _ = await staff(town, "Kim", methods=[{"channel": "email", "address": KIM}])
    await town.policy("nights", **NIGHTS)
    phone = await town.mia(policy="nights")
    await nights(town, kim)
    await town.press(phone)
    to = (await post.mail_to(KIM))["Reply-To"]
    await post.answer(to, "Which flat?", sender=KIM)
    await post.answer(to, "1\nLeaving in five minutes.", sender=KIM, message_id="<2@example.org>")
    notes = [line["text"] for line in (await town.incident())["timeline"] if line["kind"] == "note"]
    assert notes == ["Which flat?", "Leaving in five minutes."]


async def test_an_answer_to_an_address_that_was_replaced_meanwhile_counts(post: Post) -> None:
    """Ana still has the mail; nothing is written back to where she is no more."""
    to = await pressed(post)
    town = post.town
    (contact,) = (await town.get(f"/v1/people/{(await town.incident())['person']['id']}/contacts", town.admin))[
        "contacts"
    ]
    body = {"methods": [town.hook("ana")]}
    assert (await town.call("PATCH", f"/v1/contacts/{contact['id']}", town.admin, body)).status == 200
    await post.answer(to, "1")
    incident = await town.incident()
    assert (incident["state"], incident["holder"]) == ("acknowledged", "Ana")
    assert len([mail for mail in post.box.mails if mail["To"] == ANA]) == 2


async def test_nothing_acts_that_comes_from_where_she_said_nothing_must_go(post: Post) -> None:
    """Somebody else reads Ana's mail: what they write is kept, and is no answer."""
    to = await pressed(post)
    town = post.town
    person = (await town.incident())["person"]["id"]
    await town.call("PATCH", f"/v1/people/{person}", town.admin, {"unsafe": [ANA]})
    await post.answer(to, "1")
    incident = await town.incident()
    assert incident["state"] == "open"
    assert ("contact_wrote", "1") in [(line["kind"], line["text"]) for line in incident["timeline"]]


async def test_what_is_not_known_yet_is_asked_for_again(post: Post) -> None:
    """An answer to, or a bounce of, what was sent from the spool may come before the store knows of it."""
    await pressed(post)
    to = ReplyAddresses(master_key(post.town.settings), "reply@alerts.example.org").of(str(uuid.uuid4()))
    for raw in (b"Message-ID: <7@example.org>\r\n\r\n1", BOUNCED):
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await post.hand_over(to, raw, ANA)
        assert refused.value.code == 451


async def test_what_is_over_is_answered_by_nothing(post: Post) -> None:
    """The mail is taken, and changes nothing."""
    to = await pressed(post)
    known = (await post.town.incident())["id"]
    await post.town.act(known, "resolve", disposition="safe")
    await post.answer(to, "1")
    assert (await post.town.get(f"/v1/incidents/{known}", post.town.admin))["state"] == "resolved"


async def test_without_the_setting_mails_ask_for_no_answer(town: Town, mailbox: Any) -> None:
    """As before."""
    box, smtp = mailbox
    await town.stop()
    town.settings = msgspec.structs.replace(town.settings, smtp=smtp)
    await town.start()
    await town.agency()
    person = await town.person(known_as="Mia")
    await town.contact(person, "Ana", methods=[{"channel": "email", "address": ANA}])
    await town.press(await town.phone(person), immediate=True)
    (mail,) = await _mails(box, 1)
    assert mail["Reply-To"] is None
    assert "Answer" not in mail.get_content()


async def _mails(box: Mailbox, count: int) -> list[Any]:
    async def came() -> bool:
        return len(box.mails) >= count

    await until(came, "no mail came")
    return list(box.mails)


def test_a_port_that_is_taken_is_said_at_the_start() -> None:
    """With its name."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = MailReplies(host="127.0.0.1", port=taken.getsockname()[1], address="reply@example.org")
        with pytest.raises(BadSetting, match="PORCHLIGHT_MAIL_REPLIES"):
            listen_for_mail(wanted)


@given(st.uuids(), st.binary(min_size=1, max_size=4), st.integers(0, 41))
def test_a_changed_code_is_none(delivery: Any, other: bytes, at: int) -> None:
    """Whatever is changed in it; and one of another deployment is none either."""
    ours = ReplyAddresses(MasterKey(b"k" * 32), "reply@alerts.example.org")
    address = ours.of(str(delivery))
    assert ours.read(address) == str(delivery)
    assert len(address.split("@")[0]) <= 64
    assert ReplyAddresses(MasterKey(b"j" * 32), "reply@alerts.example.org").read(address) is None
    place = len("reply+") + at
    letter = "abcdefghijklmnopqrstuvwxyz234567"[other[0] % 32]
    changed = address[:place] + letter + address[place + 1 :]
    assert ours.read(changed) is None or changed == address or at == 41


@given(st.binary(max_size=400))
def test_no_mail_is_an_error(noise: bytes) -> None:
    """However it was mangled."""
    for raw in (noise, b"Content-Type: multipart/report\r\n\r\n" + noise, b"Content-Type: text/html\r\n\r\n" + noise):
        with contextlib.suppress(Unintelligible):
            assert isinstance(read_mail(raw), Answered | Progress | None)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"Content-Type: text/plain; charset=nobody-knows\r\n\r\n1", "1"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xe2\x80\x8b1\x00", "1"),
        (b"\r\n2\r\n\r\nOn Tue, 24 Nov 2026 at 18:00 somebody with a long name\r\nhas wrote:\r\n> 1", "2"),
        (b"\r\n> 1\r\n3", "3"),
        (b"Subject: 1\r\n\r\n", ""),
        (b"\r\n1\r\n-- \r\nAna, 2nd floor", "1"),
        (b"Content-Type: text/html\r\n\r\n<!-- 2 --><p>1</p><blockquote>3</blockquote>", "1"),
        (b"Content-Type: text/plain; " + b"a=b; " * 40_000 + b"\r\n\r\n1", "1"),
        (b"X-Scanned: " + b"=?a?b?" * 9000 + b"\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\n1", "1"),
        (b"Content-Type: text/plain; charset=punycode\r\n\r\n1\r\n-- \r\n" + b"a-" * 100_000, "1"),
        (b"Message-ID: <>\r\n\r\n1", "1"),
        (b"Content-Type: text/html\r\n\r\n" + b"<a" * 8000 + b"<p>1</p>", ""),
    ],
)
def test_whoever_writes_is_understood_whatever_they_write_with(raw: bytes, says: str) -> None:
    """Their own words, not what stands around them."""
    found = read_mail(raw)
    assert isinstance(found, Answered)
    assert (found.text if says else found.text[:0]) == says


def test_a_mail_of_too_many_parts_is_not_read() -> None:
    """Each line of it would be compared with the borders of all of them."""
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(400))
    with pytest.raises(Unintelligible):
        read_mail(nested)


async def test_long_lines_are_taken_and_the_help_can_be_answered(post: Post) -> None:
    """Some mailers break no lines; the answer to the help is an answer as well."""
    to = await pressed(post)
    raw = b"From: ana@example.org\r\nMessage-ID: <9@example.org>\r\n\r\n" + b"x" * 5000 + b"\r\n"
    await post.hand_over(to, raw, ANA)
    help_ = await post.mail_to(ANA, 3)
    assert help_["Reply-To"] == to
    await post.answer(help_["Reply-To"], "1")
    assert (await post.town.incident())["state"] == "acknowledged"


async def test_the_operator_is_told_by_mail_although_mails_can_be_answered(post: Post) -> None:
    """What is no delivery has no address of its own."""
    town = post.town
    await town.stop()
    town.settings = msgspec.structs.replace(town.settings, operator_alarm=("mailto:operator@harbour.example",))
    await town.start()
    town.assembly.alarm.ring("test")
    mail = await post.mail_to("operator@harbour.example")
    assert mail["Reply-To"] is None


async def test_practice_is_answered_by_a_one_alone(post: Post) -> None:
    """Not by what merely begins with it."""
    town = post.town
    await town.agency()
    person = await town.person(known_as="Mia")
    await town.contact(person, "Ana", methods=[{"channel": "email", "address": ANA}])
    await town.assembly.housekeeping.check_plans()
    await town.wait(hours=24)
    mail = await post.mail_to(ANA)
    assert "Please answer 1" in mail.get_content()

    async def heard() -> bool:
        (contact,) = (await town.get(f"/v1/people/{person}/contacts", town.admin))["contacts"]

        async def work(tx: Any) -> Any:
            return await tx.get(Contact, town.organization, contact["id"])

        return (await town.assembly.store.read(work)).unheard_since is None

    await post.answer(mail["Reply-To"], "15 years and no message")
    assert not await heard()
    await post.answer(mail["Reply-To"], "1", message_id="<3@example.org>")
    assert await heard()
