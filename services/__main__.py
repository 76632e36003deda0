"""The command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs one command; its exit code."""
    print("nothing to run yet", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
