"""A transaction of a spool, which decides presses without knowing what the store has decided before.

A press may join an alarm that the store has told of already. Told again under the same ids it would be taken for a
repetition, or be one; so here each alarm goes by an id of its own, which the drain makes an alias of the true one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from alerts.ids import incident_id_for_press
from alerts.signals import PanicPressed, Signal
from streams.records import Mail, Work
from streams.sql.transaction import SqlTransaction


class SpoolTransaction(SqlTransaction):
    """Takes mail as the spool is to decide it; what is kept for the store stays as it was sent."""

    async def take(
        self, people: Sequence[tuple[str, str]], also: Mapping[str, Sequence[Signal]] = {}, *, wait: bool = True
    ) -> tuple[list[Work], list[tuple[str, str]]]:
        """As ever, each press with the id that its incident has here."""
        works, skipped = await super().take(people, also, wait=wait)
        return [await self._apart(work) for work in works], skipped

    async def _apart(self, work: Work) -> Work:
        """Only the press that opens an incident here may bear the id of another one."""
        if work.situation.live_incident is not None:
            return work
        for place, one in enumerate(work.mail):
            signal = one.signal
            if not isinstance(signal, PanicPressed):
                continue
            own = incident_id_for_press(signal.person, signal.id)
            if own == signal.incident:
                return work
            # Her phone asks for it by the id that it knows.
            await self.execute(
                "INSERT INTO aliases (alias, organization_id, incident) VALUES (?, ?, ?) "
                "ON CONFLICT (alias) DO UPDATE SET incident = excluded.incident",
                *(signal.incident, work.organization, own),
            )
            opens = Mail(number=one.number, signal=msgspec.structs.replace(signal, incident=own))
            return msgspec.structs.replace(work, mail=(*work.mail[:place], opens, *work.mail[place + 1 :]))
        return work
