"""The commands, run as an operator runs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.timeout(60)
WITHIN = 20.0


async def porchlight(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Runs a command to its end: exit code, what it printed, what it complained of."""
    process = await _start(*arguments, **settings)
    out, complaint = await asyncio.wait_for(process.communicate(), WITHIN)
    return process.returncode or 0, out.decode(), complaint.decode()


async def _start(*arguments: str, **settings: str) -> asyncio.subprocess.Process:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORCHLIGHT_")}
    environment |= {f"PORCHLIGHT_{name}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


@asynccontextmanager
async def running(*arguments: str, **settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A service, once it has said where it listens; stopped as an operator stops it."""
    process = await _start(*arguments, **settings)
    assert process.stdout is not None
    said = ""
    while "http://" not in said:
        line = await asyncio.wait_for(process.stdout.readline(), WITHIN)
        assert line, (await process.communicate())[1].decode()
        said += line.decode()
    try:
        yield process, said
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), WITHIN) == 0


async def test_from_nothing_to_a_service_that_serves(tmp_path: Path) -> None:
    """`init`, `serve`, `admin-token` beside it, and a second `serve` that is refused."""
    data = str(tmp_path / "data")
    code, out, _ = await porchlight("init", "--data", data, "--organization", "Harbour House", "--json")
    made: dict[str, Any] = msgspec.json.decode(out)
    assert code == 0
    assert set(made) == {"organization", "admin"}
    assert made["organization"]["name"] == "Harbour House"
    assert oct((tmp_path / "data" / "master.key").stat().st_mode)[-3:] == "600"

    async with running("serve", "--data", data, "--listen", "127.0.0.1:0") as (process, said):
        url = said.split()[-1]
        code, out, _ = await porchlight("admin-token", "--data", data, "--json")
        tokens = [made["admin"]["token"], msgspec.json.decode(out)["admin"]["token"]]
        async with aiohttp.ClientSession() as http:
            for token in tokens:
                headers = {"Authorization": f"Bearer {token}"}
                async with http.get(f"{url}/v1/incidents", headers=headers) as answer:
                    assert answer.status == 200
            async with http.get(f"{url}/v1/outbox") as answer:
                assert answer.status == 404
        code, _, complaint = await porchlight("serve", "--data", data, "--listen", "127.0.0.1:0")
        assert code == 2
        assert "another process" in complaint
        assert process.returncode is None

    code, _, complaint = await porchlight("init", "--data", data, "--organization", "Again")
    assert code == 2
    assert "already" in complaint


async def test_the_demo_is_there_after_one_command_and_again_after_a_restart(tmp_path: Path) -> None:
    """With links, and what it had before."""
    people = []
    for _ in range(2):
        async with running("demo", "--data", str(tmp_path / "demo"), "--port", "0") as (_, said):
            url = said.split("Start here")[1].split()[0].rstrip("/")
            async with aiohttp.ClientSession() as http, http.get(f"{url}/v1/demo") as answer:
                links = (await answer.json())["links"]
            people.append(sorted(link["name"] for link in links if link["kind"] == "phone"))
    assert people == [["Elena", "Mia"]] * 2


async def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    """And what to do; red while nobody can be told."""
    data = str(tmp_path / "data")
    code, out, _ = await porchlight("doctor", "--data", data)
    assert code == 1
    assert "porchlight init" in out
    await porchlight("init", "--data", data, "--organization", "Harbour House")
    code, out, _ = await porchlight("doctor", "--data", data, OPERATOR_ALARM="mailto:op@harbour.example")
    assert code == 1
    assert "BAD  dispatch: Harbour House: nobody can be told" in out
    assert "BAD  operator alarm 1" in out
    assert "PORCHLIGHT_SMTP_URL is not set" in out


@pytest.mark.parametrize(
    ("arguments", "settings", "word"),
    [
        (("serve",), {}, "porchlight init"),
        (("serve",), {"COLOUR": "red"}, "PORCHLIGHT_COLOUR"),
        (("serve", "--listen", "0.0.0.0:0"), {}, "PORCHLIGHT_PUBLIC_URL"),
        (("init", "--organization", " "), {}, "--organization"),
        (("admin-token",), {}, "porchlight init"),
        (("serve",), {"MASTER_KEY": "short"}, "PORCHLIGHT_MASTER_KEY"),
    ],
)
async def test_what_cannot_be_done_names_itself(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], word: str
) -> None:
    """Exit code 2, one line, no traceback."""
    code, _, complaint = await porchlight(*arguments, "--data", str(tmp_path / "none"), **settings)
    assert code == 2
    assert word in complaint
    assert "Traceback" not in complaint


async def test_a_lost_master_key_is_said_and_no_new_one_made(tmp_path: Path) -> None:
    """A new one would read nothing."""
    data = tmp_path / "data"
    await porchlight("init", "--data", str(data), "--organization", "Harbour House")
    key = (data / "master.key").read_bytes()
    (data / "master.key").unlink()
    code, _, complaint = await porchlight("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    assert code == 2
    assert "master.key is missing" in complaint
    (data / "master.key").write_bytes(key)
    code, _, _ = await porchlight("admin-token", "--data", str(data))
    assert code == 0


async def test_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    """Before anything is started."""
    async with running("demo", "--data", str(tmp_path / "one"), "--port", "0") as (_, said):
        port = said.split("Start here")[1].split()[0].rstrip("/").rsplit(":", 1)[1]
        code, _, complaint = await porchlight("demo", "--data", str(tmp_path / "two"), "--port", port)
    assert code == 2
    assert f"127.0.0.1:{port}" in complaint


KEY = "00" * 32


async def test_the_store_on_another_machine_is_made_examined_and_served(database: str, tmp_path: Path) -> None:
    """By the same commands; the password is never printed."""
    settings = {"STORE": database, "MASTER_KEY": KEY, "DATA": str(tmp_path)}
    code, out, _ = await porchlight("init", "--organization", "Harbour House", "--json", **settings)
    assert code == 0
    admin = msgspec.json.decode(out)["admin"]["token"]
    code, _, complaint = await porchlight("init", "--organization", "Another", **settings)
    assert (code, "holds an agency already" in complaint) == (2, True)
    async with running("serve", LISTEN="127.0.0.1:0", **settings) as (_, said), aiohttp.ClientSession() as http:
        url = said.strip().rpartition(" ")[2]
        async with http.get(f"{url}/v1/incidents", headers={"Authorization": f"Bearer {admin}"}) as answer:
            assert answer.status == 200
    code, out, complaint = await porchlight("doctor", KAFKA="127.0.0.1:1", **settings)
    assert "ok   store: " in out
    assert "ok   store's clock: " in out
    assert "BAD  broker: 127.0.0.1:1" in out
    assert database.split("@", maxsplit=1)[0].rpartition(":")[2] not in out + complaint


@pytest.mark.parametrize("role", ["api", "worker", "scheduler"])
async def test_a_role_without_what_it_shares_says_what_is_missing(role: str) -> None:
    """And points to the one that needs nothing."""
    code, _, complaint = await porchlight(role)
    assert code == 2
    assert "PORCHLIGHT_STORE is missing" in complaint
    assert "porchlight serve" in complaint
    code, _, complaint = await porchlight(role, STORE="postgresql://u:hunter2@127.0.0.1:1/porchlight", MASTER_KEY=KEY)
    assert (code, "PORCHLIGHT_KAFKA is missing" in complaint, "hunter2" in complaint) == (2, True, False)


@pytest.mark.parametrize("role", ["api", "worker", "scheduler"])
async def test_a_role_starts_without_store_and_broker_and_says_so(role: str, tmp_path: Path) -> None:
    """It goes on trying; it is alive, and not ready unless it can take a press."""
    away = {"STORE": "postgresql://u:p@127.0.0.1:1/porchlight", "KAFKA": "127.0.0.1:1", "MASTER_KEY": KEY}
    async with (
        running(role, LISTEN="127.0.0.1:0", DATA=str(tmp_path), **away) as (_, said),
        aiohttp.ClientSession() as http,
    ):
        url = said.strip().rpartition(" ")[2]
        async with http.get(f"{url}/healthz") as answer:
            assert answer.status == 200
        async with http.get(f"{url}/readyz") as answer:
            body = await answer.json()
            assert body["degraded"] is True
            assert {"store", "broker"} <= set(body["problems"])
        async with http.get(f"{url}/metrics") as answer:
            text = await answer.text()
            assert "porchlight_store_up 0.0" in text
            assert "porchlight_broker_up 0.0" in text
        async with http.get(f"{url}/v1/incidents") as answer:
            assert answer.status == (401 if role == "api" else 404)


@pytest.mark.parametrize("command", [("init", "--organization", "X"), ("api",), ("demo", "--port", "0")])
async def test_a_folder_that_cannot_be_written_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    """Rather than a fault in the middle of things."""
    (tmp_path / "file").touch()
    away = {"STORE": "postgresql://u:p@127.0.0.1:1/porchlight", "KAFKA": "127.0.0.1:1", "MASTER_KEY": KEY}
    settings = {"DATA": str(tmp_path / "file" / "data"), **(away if command[0] == "api" else {})}
    code, _, complaint = await porchlight(*command, LISTEN="127.0.0.1:0", **settings)
    assert code == 2
    assert complaint.startswith("porchlight: PORCHLIGHT_DATA: ")


POLICY_FILE = """
name: at-once
cancel_window: 0s
steps:
  - {after: 0s, notify: [dispatch, contacts]}
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (POLICY_FILE, 0),
        (POLICY_FILE + '  - {after: 5m, notify: ["team:night"]}\n', 1),
        ("name: x\nsteps:\n  - {after: soon, notify: [dispatch]}\n", 2),
    ],
)
async def test_a_policy_is_proved_before_it_is_needed(tmp_path: Path, text: str, code: int) -> None:
    """No hole, a hole, no policy; for people and for machines."""
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    found, said, complaint = await porchlight("policy", "check", str(path))
    assert (found, bool(said or complaint)) == (code, True)
    found, raw, _ = await porchlight("policy", "check", str(path), "--json")
    checked = msgspec.json.decode(raw)
    assert found == code
    if code == 2:
        assert [(m["line"], m["column"]) for m in checked["mistakes"]] == [(3, 13)]
        return
    assert [hole["step"] for hole in checked["holes"]] == ([] if code == 0 else [2])
    late = POLICY_FILE.replace("after: 0s", "after: 90s")
    path.write_text(late)
    assert (await porchlight("policy", "check", str(path), "--within", "2m"))[0] == 0
    assert (await porchlight("policy", "check", str(path), "--within", "1m"))[0] == 1
    assert (await porchlight("policy", "check", str(path), "--within", "soon"))[0] == 2
    path.write_text(text)
    arguments = ("--json", "--dead", "sms", "--asleep", "dispatch", "--at", "2026-11-29T03:10:00-06:00")
    found, raw, _ = await porchlight("policy", "simulate", str(path), *arguments)
    simulated = msgspec.json.decode(raw)
    assert (found, simulated["first_told_seconds"], simulated["untold"][0]) == (0, 0, "dispatch")
    assert set(simulated["timeline"][0]) == {"after_seconds", "step", "recipient", "channel", "outcome"}


async def test_an_editor_can_have_the_schema_of_policies() -> None:
    """It is one, and it knows every field."""
    code, said, _ = await porchlight("policy", "schema")
    schema = msgspec.json.decode(said)
    assert code == 0
    Draft202012Validator.check_schema(schema)
    assert {"name", "steps", "acknowledgement", "tail"} <= set(schema["properties"])
