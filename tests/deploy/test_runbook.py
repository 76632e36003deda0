"""deploy/RUNBOOK.md: a section for whatever rings, and commands that work."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from services.operator_alarm import MEANINGS
from streams.postgres.store import PostgresStore
from streams.records import Organization, Person
from streams.sealing import MasterKey, Unreadable
from streams.store import Transaction
from tests.deploy.reading import DEPLOY, alerts
from tests.postgres.server import PostgresServer, programs

TEXT = (DEPLOY / "RUNBOOK.md").read_text()
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^#{2,3} ", TEXT, flags=re.MULTILINE)[1:]}
# What the code rings, whether or not it has a meaning there yet.
RUNG = {
    what
    for package in ("services", "streams")
    for path in (DEPLOY.parent / package).rglob("*.py")
    for what in re.findall(r"\b_?(?:alarm|ring)\(\"(\w+)\"\)", path.read_text())
}
ANSWERS = ("for a person at risk", "look at", "do", "over when")
KEY = MasterKey(b"k" * 32)


def anchor(heading: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("heading", [*alerts(), *(f"Alarm: {what}" for what in sorted(RUNG | MEANINGS.keys()))])
def test_whatever_rings_has_a_section_that_answers_four_questions(heading: str) -> None:
    """What it means for a person at risk, what to look at, what to do, when it is over."""
    said = " ".join(re.findall(r"\*\*(.+?)\*\*", SECTIONS[heading])).lower()
    assert [answer for answer in ANSWERS if answer not in said] == []


def test_every_link_leads_somewhere() -> None:
    """On the page, and from the alerts to it."""
    anchors = {anchor(heading) for heading in SECTIONS}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
    for rule in alerts().values():
        page, _, place = rule["annotations"]["runbook_url"].partition("#")
        assert page == "deploy/RUNBOOK.md"
        assert place == anchor(rule["alert"])


def test_the_files_that_it_names_are_there() -> None:
    """Under deploy/ or at the top."""
    for name in set(re.findall(r"`([a-z]+/[\w./-]+|[\w-]+\.(?:md|yml|yaml|json))`", TEXT)) - {
        "deploy/porchlight-scheduler"
    }:
        assert (DEPLOY / name).exists() or (DEPLOY.parent / name).exists(), name


def commands(name: str) -> str:
    """The block of commands of this name."""
    (found,) = re.findall(rf"```sh {name}\n(.*?)```", TEXT, flags=re.DOTALL)
    return str(found)


async def test_a_backup_restores_and_brings_nobody_back_who_was_erased(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    """By the page's own lines: the store, the keys, the erasures; of the keys only the two newest copies are kept."""
    new = await postgres.create_database(f"{database.rpartition('/')[2]}_new")
    folders = {name: tmp_path / name.lower() for name in ("BACKUPS", "KEYS")}
    for folder in folders.values():
        folder.mkdir()
    environment = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}", "STORE": database, "NEW": new}
    environment |= {name: str(folder) for name, folder in folders.items()}

    def run(name: str) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands(name)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    async def people(tx: Transaction) -> None:
        await tx.put(Organization(id="org", organization="org", name="Harbour House"))
        for person in ("mia", "noa"):
            await tx.put(Person(id=person, organization="org", name=person))

    store = PostgresStore(database, KEY, frozenset())
    await store.start()
    await store.write(people)
    run("backup")
    with_her_key = next(folders["KEYS"].glob("keys-*.dump")).read_bytes()
    await store.destroy_key("noa", None)
    for _ in range(2):
        run("backup")
    await store.close()
    assert len(list(folders["KEYS"].glob("keys-*.dump"))) == 2
    assert len(list(folders["KEYS"].glob("erased-*.csv"))) == 3

    # The dump of the store in which she still is, and a copy of the keys, from who knows where, in which hers still is.
    for dump in sorted(folders["BACKUPS"].glob("store-*.dump"))[1:]:
        dump.unlink()
    (folders["KEYS"] / "keys-9.dump").write_bytes(with_her_key)
    run("restore")
    restored = PostgresStore(new, KEY, frozenset())
    await restored.start()
    try:
        assert [person.name for _, person in await restored.read(lambda tx: tx.listed(Person, "org"))] == ["mia"]
        with pytest.raises(Unreadable):
            await restored.sealer("noa")
    finally:
        await restored.close()
        await postgres.drop_database(new.rpartition("/")[2])
