"""The settings of the broker: where it is, whom to trust, who we are."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Literal, cast

from services.bad_setting import PREFIX, BadSetting
from streams.kafka.connection import Broker, Sasl, Tls

KNOWN = {
    "KAFKA": "bootstrap servers HOST:PORT, apart by commas",
    "KAFKA_TLS": "yes or no",
    "KAFKA_CA": "path of the certificates to trust, in PEM",
    "KAFKA_CERT": "path of our certificate, in PEM",
    "KAFKA_KEY": "path of its key, in PEM",
    "KAFKA_SASL": "plain, scram-sha-256 or scram-sha-512",
    "KAFKA_USER": "name for KAFKA_SASL",
    "KAFKA_PASSWORD": "password for KAFKA_SASL",
}
PATHS = frozenset({"KAFKA_CA", "KAFKA_CERT", "KAFKA_KEY"})
MECHANISMS = frozenset({"plain", "scram-sha-256", "scram-sha-512"})


def read_broker(given: Mapping[str, str]) -> Broker | None:
    """The broker, or None where none is set. Raises `BadSetting` for what is malformed or does not fit together."""
    named = sorted(name for name in given if name in KNOWN and name != "KAFKA")
    if "KAFKA" not in given:
        if named:
            raise BadSetting(f"{PREFIX}{named[0]} is set and {PREFIX}KAFKA is not: name the broker, or unset it")
        return None
    if "STORE" not in given:
        raise BadSetting(
            f"{PREFIX}KAFKA is set and {PREFIX}STORE is not: the broker only wakes workers that share a PostgreSQL "
            "store"
        )
    broker = Broker(servers=_servers(given["KAFKA"]), tls=_tls(given), sasl=_sasl(given))
    if broker.sasl is not None and broker.sasl.mechanism == "PLAIN" and broker.tls is None and not _on_loopback(broker):
        raise BadSetting(
            f"{PREFIX}KAFKA_SASL=plain would send the password as it is: set {PREFIX}KAFKA_TLS=yes, or use "
            "scram-sha-512"
        )
    return broker


def _servers(value: str) -> tuple[str, ...]:
    servers = tuple(dict.fromkeys(value.replace(",", " ").split()))
    for server in servers:
        host, _, port = server.rpartition(":")
        name = host[1:-1] if host.startswith("[") and host.endswith("]") else host.replace(":", "/")
        if not name or set(name) & set("/@[]") or not port.isdigit() or not 0 < int(port) <= 65_535:
            raise BadSetting(f"{PREFIX}KAFKA is HOST:PORT, several apart by commas; {server!r} is none")
    if not servers:
        raise BadSetting(f"{PREFIX}KAFKA is empty: name the broker as HOST:PORT, or unset it")
    return servers


def _on_loopback(broker: Broker) -> bool:
    hosts = {server.rpartition(":")[0] for server in broker.servers}
    return hosts <= {"localhost", "127.0.0.1", "[::1]"}


def _tls(given: Mapping[str, str]) -> Tls | None:
    wanted = given.get("KAFKA_TLS", "no")
    if wanted not in {"yes", "no"}:
        raise BadSetting(f"{PREFIX}KAFKA_TLS is yes or no, not {wanted!r}")
    files = {name: given[name] for name in sorted(PATHS) if name in given}
    if wanted == "no":
        if files:
            raise BadSetting(f"{PREFIX}{next(iter(files))} needs {PREFIX}KAFKA_TLS=yes")
        return None
    if ("KAFKA_CERT" in files) != ("KAFKA_KEY" in files):
        raise BadSetting(f"{PREFIX}KAFKA_CERT and {PREFIX}KAFKA_KEY come together: set both or neither")
    tls = Tls(ca=files.get("KAFKA_CA"), cert=files.get("KAFKA_CERT"), key=files.get("KAFKA_KEY"))
    try:
        tls.context()
    except (OSError, ssl.SSLError) as error:
        names = " or ".join(f"{PREFIX}{name}" for name in files) or f"{PREFIX}KAFKA_TLS"
        raise BadSetting(f"{names} cannot be used: {error.strerror or type(error).__name__}") from error
    return tls


def _sasl(given: Mapping[str, str]) -> Sasl | None:
    mechanism = given.get("KAFKA_SASL")
    if mechanism is None:
        for name in ("KAFKA_USER", "KAFKA_PASSWORD"):
            if name in given:
                raise BadSetting(f"{PREFIX}{name} needs {PREFIX}KAFKA_SASL: {KNOWN['KAFKA_SASL']}")
        return None
    if mechanism.lower() not in MECHANISMS:
        raise BadSetting(f"{PREFIX}KAFKA_SASL is {KNOWN['KAFKA_SASL']}, not {mechanism!r}")
    for name in ("KAFKA_USER", "KAFKA_PASSWORD"):
        if not given.get(name):
            raise BadSetting(f"{PREFIX}KAFKA_SASL needs {PREFIX}{name}")
    kind = cast("Literal['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']", mechanism.upper())
    return Sasl(mechanism=kind, user=given["KAFKA_USER"], password=given["KAFKA_PASSWORD"])
