"""`make bench`: prints the rows of the goals, or those that are named: `make bench ARGS="P1a P2"`."""

from __future__ import annotations

import os
import sys

import uvloop

from tests.bench.measuring import LOAD_CORE, fsync_p50, milliseconds
from tests.bench.rows import ROWS


async def main() -> None:
    """Row by row, as they come."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})
    wanted = sys.argv[1:] or list(ROWS)
    print(f"This disk: append + fsync {milliseconds(fsync_p50())}. Ratios travel; times do not.\n")
    for name in wanted:
        if name not in ROWS:
            raise SystemExit(f"there is no row {name}; there are {', '.join(ROWS)}")
        for row in await ROWS[name]():
            mark = {True: "reached", False: "NOT reached", None: ""}[row.reached]
            print(
                f"{row.name:4} {row.what}\n     {row.measured}   goal {row.goal}   {row.against}   {mark}", flush=True
            )


if __name__ == "__main__":
    uvloop.run(main())
