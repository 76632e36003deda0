"""The house: what may stand where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP = {
    *("alerts", "streams", "services", "deploy", "tests"),
    *("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "docker-compose.yml"),
    *(".ci", ".github", ".gitignore", ".pre-commit-config.yaml"),
}
MADE = {
    *(".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis"),
    *("porchlight-data", "__pycache__"),
}
FORBIDDEN_NAMES = {"http", "email", "queue", "types", "signal", "select", "calendar", "logging", "secrets"} | {
    *("utils", "helpers", "common", "util", "helper", "misc"),
}
SOURCES = sorted(p for name in ("alerts", "streams", "services") for p in (ROOT / name).rglob("*.py"))


def test_the_top_level_is_what_it_is_meant_to_be() -> None:
    """Nothing beside the packages but what convention puts there."""
    assert {p.name for p in ROOT.iterdir()} - MADE <= TOP


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    """One concept, at most about 450 lines, a docstring, and a name that hides nothing of the standard library."""
    text = path.read_text()
    assert path.stem not in FORBIDDEN_NAMES
    assert len(text.splitlines()) <= 450
    if path.name != "__init__.py":
        assert text.startswith('"""')


def test_requirements_are_exact_hashed_and_name_no_index() -> None:
    """So that what was tried is what is installed, from wherever."""
    for path in (ROOT / "deploy" / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "http" not in re.sub(r"^(httpcore|httpx|aiohttp|python-http)[^\n]*", "", text, flags=re.MULTILINE)
        packages = re.findall(r"^[a-z][^\n]*?\\?\n(?:    [^\n]*\n)*", text, flags=re.MULTILINE)
        assert packages
        for package in packages:
            assert "==" in package
            assert "--hash=sha256:" in package


def test_the_pages_lock_names_no_registry() -> None:
    """Exact versions with hashes, and no addresses."""
    lock = json.loads((ROOT / "tests" / "web" / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        if name:
            assert package["integrity"]
            assert "resolved" not in package


def test_no_address_of_a_registry_is_committed() -> None:
    """Neither in locks nor anywhere else."""
    words = ("pypi" + ".org/simple", "registry." + "npmjs.org", "--index" + "-url h")
    for path in ROOT.rglob("*"):
        if path.is_dir() or any(part in MADE or part == "node_modules" for part in path.relative_to(ROOT).parts):
            continue
        raw = path.read_bytes()
        assert not any(word.encode() in raw for word in words), path
