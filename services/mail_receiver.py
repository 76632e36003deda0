"""Takes the answers to our mails, by SMTP (RFC 5321), from the operator's own mail server.

Who was written to at an address of ours proves by the code in it that they had our mail; from whom an answer says to
come proves nothing and is not looked at. What cannot be kept now is asked for again later (451): no answer is lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, cast

import msgspec
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.audience import is_agency
from alerts.ids import derived_id
from services.bad_setting import PREFIX, BadSetting
from services.helped import Helped
from services.mail_answer import Answered, Unintelligible, read_mail
from services.reply_address import ReplyAddresses
from services.settings import MailReplies
from services.web.agreeing import Asked, answer_invitation, how_to_agree, is_asked_who_reads
from services.web.answering import answer_alert, help_for, keep_words
from services.web.open_alerts import OpenAlert, open_alert_of, reader_of
from services.web.service import Service
from services.web.text_answers import chosen_of, digit_of
from services.wording.catalogue import known_language, say
from services.wording.neutral_words import say_to_contact, written
from streams.channel import OutgoingMessage, Progress
from streams.delivery_context import DeliveryContext, context_of
from streams.practice import answered
from streams.receipts import take_receipt
from streams.records import LANE_ALARM, Contact, Delivery, Person, Staff
from streams.store import NotKept, Transaction

log = structlog.get_logger()

MOST_BYTES = 262_144
AT_ONCE = 32
SILENT_FOR = 30
"""Seconds after which a caller that says nothing is hung up on."""
NO_SUCH = "550 5.1.1 No such mailbox"
LATER = "451 4.3.0 Please try again later"
UNREADABLE = "554 5.6.0 This mail cannot be read; please answer in plain text"
TAKEN = "250 2.0.0 OK"
PRACTISED_WITHIN = timedelta(days=14)
HELPED_AT_MOST, HELPED_WITHIN = 3, timedelta(days=14)
"""Answers to one of our mails that are answered: two machines must not write to each other for ever."""


def listen_for_mail(settings: MailReplies) -> socket.socket:
    """Opens the port; one that is taken says so at once. Raises `BadSetting`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise BadSetting(
            f"{PREFIX}MAIL_REPLIES: {settings.host}:{settings.port} cannot be listened on ({error.strerror}); "
            "choose another port"
        ) from error


class _Mailed(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered: where it went need not be told any more, and whoever had it can answer all the same."""

    delivery: Delivery
    alert: OpenAlert | None
    reader: Contact | Staff | Person | None
    context: DeliveryContext | str

    @property
    def reads_alone(self) -> bool:
        """Whether nobody else reads what goes back."""
        return isinstance(self.context, DeliveryContext) and self.context.reads == "nobody_else"


class MailReceiver:
    """A mail server for the answers to our mails and for nothing else."""

    def __init__(self, opened: socket.socket, service: Service, addresses: ReplyAddresses) -> None:
        self._opened = opened
        self._service = service
        self._addresses = addresses
        self._helped = Helped(HELPED_AT_MOST, HELPED_WITHIN)
        # One mail at a time, and not where names are looked up for what we send.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read_mail")
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Takes mail from now on."""
        self._serving = asyncio.create_task(self._serve(), name="MailReceiver")

    async def stop(self) -> None:
        """Takes none any more; whoever is speaking is hung up on, and tries again."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        self._reader.shutdown(wait=False, cancel_futures=True)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        talking: set[_Conversation] = set()

        def made() -> SMTP:
            return _Conversation(self, talking, hostname=socket.gethostname(), loop=loop)

        server = await loop.create_server(made, sock=self._opened)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for conversation in list(talking):
                conversation.hang_up()

    # What aiosmtpd asks of a handler.
    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes mail for what we have sent, and for nobody else."""
        if self._addresses.read(address) is None:
            return NO_SUCH
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps what it says before it says that it did."""
        raw = envelope.original_content or b""
        try:
            # Beside the loop: a press does not wait for a long mail.
            said = await asyncio.get_running_loop().run_in_executor(self._reader, read_mail, raw)
        except Unintelligible as error:
            log.warning("a mail that cannot be read", action="mail_unreadable", why=str(error))
            return UNREADABLE
        if isinstance(said, Answered) and envelope.mail_from in {None, "", "<>"}:
            # Mail from nobody is a machine's (RFC 3834, 3.3).
            said = None
        if said is None:
            log.info("a mail that is nobody's answer", action="mail_ignored")
            return TAKEN
        try:
            for delivery in {self._addresses.read(address) for address in envelope.rcpt_tos}:
                if delivery is not None:
                    key = hashlib.blake2b(raw, digest_size=16).hexdigest()
                    await self._take(delivery, said, key)
        except NotKept:
            return LATER
        except Exception:
            log.exception("an answer by mail was not taken", action="mail_failed")
            return LATER
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """Something unforeseen: nothing of it is told, and they try again."""
        log.error("an error while mail was taken", action="mail_failed", why=type(error).__name__)
        return LATER

    async def _take(self, named: str, said: Answered | Progress, key: str) -> None:
        if isinstance(said, Progress):
            await self._take_report(named, said)
            return
        now = self._service.clock.now()

        async def work(tx: Transaction) -> _Mailed | None:
            delivery = await tx.delivery(named)
            if delivery is None:
                return None
            return _Mailed(
                delivery=delivery,
                alert=await open_alert_of(tx, delivery),
                reader=await reader_of(tx, delivery),
                context=await context_of(tx, delivery, now),
            )

        mailed = await self._service.store.read(work)
        if mailed is None:
            raise NotKept("what was sent from the spool is not known here yet")
        line = await self._answer(mailed, said, said.mail or key)
        if line and isinstance(mailed.context, DeliveryContext):
            await self._write_back(mailed.context, line, key)

    async def _take_report(self, named: str, progress: Progress) -> None:
        now = self._service.clock.now()

        async def work(tx: Transaction) -> Delivery | None:
            if await tx.delivery(named) is None:
                raise NotKept("what was sent from the spool is not known here yet")
            return await take_receipt(tx, named, progress.state, progress.why, now)

        changed = await self._service.store.write(work, LANE_ALARM)
        if changed is not None:
            self._service.feed.poke()
            if progress.state == "failed":
                self._service.engine.wake(changed.organization, changed.person, LANE_ALARM)
                self._service.engine.look()

    async def _answer(self, mailed: _Mailed, said: Answered, key: str) -> str | None:
        """Carries out what it says; the one line that goes back."""
        if mailed.delivery.purpose == "practice":
            return await self._practised(mailed, said.text)
        if mailed.delivery.purpose == "invitation":
            return await self._agreed(mailed, said.text, key)
        alert = mailed.alert
        if alert is None or not said.text:
            return None
        first = said.text.splitlines()[0]
        match = chosen_of({alert.letter: alert}, first)
        await keep_words(
            self._service, alert, said.text if match is None else said.text.removeprefix(first).strip(), key
        )
        if match is None:
            return help_for([alert])
        return written(await answer_alert(self._service, alert, match[1], key, reads_alone=mailed.reads_alone))

    async def _practised(self, mailed: _Mailed, text: str) -> str | None:
        contact, now = mailed.reader, self._service.clock.now()
        match = chosen_of({"A": contact}, text.partition("\n")[0])
        late = now - mailed.delivery.created_at > PRACTISED_WITHIN
        if not isinstance(contact, Contact) or match is None or match[1] != "1" or late:
            return None
        await self._service.store.write(lambda tx: answered(tx, contact, now))
        return say_to_contact(contact.language, "contact", "answered.practice")

    async def _agreed(self, mailed: _Mailed, text: str, key: str) -> str | None:
        contact = mailed.reader
        if not isinstance(contact, Contact) or not isinstance(mailed.context, DeliveryContext):
            # They were taken out, or she does not want anything to go there any more.
            return None
        digit = digit_of(text.partition("\n")[0].strip()) or ""
        line = await answer_invitation(self._service, contact, digit, key, "mail", method=mailed.delivery.method)
        if line is None and is_asked_who_reads(contact, self._service.clock.now()):
            line = "answered.agreed"
        if line is not None:
            return say_to_contact(contact.language, "contact", line)
        asked = Asked(contact=contact, person=mailed.context.person, bare=True)
        return how_to_agree([asked]) or None

    async def _write_back(self, context: DeliveryContext, line: str, key: str) -> None:
        """One line; whether it arrives changes nothing."""
        channel = self._service.channels.get("email")
        if channel is None or not self._helped.once_more(context.delivery.id, self._service.clock.now()):
            return
        reader = context.contact or context.staff
        subject = "subject.staff" if is_agency(context.delivery.recipient) else "subject.contact"
        language = known_language(reader.language if reader is not None else context.person.language)
        name = context.person.known_as or context.person.name
        message = OutgoingMessage(
            delivery=derived_id("mail", "reply", context.delivery.id, key),
            incident=None,
            kind="reply",
            address=context.method.address,
            subject=say(language, "messages", subject, name=name),
            text=line,
            reply_to=self._addresses.of(context.delivery.id),
            language=language,
            at=self._service.clock.now().isoformat().replace("+00:00", "Z"),
        )
        await channel.send(message)


class _Conversation(SMTP):
    """One caller; with more than there is room for the line is cut, and they try again."""

    line_length_limit = MOST_BYTES

    def __init__(self, receiver: MailReceiver, talking: set[_Conversation], **options: Any) -> None:
        super().__init__(
            receiver, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, timeout=SILENT_FOR, ident="mail", **options
        )
        self._talking = talking

    def hang_up(self) -> None:
        """Cuts the line."""
        cast("asyncio.Transport", self.transport).abort()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._talking.add(self)
        if len(self._talking) > AT_ONCE:
            self.hang_up()

    def connection_lost(self, error: Exception | None) -> None:
        self._talking.discard(self)
        super().connection_lost(error)
