"""The settings, each `PORCHLIGHT_NAME` or, with a path, `PORCHLIGHT_NAME_FILE`. The only reader of the environment."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from services import broker_settings
from services.bad_setting import PREFIX, BadSetting
from services.phone_number import dialled
from streams.kafka.connection import Broker

KNOWN = {
    "DATA": "folder of the store",
    "LISTEN": "HOST:PORT",
    "PUBLIC_URL": "the address under which phones and browsers reach the service",
    "STORE": "postgresql://USER:PASSWORD@HOST:PORT/DATABASE; a SQLite file in DATA unless set",
    **broker_settings.KNOWN,
    "MASTER_KEY": "32 bytes in base64 or hexadecimal",
    "SMTP_URL": "smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS (smtps:// for TLS from the first byte)",
    "MAIL_REPLIES": "smtp://HOST:PORT?to=ADDRESS, where answers to mails are taken, and the address they go to",
    "OPERATOR_ALARM": "mailto: or https: addresses, apart by spaces",
    "TWILIO_ACCOUNT": "the account that texts are sent by",
    "TWILIO_TOKEN": "its token, which also signs what comes back",
    "TWILIO_FROM": "the number, short code or name that texts come from",
    "TWILIO_VOICE_FROM": "the number that calls come from, where texts come from a name",
    "TWILIO_URL": "another address than https://api.twilio.com that speaks the same interface",
    "GEOCODER_URL": "address of a geocoder that speaks as Nominatim does; it is sent the addresses of protected places",
    "WEBHOOK_ALLOW": "networks outside the public internet that webhooks may reach, apart by spaces or commas",
    "LOG_FORMAT": "json or console",
}
LATER = frozenset({"HEARTBEAT_URL", "TLS_CERT", "TLS_KEY"})
TWILIO = ("TWILIO_ACCOUNT", "TWILIO_TOKEN", "TWILIO_FROM")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, and from whom its messages come."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: bool = False


class MailReplies(msgspec.Struct, frozen=True, kw_only=True):
    """Where answers to our mails arrive, and the address to which they are written."""

    host: str
    port: int
    address: str


class Twilio(msgspec.Struct, frozen=True, kw_only=True):
    """An account for texts, and from whom they come."""

    account: str
    token: str
    sender: str
    caller: str | None = None
    """The number that calls come from; nobody is rung without one."""
    url: str = "https://api.twilio.com"

    @property
    def answerable(self) -> bool:
        """Whether a text can be answered: one from a name cannot."""
        return not _is_name(self.sender)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, read and checked."""

    data: Path = Path("porchlight-data")
    store: str | None = None
    kafka: Broker | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    master_key: bytes | None = None
    smtp: Smtp | None = None
    mail_replies: MailReplies | None = None
    operator_alarm: tuple[str, ...] = ()
    webhook_allow: tuple[Network, ...] = ()
    twilio: Twilio | None = None
    geocoder_url: str | None = None
    log_format: str = "console"

    @property
    def place(self) -> str:
        """Where the store is, in words that hold no password."""
        if self.store is None:
            return str(self.data)
        parts = urlsplit(self.store)
        return f"{parts.path.lstrip('/')} on {parts.hostname}"

    @property
    def url(self) -> str:
        """The address under which browsers reach the service."""
        if self.public_url is not None:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `BadSetting` for one that is unknown or malformed."""
    given = _given(os.environ if environment is None else environment)
    host, port = parse_listen(given.get("LISTEN", "127.0.0.1:8080"))
    log_format = given.get("LOG_FORMAT", "console")
    if log_format not in {"console", "json"}:
        raise BadSetting(f"{PREFIX}LOG_FORMAT is console or json, not {log_format!r}")
    store = _store(given["STORE"]) if "STORE" in given else None
    if store is not None and "MASTER_KEY" not in given:
        raise BadSetting(
            f"{PREFIX}MASTER_KEY is missing: the processes that share a store share its key; "
            "`openssl rand -base64 32` makes one"
        )
    return Settings(
        store=store,
        kafka=broker_settings.read_broker(given),
        data=Path(given.get("DATA", "porchlight-data")),
        host=host,
        port=port,
        public_url=_public_url(given["PUBLIC_URL"]) if "PUBLIC_URL" in given else None,
        master_key=parse_key(given["MASTER_KEY"], f"{PREFIX}MASTER_KEY") if "MASTER_KEY" in given else None,
        smtp=_smtp(given["SMTP_URL"]) if "SMTP_URL" in given else None,
        mail_replies=_mail_replies(given["MAIL_REPLIES"]) if "MAIL_REPLIES" in given else None,
        operator_alarm=_alarm(given.get("OPERATOR_ALARM", "")),
        webhook_allow=_networks(given.get("WEBHOOK_ALLOW", "")),
        twilio=_twilio(given),
        geocoder_url=_geocoder(given["GEOCODER_URL"]) if "GEOCODER_URL" in given else None,
        log_format=log_format,
    )


def check_listening(settings: Settings) -> None:
    """Refuses to be reached from elsewhere without https, since tokens and PINs would travel in the clear."""
    if settings.host not in LOOPBACK_NAMES and not settings.url.startswith("https://"):
        raise BadSetting(
            f"{PREFIX}LISTEN is {settings.host}:{settings.port}, beyond this machine: set {PREFIX}PUBLIC_URL to the "
            "https:// address of the proxy in front, or listen on 127.0.0.1"
        )


def parse_listen(value: str) -> tuple[str, int]:
    """`HOST:PORT`, with an IPv6 host in brackets."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise BadSetting(f"{PREFIX}LISTEN is HOST:PORT such as 127.0.0.1:8080, not {value!r}")
    return host.strip("[]"), int(port)


def parse_key(value: str, name: str) -> bytes:
    """32 bytes, in base64 or hexadecimal. The value itself is never part of an error."""
    text = value.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise BadSetting(f"{name} is 32 bytes in base64 or hexadecimal; `openssl rand -base64 32` makes one")
    return key


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX)
        from_file = name.endswith("_FILE") and name not in KNOWN
        name = name.removesuffix("_FILE") if from_file else name
        if name in LATER:
            raise BadSetting(f"{variable} is for a part that this version does not have yet; unset it")
        if from_file and name in broker_settings.PATHS:
            raise BadSetting(f"{variable} is not a setting: {PREFIX}{name} is the path of a file already")
        if name not in KNOWN:
            raise BadSetting(f"{variable} is not a setting; there are {', '.join(PREFIX + known for known in KNOWN)}")
        if name in given:
            raise BadSetting(f"{PREFIX}{name} is given twice, as a value and as a file; unset one")
        if from_file:
            try:
                value = Path(value).read_text(encoding="utf-8").strip()  # noqa: PLW2901 - the file's words stand for it
            except OSError as error:
                raise BadSetting(f"{variable} names a file that cannot be read: {error.strerror}") from error
        given[name] = value
    return given


def _store(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"postgresql", "postgres"} and bool(parts.hostname) and parts.path not in {"", "/"}
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        # The value itself may hold a password.
        raise BadSetting(f"{PREFIX}STORE is postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting(f"{PREFIX}PUBLIC_URL is an address such as https://porchlight.example.org, not {value!r}")
    if parts.path not in {"", "/"}:
        raise BadSetting(f"{PREFIX}PUBLIC_URL has no path: the service wants a host name of its own")
    return value.rstrip("/")


def _twilio(given: Mapping[str, str]) -> Twilio | None:
    there = [name for name in (*TWILIO, "TWILIO_VOICE_FROM", "TWILIO_URL") if name in given]
    if not there:
        return None
    for name in TWILIO:
        if not given.get(name):
            raise BadSetting(f"{PREFIX}{name} is missing: {PREFIX}{there[0]} is of no use without it")
    url = given.get("TWILIO_URL", "https://api.twilio.com")
    parts = urlsplit(url)
    near = parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or near):
        raise BadSetting(f"{PREFIX}TWILIO_URL is an https:// address")
    sender, caller = given["TWILIO_FROM"], given.get("TWILIO_VOICE_FROM")
    if caller is not None and dialled(caller) is None:
        raise BadSetting(f"{PREFIX}TWILIO_VOICE_FROM is a number with its country, such as +13125550100")
    if caller is None and dialled(sender) is not None:
        caller = sender
    return Twilio(
        account=given["TWILIO_ACCOUNT"],
        token=given["TWILIO_TOKEN"],
        sender=sender,
        caller=caller,
        url=url.rstrip("/"),
    )


def _is_name(sender: str) -> bool:
    """An alphanumeric sender: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id."""
    return any(character.isalpha() for character in sender)


def _geocoder(value: str) -> str:
    parts = urlsplit(value)
    near = parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or near):
        raise BadSetting(f"{PREFIX}GEOCODER_URL is an https:// address, to which /search is added")
    return value


def _smtp(value: str) -> Smtp:
    name = f"{PREFIX}SMTP_URL"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise BadSetting(f"{name} has a port that is no number") from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadSetting(f"{name} is {KNOWN['SMTP_URL']}")
    options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    sender = unquote(options.pop("from", ""))
    if options or not sender or "@" not in sender:
        raise BadSetting(f"{name} needs ?from=ADDRESS, the address that messages come from, and takes nothing else")
    tls = parts.scheme == "smtps"
    return Smtp(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
    )


def _mail_replies(value: str) -> MailReplies:
    name = f"{PREFIX}MAIL_REPLIES"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise BadSetting(f"{name} has a port that is no number") from error
    option, _, address = unquote(parts.query).partition("=")
    local, at, host = address.rpartition("@")
    if parts.scheme != "smtp" or not parts.hostname or port is None or parts.username or option != "to":
        raise BadSetting(f"{name} is {KNOWN['MAIL_REPLIES']}, such as smtp://127.0.0.1:8025?to=reply@example.org")
    if not at or not host or not re.fullmatch(r"[A-Za-z0-9._-]{1,20}", local):
        raise BadSetting(f"{name} needs an address whose name has at most 20 letters, digits, dots and dashes")
    return MailReplies(host=parts.hostname, port=port, address=address)


def _alarm(value: str) -> tuple[str, ...]:
    addresses = tuple(value.split())
    for address in addresses:
        parts = urlsplit(address)
        loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
        if not (parts.scheme == "mailto" and "@" in parts.path) and not (parts.scheme == "https") and not loopback:
            raise BadSetting(f"{PREFIX}OPERATOR_ALARM holds mailto:NAME@HOST and https:// addresses, apart by spaces")
    return addresses


def _networks(value: str) -> tuple[Network, ...]:
    networks = []
    for word in value.replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise BadSetting(f"{PREFIX}WEBHOOK_ALLOW: {word!r} is not a network such as 10.0.0.0/8") from error
    return tuple(networks)
