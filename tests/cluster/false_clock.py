"""A wall clock that can be set, for one process: libfaketime answers where the system would.

Its monotonic clock goes on as ever, as it does on a machine whose wall clock is set.
"""

from __future__ import annotations

from pathlib import Path

from tests.cluster.component import Missing

MISSING = "install libfaketime (Debian: apt-get install faketime)"


class FalseClock:
    """Right until it is set. Raises `Missing`."""

    def __init__(self, folder: Path) -> None:
        self._library = library()
        self._file = folder / "false-clock"
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        """What a process is started with that goes by it."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Seconds: it jumps that long after it was set. Read at each call, it would make everything slow.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, hours: float) -> None:
        """It is so far ahead of the truth, or behind it."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{hours * 3600:+.0f}\n")
        # In one go: whoever reads half a file takes it for the year 1970.
        new.rename(self._file)


def library() -> Path:
    """The one for programs with threads. Raises `Missing`."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise Missing(MISSING)
    return found[0]
