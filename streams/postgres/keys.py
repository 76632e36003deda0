"""The data keys in a schema of their own, apart from what they seal."""

from __future__ import annotations

import os
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from streams.sealing import MasterKey, Sealer, Unreadable

KEPT_OPEN = 50_000


class PostgresKeyRing:
    """Makes, finds and destroys data keys, on connections of its own: a key is committed before what needs it."""

    def __init__(self, pool: Any, master: MasterKey) -> None:
        self._pool = pool
        self._master = master
        self._open: OrderedDict[str, Sealer] = OrderedDict()

    def known(self, subject: str) -> Sealer | None:
        """The sealer of a person or organization where it is at hand."""
        return self._open.get(subject)

    async def find(self, subject: str) -> Sealer:
        """The sealer of a person or organization. Raises `Unreadable` when its key was destroyed or never made."""
        await self.load([subject])
        sealer = self._open.get(subject)
        if sealer is None:
            raise Unreadable("data key")
        return sealer

    async def load(self, subjects: Iterable[str]) -> None:
        """Has the sealers of these at hand, as far as there are any."""
        wanted = [subject for subject in subjects if subject not in self._open]
        if not wanted:
            return
        rows = await self._pool.fetch(
            "SELECT subject, id, wrapped FROM keys.data_keys WHERE subject = ANY($1) AND wrapped IS NOT NULL", wanted
        )
        for subject, key_id, wrapped in rows:
            self._open[subject] = Sealer(key_id, self._master.unwrap(key_id, wrapped))
        while len(self._open) > max(KEPT_OPEN, len(wanted)):
            self._open.popitem(last=False)

    async def make(self, kind: str, subject: str) -> None:
        """A key for `subject`, committed before this returns; the one it has already, if any."""
        if subject in self._open:
            return
        key_id, key = uuid.uuid4().bytes, os.urandom(32)
        await self._pool.execute(
            "INSERT INTO keys.data_keys (id, subject_kind, subject, wrapped) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT DO NOTHING",
            *(key_id, kind, subject, self._master.wrap(key_id, key)),
        )

    def index(self, value: str) -> bytes:
        """A keyed hash by which an address is found without being kept."""
        return self._master.index(value)

    async def destroy(self, subject: str) -> None:
        """Makes everything that is sealed for `subject` unreadable for good."""
        await self._pool.execute(
            "UPDATE keys.data_keys SET wrapped = NULL, destroyed_at = now() WHERE subject = $1", subject
        )
        self._open.pop(subject, None)

    async def forget_destroyed(self) -> list[str]:
        """Lets go of the keys that any process has destroyed in the last minutes, and returns whose they were."""
        rows = await self._pool.fetch(
            "SELECT subject FROM keys.data_keys WHERE destroyed_at > now() - interval '5 minutes'"
        )
        gone = [str(row[0]) for row in rows]
        for subject in gone:
            self._open.pop(subject, None)
        return gone
