"""deploy/Dockerfile: pinned, without a way to an index, and for a user who is nobody."""

from __future__ import annotations

import re
import tomllib

import pytest

from services.__main__ import _parser
from tests.deploy.reading import DEPLOY, ROOT, compose

TEXT = (DEPLOY / "Dockerfile").read_text()
LINES = [line for line in re.sub(r"\\\n\s*", " ", TEXT).splitlines() if line and not line.startswith("#")]
STAGES = " \n".join(LINES).split("FROM ")[1:]


def _said(word: str, stage: str) -> list[str]:
    return re.findall(rf"^{word} (.*?)\s*$", stage, flags=re.MULTILINE)


def test_the_base_is_pinned_by_its_exact_tag() -> None:
    """The same in both stages, so that what was built fits where it runs."""
    bases = {stage.split()[0] for stage in STAGES}
    assert len(STAGES) == 2
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm(@sha256:[0-9a-f]{64})?", bases.pop())


def test_the_python_is_one_that_we_know() -> None:
    """Of the versions that the project names."""
    version = re.search(r"python:(3\.\d+)", TEXT)
    assert version is not None
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    assert f"Programming Language :: Python :: {version[1]}" in classifiers


def test_every_package_is_installed_by_hash() -> None:
    """From the locked files and from nowhere else."""
    for line in _said("RUN", STAGES[0]):
        for command in line.split("&&"):
            if "pip install" in command:
                by_hash = re.search(r"--require-hashes -r deploy/requirements/(runtime|build)\.txt", command)
                assert by_hash or "--no-deps --no-index" in command, command
    assert not re.search(r"index-url|https?://(?!.*dockerfile)", TEXT)


def test_nobody_runs_it_as_root() -> None:
    """The user is a number, so that an orchestrator can see that it is not root."""
    assert _said("USER", STAGES[1]) == ["10001:10001"]
    assert compose(PORCHLIGHT_PUBLIC_URL="https://x.example")["services"]["porchlight"]["user"] == "10001:10001"
    assert _said("VOLUME", STAGES[1]) == ["/data"]
    assert _said("ENTRYPOINT", STAGES[1]) == ['["porchlight"]']
    assert "build" not in " ".join(_said("COPY", STAGES[1])).replace("--from=build", "")


def test_its_health_is_asked_of_itself() -> None:
    """By Python: there is no other program in it that could ask."""
    (check,) = re.findall(r"HEALTHCHECK .*?CMD (.*)", STAGES[1])
    assert check.startswith('["python", "-c",')
    assert "/readyz" in check
    compile(check.split('"-c", "')[1].removesuffix('"]').removesuffix('"] '), "health", "exec")


def test_the_label_says_the_version() -> None:
    """That of the project."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'org.opencontainers.image.version="{version}"' in TEXT


def test_what_is_copied_exists_and_is_let_through() -> None:
    """The ignore file lets nothing through but what the build copies: no data folder, no secret."""
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {word for line in _said("COPY", STAGES[0]) for word in line.split()[:-1]}
    assert copied == let_through
    assert "*" in ignored
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("command", ["serve", "api", "worker", "scheduler", "topics"])
def test_the_commands_that_containers_run_exist(command: str) -> None:
    """Each is a word that `porchlight` knows."""
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args([command, "--help"])
    assert ended.value.code == 0
