"""A certificate authority for one test broker, in the PEM files that Kafka and clients read."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.clock import SystemClock

GOOD_FOR = timedelta(days=1)


class Certificates:
    """`authority` is what a client trusts; `keystore` is the broker's key with its certificate for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "authority.pem"
        self.keystore = folder / "broker.pem"
        authority_key, broker_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = _signed(authority_key, authority_key, "authority", authority=True)
        broker = _signed(broker_key, authority_key, "broker", authority=False)
        self.authority.write_bytes(_pem(authority))
        key = broker_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.keystore.write_bytes(key + _pem(broker))


def _signed(
    key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, name: str, *, authority: bool
) -> x509.Certificate:
    now = SystemClock().now()
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - GOOD_FOR)
        .not_valid_after(now + GOOD_FOR)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(by, hashes.SHA256())
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
