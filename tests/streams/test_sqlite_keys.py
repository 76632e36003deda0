"""Keys are copied in a thread that nobody can stop: the file is closed after it, never under it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streams.sealing import MasterKey
from streams.sqlite.keys import SqliteKeyRing

MASTER = MasterKey(b"k" * 32)


class _WhileCopied(list[tuple[Any, ...]]):
    """Rows during whose copying somebody closes the ring."""

    def __init__(self, rows: list[tuple[Any, ...]], ring: SqliteKeyRing) -> None:
        super().__init__(rows)
        self.closer = threading.Thread(target=ring.close)
        self._met = False

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in super().__iter__():
            yield row
            if not self._met:
                self._met = True
                self.closer.start()
                self.closer.join(0.2)
                assert self.closer.is_alive(), "closed while rows were being copied"


async def test_the_ring_closes_when_the_copy_under_way_has_ended(tmp_path: Path) -> None:
    """Whoever was waiting for the copy has gone; the copy is on disk all the same."""
    path = tmp_path / "keys.db"
    rows = [(bytes([n]) * 16, "person", f"person-{n}", MASTER.wrap(bytes([n]) * 16, b"x" * 32)) for n in range(3)]
    ring = SqliteKeyRing(path, MASTER)
    copied = _WhileCopied(rows, ring)

    ring.copy(copied)
    copied.closer.join(5)

    again = SqliteKeyRing(path, MASTER)
    assert not copied.closer.is_alive()
    assert (await again.find("person-2")).seal(b"hers", "about") != b"hers"
    again.close()
