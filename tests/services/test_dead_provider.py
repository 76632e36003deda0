"""The provider of texts is dead: others are told in the same second, and texts go again when it is back."""

from __future__ import annotations

import msgspec

from streams.breaker import FAILURES, PAUSES
from streams.delivery_context import DeliveryContext, context_of
from streams.processor import Claimed
from streams.records import Delivery
from streams.sender import ROOM
from streams.store import Transaction
from tests.services.provider import Provider
from tests.services.test_texts import ANA, mia
from tests.services.town import Town, until


async def test_a_dead_provider_is_left_alone_and_nobody_waits_for_it(town: Town, provider: Provider) -> None:
    """Five find it dead. Whoever comes next is told by the next method without asking it again."""
    phones = [await mia(town, ANA, name=f"Mia {n}") for n in range(FAILURES + 2)]
    provider.down = True
    for told, phone in enumerate(phones, start=1):
        await town.press(phone, immediate=True)
        await town.until_sent("box-1", told)
    asked = len(provider.tries)
    assert asked == FAILURES
    figures = (await town.call("GET", "/metrics")).raw.decode()
    assert 'porchlight_left_alone{channel="sms"} 1.0' in figures
    assert 'porchlight_left_alone{channel="webhook"} 0.0' in figures

    provider.down = False
    town.clock.jump(seconds=PAUSES[0])
    late = await mia(town, "+13125550199", name="Noa Berg")
    await town.press(late, immediate=True)

    async def texted() -> bool:
        return len(provider.to("+13125550199")) == 1

    await until(texted, "the provider was not asked again")


async def test_thousands_who_wait_for_a_provider_that_hangs_keep_nobody_else_waiting(
    town: Town, provider: Provider
) -> None:
    """Noa's contact is told at once, and not only when the provider is known to be silent."""
    provider.hanging.add(ANA)
    mias = await mia(town, ANA)
    # Not waiting for what hangs to come to its end.
    await town.call("POST", "/v1/panic", mias.panic, {"immediate": True})

    async def asked() -> bool:
        return provider.tries == [ANA]

    await until(asked, "the provider was not asked")
    noa = await town.person("Noa Berg")
    await town.contact(noa, "Ben", methods=[town.hook("ben")])
    phone = await town.phone(noa)
    sender = town.assembly.engine.sender
    sender.send(await as_many_more(town, ROOM + 100))
    await town.call("POST", "/v1/panic", phone.panic, {"immediate": True})

    async def told() -> bool:
        return town.sink.purposes("ben") == ["alert"]

    await until(told, "nobody was told")
    assert sender.left_alone()["sms"] == 0


async def as_many_more(town: Town, count: int) -> list[Claimed]:
    """The text that hangs, so many times over."""
    incident = (await town.incident())["id"]

    async def work(tx: Transaction) -> tuple[Delivery, DeliveryContext | str]:
        text = next(one for one in await tx.deliveries_of(incident) if one.channel == "sms")
        return text, await context_of(tx, text, town.clock.now())

    text, context = await town.assembly.store.read(work)
    assert isinstance(context, DeliveryContext)
    return [Claimed(msgspec.structs.replace(text, id=f"more-{number}"), context) for number in range(count)]


async def test_whoever_runs_the_service_is_told_that_texts_cannot_be_sent(town: Town, provider: Provider) -> None:
    """Once, by a way that does not lead through the provider."""
    await town.stop()
    town.settings = msgspec.structs.replace(town.settings, operator_alarm=(town.sink.url("operator"),))
    await town.start()
    provider.down = True
    for n in range(FAILURES + 1):
        await town.press(await mia(town, ANA, name=f"Mia {n}"), immediate=True)
    await town.until_sent("operator")
    assert [rung.json["what"] for rung in town.sink.to("operator")] == ["channel_silent"]
