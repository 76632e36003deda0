"""Apache Kafka's jars, fetched once by Maven as `pom.xml` says and kept in the user's cache.

python -m tests.kafka.jars
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cluster.component import Missing

POM = Path(__file__).with_name("pom.xml")
MISSING = "install Java 17 and Maven (Debian: apt-get install default-jre-headless maven)"
FETCH_WITHIN = 600


def jars() -> Path:
    """The folder that holds them; fetched first when it is not there yet. Raises `Missing`."""
    if shutil.which("java") is None:
        raise Missing(MISSING)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "porchlight"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("wb") as lock:
        # Whoever waited here finds them fetched.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing(MISSING)
    half = folder.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    command = [maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={half}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_WITHIN, check=False)
    if done.returncode != 0:
        raise Missing(f"Maven could not fetch Apache Kafka's jars: {done.stdout.strip()[:500]}")
    half.rename(folder)


if __name__ == "__main__":
    try:
        jars()
    except Missing as missing:
        # Not a fault here: the tests that want them skip, or fail in CI.
        print(missing, file=sys.stderr)
