"""Reads what is shipped: the Compose file as Compose would, the manifests as Kustomize does, settings as a process."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from services.settings import Settings, read_settings
from tests.cluster.component import Missing, or_skip
from tests.kafka.certificates import Certificates

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
Tree = dict[str, Any]

SAMPLES = {
    "master_key": "A" * 43 + "=",
    "store": "postgresql://porchlight:secret@postgres.example:5432/porchlight",
    "smtp_url": "smtps://porchlight:secret@mail.example?from=porchlight@porchlight.example",
    "kafka_password": "secret",
}
"""What stands in the files that settings of the form PORCHLIGHT_…_FILE name, by the file's name."""

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<text>[^}]*))?\}")


def compose(**variables: str) -> Tree:
    """The Compose file with its variables filled in. Raises `KeyError` for one that is required and not given."""
    read: Tree = filled(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), variables)
    return read


def filled(node: Any, variables: Mapping[str, str]) -> Any:
    """The same with every `${…}` replaced."""
    if isinstance(node, dict):
        return {key: filled(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value, variables) for value in node]
    if not isinstance(node, str):
        return node

    def value(found: re.Match[str]) -> str:
        given = variables.get(found["name"], "")
        if not given and found["how"] == ":?":
            raise KeyError(found["text"])
        return given or (found["text"] if found["how"] == ":-" else "")

    return VARIABLE.sub(value, node)


def alerts() -> dict[str, Tree]:
    """Every alerting rule, by its name."""
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def documents(path: Path) -> list[Tree]:
    """Every document of a file."""
    return [found for found in yaml.safe_load_all(path.read_text()) if found is not None]


def rendered(folder: str) -> list[Tree]:
    """What Kustomize makes of a folder under deploy/kubernetes/."""
    program = or_skip(_kustomize)
    done = subprocess.run([*program, str(DEPLOY / "kubernetes" / folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found is not None]


def _kustomize() -> list[str]:
    for name, words in (("kubectl", ["kustomize"]), ("kustomize", ["build"])):
        path = shutil.which(name)
        if path is not None:
            return [path, *words]
    raise Missing("install kubectl or kustomize (version 5 or newer)")


def of_kind(manifests: list[Tree], kind: str) -> dict[str, Tree]:
    """The manifests of one kind, by name."""
    return {found["metadata"]["name"]: found for found in manifests if found["kind"] == kind}


def pods(manifests: list[Tree]) -> Iterator[tuple[str, Tree]]:
    """The description of every pod, with the name of what makes it."""
    for found in manifests:
        if found["kind"] in {"StatefulSet", "Deployment", "Job"}:
            yield found["metadata"]["name"], found["spec"]["template"]["spec"]


def settings(environment: Mapping[str, str | None], folder: Path) -> Settings:
    """What a process would make of these variables, with samples in the place of the files that they name."""
    given = {}
    for name, value in environment.items():
        if value is None or not name.startswith("PORCHLIGHT_"):
            continue
        if name.endswith("_FILE"):
            path = folder / Path(value).name
            path.write_text(SAMPLES[path.name])
            given[name] = str(path)
        elif name == "PORCHLIGHT_KAFKA_CA":
            given[name] = str(Certificates(folder).authority)
        else:
            given[name] = value
    return read_settings(given)
