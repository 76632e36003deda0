"""What is broken, foreign or said a hundred times over harms nobody."""

from __future__ import annotations

import os
import random
import uuid

import pytest

from streams.kafka.messages import PURPOSE, key_of, seal_mail
from tests.cluster.promptness import wake_ups_work
from tests.cluster.reckoning import nothing_is_lost_and_nobody_told_twice
from tests.cluster.storm import Storm
from tests.cluster.together import TOGETHER
from tests.cluster.topics import publish
from tests.cluster.town import ClusterTown, Phone

pytestmark = TOGETHER
SPOIL = (
    "INSERT INTO inbox (organization_id, person, id, lane, received_at, sealed) "
    "VALUES ($1, $2, 'bad', 0, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $3)"
)


def rubbish(town: ClusterTown, phone: Phone, chance: random.Random) -> list[tuple[bytes | None, bytes | None]]:
    """What may lie on a topic that others can write to."""
    key, sealer = key_of(phone.person), town.master.sealer(PURPOSE)
    ours = seal_mail(sealer, town.cluster.organization, phone.person, 0)
    somebody_elses = seal_mail(sealer, town.cluster.organization, str(uuid.uuid4()), 0)
    found: list[tuple[bytes | None, bytes | None]] = [
        (key, None),
        (None, ours),
        (b"\xff\xfe", ours),
        (key, b""),
        (key, ours[:-1]),
        (key, ours[:20]),
        (key, bytes(len(ours))),
        (key, somebody_elses),
        (key, b"{" * 5000),
        (key, chance.randbytes(100)),
    ]
    return found


async def bad_signals(town: ClusterTown, people: int, rounds: int, chance: random.Random) -> None:
    """A row that nobody can open, and rubbish on the topics, while others press."""
    for _ in range(rounds):
        mia = await town.phone()
        storm = Storm(town, await town.phones(people))
        await storm.reaches(storm.total // 4)
        await town.rows(SPOIL, town.cluster.organization, mia.person, os.urandom(60))
        options = town.cluster.kafka.client()
        for topic in ("signals", "locations", "feed"):
            messages = rubbish(town, mia, chance) * 5
            chance.shuffle(messages)
            await publish(options, topic, messages)
        await nothing_is_lost_and_nobody_told_twice(town, await storm.over())
        await town.told(mia)
        (incident,) = await town.live_of(mia)
        assert (incident["trigger"], incident["presses"]) == ("fault", 0)
        assert town.purposes(mia) == ["alert"]
        again = await town.press(mia, api=1)
        await nothing_is_lost_and_nobody_told_twice(town, [again, *await wake_ups_work(town)])
        assert (await town.incident(again.incident))["trigger"] == "panic"


async def test_a_row_that_cannot_be_opened_and_rubbish_on_the_topics_harm_nobody(town: ClusterTown) -> None:
    """The row opens a bare incident of the kind `fault`: it may have been a press."""
    await bad_signals(town, 15, 1, random.Random(1))


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_bad_signals_again_and_again(town: ClusterTown) -> None:
    """The long form."""
    await bad_signals(town, 100, 10, random.Random(2))


async def woken_too_often(town: ClusterTown, people: int, times: int) -> None:
    """Everybody is woken so often while they press, and so are people without mail, or of no agency at all."""
    quiet, *phones = await town.phones(people + 1)
    sealer = town.master.sealer(PURPOSE)
    nobody = str(uuid.uuid4())
    woken = [(town.cluster.organization, phone.person) for phone in (quiet, *phones)]
    woken += [(town.cluster.organization, nobody), (str(uuid.uuid4()), phones[0].person)]
    storm = Storm(town, phones, times=3)
    for _ in range(times):
        await publish(
            town.cluster.kafka.client(),
            "signals",
            [
                (key_of(person), seal_mail(sealer, organization, person, lane))
                for organization, person in woken
                for lane in (0, 1, 2)
            ],
        )
    await nothing_is_lost_and_nobody_told_twice(town, await storm.over())
    assert await town.live_of(quiet) == []
    assert town.purposes(quiet) == []
    await nothing_is_lost_and_nobody_told_twice(town, await wake_ups_work(town))


async def test_the_same_wake_up_a_hundred_times_decides_nothing_twice(town: ClusterTown) -> None:
    """Also of people who have no mail."""
    await woken_too_often(town, 10, 40)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_the_same_wake_up_thousands_of_times(town: ClusterTown) -> None:
    """The long form."""
    await woken_too_often(town, 60, 1000)
