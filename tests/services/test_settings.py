"""The settings: an unknown or malformed one stops the start and names itself."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from services.bad_setting import BadSetting
from services.settings import check_listening, read_settings

KEY = base64.b64encode(b"k" * 32).decode()


def test_nothing_needs_to_be_set() -> None:
    """Other programs' variables are none of ours."""
    settings = read_settings({"HOME": "/root", "PATH": "/bin"})
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")


def test_everything_can_be_set_also_from_files(tmp_path: Path) -> None:
    """Secrets come in files."""
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "smtp").write_text("smtps://u:p%40ss@mail.example.org?from=a@b.example")
    settings = read_settings(
        {
            "PORCHLIGHT_DATA": "/srv/p",
            "PORCHLIGHT_LISTEN": "[::1]:9000",
            "PORCHLIGHT_PUBLIC_URL": "https://p.example.org/",
            "PORCHLIGHT_MASTER_KEY_FILE": str(tmp_path / "key"),
            "PORCHLIGHT_SMTP_URL_FILE": str(tmp_path / "smtp"),
            "PORCHLIGHT_MAIL_REPLIES": "smtp://127.0.0.1:8025?to=reply@alerts.example.org",
            "PORCHLIGHT_OPERATOR_ALARM": "mailto:op@b.example https://ring.example.org/x",
            "PORCHLIGHT_WEBHOOK_ALLOW": "10.0.0.0/8, fd00::/8",
            "PORCHLIGHT_LOG_FORMAT": "json",
        }
    )
    assert settings.master_key == b"k" * 32
    assert settings.smtp is not None
    assert (settings.smtp.port, settings.smtp.tls, settings.smtp.password) == (465, True, "p@ss")
    assert settings.mail_replies is not None
    assert (settings.mail_replies.port, settings.mail_replies.address) == (8025, "reply@alerts.example.org")
    assert (settings.host, settings.url) == ("::1", "https://p.example.org")
    assert len(settings.webhook_allow) == len(settings.operator_alarm) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COLOUR", "red"),
        ("LISTEN", "8080"),
        ("LISTEN", "host:port"),
        ("LISTEN", "0.0.0.0:99999"),
        ("PUBLIC_URL", "porchlight"),
        ("PUBLIC_URL", "https://example.org/path"),
        ("MASTER_KEY", "short"),
        ("MASTER_KEY_FILE", "/nowhere"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://mail.example.org"),
        ("SMTP_URL", "smtp://mail.example.org:x?from=a@b"),
        ("MAIL_REPLIES", "127.0.0.1:8025"),
        ("MAIL_REPLIES", "smtp://127.0.0.1?to=reply@example.org"),
        ("MAIL_REPLIES", "smtp://127.0.0.1:8025"),
        ("MAIL_REPLIES", "smtp://127.0.0.1:8025?to=a+b@example.org"),
        ("OPERATOR_ALARM", "ring me"),
        ("OPERATOR_ALARM", "http://example.org"),
        ("TWILIO_ACCOUNT", "AC0123"),
        ("TWILIO_URL", "https://texts.example.org"),
        ("TWILIO_VOICE_FROM", "+13125550100"),
        ("GEOCODER_URL", "http://geocoder.example.org"),
        ("GEOCODER_URL", "https://geocoder.example.org/?key=1"),
        ("WEBHOOK_ALLOW", "home"),
        ("WEBHOOK_ALLOW", "10.0.0.1/8"),
        ("LOG_FORMAT", "pretty"),
        ("KAFKA", "localhost:9092"),
        ("KAFKA", "localhost"),
        ("STORE", "postgresql://x"),
        ("STORE", "mysql://u:hunter2@db/porchlight"),
        ("STORE", "postgresql://u:hunter2@db:x/porchlight"),
        ("KAFKA_USER", "porchlight"),
        ("TWILIO_TOKEN", "hunter2"),
    ],
)
def test_a_bad_one_names_itself_and_keeps_its_secret(name: str, value: str) -> None:
    """Also one that belongs to a part which is not there yet."""
    with pytest.raises(BadSetting) as error:
        read_settings({f"PORCHLIGHT_{name}": value})
    assert f"PORCHLIGHT_{name.removesuffix('_FILE')}" in str(error.value)
    if name == "MASTER_KEY":
        assert value not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("sender", "voice", "caller", "answerable"),
    [
        ("+13125550100", None, "+13125550100", True),
        ("HARBOUR", None, None, False),
        ("HARBOUR", "+13125550100", "+13125550100", False),
        ("24680", None, None, True),
    ],
)
def test_texts_may_come_from_a_name_and_calls_from_a_number_alone(
    sender: str, voice: str | None, caller: str | None, answerable: bool
) -> None:
    """What comes from a name cannot be answered; whoever has only a name or a short code rings nobody."""
    given = {"PORCHLIGHT_TWILIO_ACCOUNT": "AC1", "PORCHLIGHT_TWILIO_TOKEN": "t", "PORCHLIGHT_TWILIO_FROM": sender}
    twilio = read_settings(given | ({"PORCHLIGHT_TWILIO_VOICE_FROM": voice} if voice else {})).twilio
    assert twilio is not None
    assert (twilio.caller, twilio.answerable) == (caller, answerable)
    with pytest.raises(BadSetting, match="TWILIO_VOICE_FROM"):
        read_settings(given | {"PORCHLIGHT_TWILIO_VOICE_FROM": "HARBOUR"})


STORE = {"PORCHLIGHT_STORE": "postgresql://u:p@db/porchlight", "PORCHLIGHT_MASTER_KEY": "00" * 32}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"KAFKA": "localhost"}, "KAFKA"),
        ({"KAFKA": ","}, "KAFKA"),
        ({"KAFKA": "a:9092 ::1:9092"}, "KAFKA"),
        ({"KAFKA": "kafka://a:9092"}, "KAFKA"),
        ({"KAFKA": "a:0"}, "KAFKA"),
        ({"KAFKA": "a:9092", "KAFKA_TLS": "maybe"}, "KAFKA_TLS"),
        ({"KAFKA": "a:9092", "KAFKA_CA": "/ca.pem"}, "KAFKA_CA"),
        ({"KAFKA": "a:9092", "KAFKA_TLS": "yes", "KAFKA_CA": "/no/such/file.pem"}, "KAFKA_CA"),
        ({"KAFKA": "a:9092", "KAFKA_TLS": "yes", "KAFKA_CERT": "/cert.pem"}, "KAFKA_KEY"),
        ({"KAFKA": "a:9092", "KAFKA_TLS": "yes", "KAFKA_CA_FILE": "/ca.pem"}, "KAFKA_CA"),
        ({"KAFKA": "a:9092", "KAFKA_TLS": "yes", "KAFKA_CA": __file__}, "KAFKA_CA"),
        ({"KAFKA_CA": "/ca.pem"}, "KAFKA_CA"),
        ({"KAFKA": "a:9092", "KAFKA_SASL": "kerberos"}, "KAFKA_SASL"),
        ({"KAFKA": "a:9092", "KAFKA_SASL": "plain", "KAFKA_USER": "u", "KAFKA_PASSWORD": "hunter2"}, "KAFKA_SASL"),
        ({"KAFKA": "a:9092", "KAFKA_SASL": "plain", "KAFKA_USER": "u"}, "KAFKA_PASSWORD"),
        ({"KAFKA": "a:9092", "KAFKA_PASSWORD": "hunter2"}, "KAFKA_PASSWORD"),
    ],
)
def test_a_broker_that_makes_no_sense_is_refused_by_name(given: dict[str, str], named: str) -> None:
    """And says what would."""
    with pytest.raises(BadSetting, match=f"PORCHLIGHT_{named}") as error:
        read_settings(STORE | {f"PORCHLIGHT_{name}": value for name, value in given.items()})
    assert "hunter2" not in str(error.value)


def test_a_store_and_a_broker_on_other_machines() -> None:
    """With a password that its own representation does not show."""
    given = {"KAFKA": "a:9092, b:9093", "KAFKA_SASL": "scram-sha-256", "KAFKA_USER": "u", "KAFKA_PASSWORD": "hunter2"}
    settings = read_settings(STORE | {f"PORCHLIGHT_{name}": value for name, value in given.items()})
    assert settings.kafka is not None
    assert settings.kafka.servers == ("a:9092", "b:9093")
    assert settings.place == "porchlight on db"
    assert "hunter2" not in repr(settings.kafka)


def test_the_broker_only_wakes_workers_that_share_a_store() -> None:
    """With a store on this machine there is nobody else to wake."""
    with pytest.raises(BadSetting, match="PORCHLIGHT_STORE"):
        read_settings({"PORCHLIGHT_KAFKA": "a:9092"})


def test_processes_on_several_machines_share_a_key() -> None:
    """Nobody makes one of their own."""
    with pytest.raises(BadSetting, match="PORCHLIGHT_MASTER_KEY"):
        read_settings({"PORCHLIGHT_STORE": "postgresql://u:p@db/porchlight"})


def test_a_password_in_the_clear_stays_on_this_machine() -> None:
    """There, `plain` is as good as any other."""
    given = {"KAFKA": "localhost:9092 [::1]:9092", "KAFKA_SASL": "plain", "KAFKA_USER": "u", "KAFKA_PASSWORD": "p"}
    settings = read_settings(STORE | {f"PORCHLIGHT_{name}": value for name, value in given.items()})
    assert settings.kafka is not None
    assert settings.kafka.options()["security_protocol"] == "SASL_PLAINTEXT"


def test_one_given_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two was meant?"""
    with pytest.raises(BadSetting, match="twice"):
        read_settings({"PORCHLIGHT_DATA": "a", "PORCHLIGHT_DATA_FILE": str(_file(tmp_path))})


def _file(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.write_text("b")
    return path


@pytest.mark.parametrize(
    ("listen", "url", "fine"),
    [
        ("127.0.0.1:80", None, True),
        ("localhost:80", None, True),
        ("[::1]:80", None, True),
        ("0.0.0.0:80", None, False),
        ("0.0.0.0:80", "http://p.example.org", False),
        ("0.0.0.0:80", "https://p.example.org", True),
    ],
)
def test_it_does_not_listen_beyond_this_machine_without_https(listen: str, url: str | None, fine: bool) -> None:
    """Tokens and PINs do not travel in the clear."""
    environment = {"PORCHLIGHT_LISTEN": listen} | ({"PORCHLIGHT_PUBLIC_URL": url} if url else {})
    settings = read_settings(environment)
    if fine:
        check_listening(settings)
    else:
        with pytest.raises(BadSetting, match="PORCHLIGHT_PUBLIC_URL"):
            check_listening(settings)
