"""One description of the broker serves every client, over TLS and with a password too."""

from __future__ import annotations

import logging

import msgspec
import pytest

from streams.kafka.connection import NOISY, Broker, Mechanism, Sasl, Tls, Unreachable, calm_libraries, survey
from tests.kafka.broker import USER, KafkaCluster
from tests.streams.kafka.town import HARBOUR, Corner, Keeper, Listener, later, person, until


def guarded(cluster: KafkaCluster, mechanism: Mechanism = "PLAIN") -> Broker:
    """How we reach a broker that wants to know who we are."""
    assert cluster.certificates is not None
    return Broker(
        servers=tuple(cluster.servers.split(",")),
        tls=Tls(ca=str(cluster.certificates.authority)),
        sasl=Sasl(mechanism=mechanism, user=USER, password=cluster.password),
    )


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_everything_works_over_tls_with_a_password(kafka_guarded: KafkaCluster, mechanism: Mechanism) -> None:
    """Topics, publisher, the agents with their table, the watch."""
    corner = Corner(guarded(kafka_guarded, mechanism))
    await corner.declare()
    mia, listener, keeper = person(), Listener(), Keeper()
    async with corner.publisher() as publisher, corner.listening(listener), corner.keeping(keeper):
        publisher.wake(HARBOUR, mia, 0)
        assert await publisher.put_fixes(HARBOUR, mia, b"pier", at=later(1))
        await until(lambda: listener.heard(mia) and keeper.kept, "it did not arrive")


@pytest.mark.timeout(180)
async def test_what_is_wrong_is_told_and_the_password_is_not(kafka_guarded: KafkaCluster) -> None:
    """The certificate, the password, or a broker that is spoken to in the clear."""
    right = guarded(kafka_guarded)
    assert right.sasl is not None
    wrong = msgspec.structs.replace(right.sasl, password="guessed-badly")
    with pytest.raises(Unreachable, match="uthentication") as refused:
        await survey(msgspec.structs.replace(right, sasl=wrong), [])
    assert "guessed-badly" not in str(refused.value)
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        await survey(msgspec.structs.replace(right, tls=Tls()), [])
    with pytest.raises(Unreachable):
        await survey(Broker(servers=right.servers), [])


def test_a_password_is_never_shown() -> None:
    """Neither in a log nor in a traceback."""
    sasl = Sasl(mechanism="PLAIN", user="u", password="secret-words")
    assert "secret-words" not in repr(Broker(servers=("a:1",), sasl=sasl))


async def test_the_libraries_are_quiet_about_each_attempt() -> None:
    """That the broker is away is said once, by us."""
    calm_libraries()
    assert not any(logging.getLogger(f"{name}.anything").isEnabledFor(logging.ERROR) for name in NOISY)
