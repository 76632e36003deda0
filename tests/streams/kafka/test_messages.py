"""What goes over the broker can be read by us alone, and says the same for ever."""

from __future__ import annotations

import pytest

from streams.kafka.messages import (
    PURPOSE,
    Fixes,
    key_of,
    open_fixes,
    open_mail,
    partition_of,
    seal_fixes,
    seal_mail,
)
from streams.sealing import MasterKey, Unreadable
from tests.streams.kafka.town import HARBOUR, later

MIA = "0198f0d2-7b6e-7c3a-9d55-1c2b3a4d5e6f"
OURS = MasterKey(b"k" * 32)


def test_what_was_sealed_is_opened() -> None:
    """By another process with the same master key."""
    fixes = Fixes(organization=HARBOUR, person=MIA, at=later(1), sealed=b"under her own key")
    sealer, other = OURS.sealer(PURPOSE), MasterKey(b"k" * 32).sealer(PURPOSE)
    assert open_mail(other, key_of(MIA), seal_mail(sealer, HARBOUR, MIA, 2)) == (HARBOUR, MIA, 2)
    assert open_fixes(other, key_of(MIA), seal_fixes(sealer, fixes)) == fixes


@pytest.mark.parametrize("sealer", [OURS.sealer("spool"), MasterKey(b"x" * 32).sealer(PURPOSE)])
def test_another_key_opens_nothing(sealer: object) -> None:
    """Neither one for another purpose nor somebody else's."""
    message = seal_mail(OURS.sealer(PURPOSE), HARBOUR, MIA, 0)
    with pytest.raises(Unreadable):
        open_mail(sealer, key_of(MIA), message)  # type: ignore[arg-type]


def test_a_message_is_about_one_person_and_one_thing() -> None:
    """It cannot be sent again as somebody else's, or as something else."""
    sealer = OURS.sealer(PURPOSE)
    fixes = seal_fixes(sealer, Fixes(organization=HARBOUR, person=MIA, at=later(1), sealed=b""))
    for key, message in ((key_of("somebody"), seal_mail(sealer, HARBOUR, MIA, 0)), (key_of(MIA), fixes)):
        with pytest.raises(Unreadable):
            open_mail(sealer, key, message)


def test_a_person_stays_with_her_partition() -> None:
    """Another way to choose would send what is under way past what is remembered. CRC-32, as every library has it."""
    assert [partition_of(key_of(MIA), count) for count in (1, 24, 32)] == [0, 8, 8]
