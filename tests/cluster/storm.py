"""Load: many people press, each more than once, spread over the API processes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.cluster.town import AT_ONCE, ClusterTown, Phone, Pressed, until


class Storm:
    """Presses under way. `pressed` grows as they are answered."""

    def __init__(self, town: ClusterTown, phones: Sequence[Phone], *, times: int = 2, pause: float = 0.05) -> None:
        self._town = town
        self._phones = phones
        self._times = times
        self._pause = pause
        self.pressed: list[Pressed] = []
        self._task = asyncio.create_task(self._rage(), name="storm")

    @property
    def total(self) -> int:
        """How many presses it is in the end."""
        return len(self._phones) * self._times

    async def reaches(self, count: int) -> None:
        """Waits until so many were answered."""
        await until(lambda: len(self.pressed) >= count or self._task.done(), "the storm never got there", every=0.005)

    async def over(self) -> list[Pressed]:
        """Waits until all were answered."""
        await self._task
        return self.pressed

    async def _rage(self) -> None:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, phone: Phone) -> None:
            async with limit:
                api = number % len(self._town.cluster.api)
                for sequence in range(self._times):
                    pressed = await self._town.press(phone, api=api, sequence=sequence)
                    self.pressed.append(pressed)
                    await asyncio.sleep(self._pause)

        async with asyncio.TaskGroup() as tasks:
            for number, phone in enumerate(self._phones):
                tasks.create_task(one(number, phone))
