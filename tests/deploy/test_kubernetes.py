"""deploy/kubernetes/: manifests that Kubernetes takes, and that keep what they promise."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.settings import check_listening
from tests.deploy.reading import DEPLOY, Tree, documents, of_kind, pods, rendered, settings

HERE = DEPLOY / "kubernetes"
VERSIONS = ("1.29", "1.33", "1.37")
ROLES = ("api", "worker", "scheduler")
folders = pytest.mark.parametrize("folder", ["base", "overlays/example"])
role = pytest.mark.parametrize("role", ROLES)


@cache
def example() -> tuple[Tree, ...]:
    """The example, as it would be applied."""
    return tuple(rendered("overlays/example"))


def workload(name: str) -> Tree:
    """What makes the pods of a role."""
    (found,) = (
        one
        for one in example()
        if one["kind"] in {"StatefulSet", "Deployment"} and one["metadata"]["name"] == f"porchlight-{name}"
    )
    return found


def container(pod: Tree) -> Tree:
    """Its only container."""
    (only,) = pod["containers"]
    return dict(only)


@folders
def test_every_manifest_keeps_to_the_schema(folder: str) -> None:
    """Of the oldest to the newest Kubernetes that we mean, strictly: an unknown key is a mistake."""
    for manifest in rendered(folder):
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_a_misspelt_lock_would_be_noticed() -> None:
    """The check above sees what Kubernetes would drop."""
    manifest: Tree = yaml.safe_load(yaml.safe_dump(workload("api")))
    container(manifest["spec"]["template"]["spec"])["securityContext"]["readOnlyRootFileSystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)


@folders
def test_every_file_is_part_of_something(folder: str) -> None:
    """What Kustomize names exists, and no file lies about that nothing names, but for the template of the secret."""
    given: Tree = yaml.safe_load((HERE / folder / "kustomization.yaml").read_text())
    named = {*given["resources"], *(patch["path"] for patch in given.get("patches", []))}
    assert all((HERE / folder / name).exists() for name in named)
    lying = {path.name for path in (HERE / folder).glob("*.yaml")} - named
    assert lying == {"kustomization.yaml"} | ({"secret.template.yaml"} if folder == "base" else set())


def test_no_secret_is_written_down() -> None:
    """The template holds none, and is applied by nothing."""
    (template,) = documents(HERE / "base" / "secret.template.yaml")
    assert set(template["stringData"].values()) == {"REPLACE"}
    assert not of_kind(list(example()), "Secret")


def test_each_role_runs_more_than_once() -> None:
    """And a disruption takes one of each at a time."""
    budgets = of_kind(list(example()), "PodDisruptionBudget")
    for name in ROLES:
        assert workload(name)["spec"]["replicas"] >= 2
        budget = budgets[f"porchlight-{name}"]["spec"]
        assert budget["maxUnavailable"] == 1
        assert _selects(budget["selector"]["matchLabels"], name)


def _selects(labels: Tree, name: str) -> bool:
    carried: Tree = workload(name)["spec"]["template"]["metadata"]["labels"]
    return labels.items() <= carried.items()


@role
def test_selectors_find_their_own_pods_and_no_others(role: str) -> None:
    """Workload, spread and services; the way in leads to the APIs."""
    spec = workload(role)["spec"]
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert len({one["topologyKey"] for one in spread}) == 2
    for labels in (spec["selector"]["matchLabels"], *(one["labelSelector"]["matchLabels"] for one in spread)):
        assert [name for name in ROLES if _selects(labels, name)] == [role]
    services = of_kind(list(example()), "Service")
    ports = {one["name"] for one in container(spec["template"]["spec"])["ports"]}
    mine = [one for one in services.values() if _selects(one["spec"]["selector"], role)]
    assert {one["spec"]["ports"][0]["targetPort"] for one in mine} <= ports
    assert [one["metadata"]["labels"].get("porchlight/scrape") for one in mine].count("true") == 1
    if role == "api":
        assert spec["serviceName"] in services
        (ingress,) = of_kind(list(example()), "Ingress").values()
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
        assert _selects(services[backend]["spec"]["selector"], "api")


@role
def test_probes_restart_nothing_for_a_store_that_is_away(role: str) -> None:
    """Alive is that the process turns over; ready is the other question."""
    one = container(workload(role)["spec"]["template"]["spec"])
    assert one["args"] == [role]
    assert one["livenessProbe"]["httpGet"]["path"] == one["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert one["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_an_api_keeps_its_spool_and_has_time_to_drain_it() -> None:
    """A volume for each, that nothing deletes; minutes to stop; gone from the balancer before that."""
    spec = workload("api")["spec"]
    pod = spec["template"]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert {"name": claim["metadata"]["name"], "mountPath": "/data"} in container(pod)["volumeMounts"]
    assert claim["spec"]["storageClassName"] == "replicated-ssd"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenScaled": "Retain", "whenDeleted": "Retain"}
    assert pod["terminationGracePeriodSeconds"] >= 300
    assert container(pod)["lifecycle"]["preStop"]


@folders
def test_a_pod_may_do_little(folder: str) -> None:
    """No root, no writing but to volumes, no capabilities, no rights in the cluster; memory bounded, the core not."""
    manifests = rendered(folder)
    found = dict(pods(manifests))
    assert len(found) == 4
    for pod in found.values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] in of_kind(manifests, "ServiceAccount")
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        one = container(pod)
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} == one["resources"]["requests"].keys()
        assert {"memory"} == one["resources"]["limits"].keys()
        mounted = {mount["mountPath"] for mount in one["volumeMounts"]}
        assert {"/data", "/tmp"} <= mounted
    (space,) = of_kind(manifests, "Namespace").values()
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_image_is_named_exactly() -> None:
    """Everywhere the same, by version."""
    assert {container(pod)["image"] for _, pod in pods(list(example()))} == {"images.example/porchlight:0.1.0"}


def test_the_network_is_closed_but_for_what_is_named() -> None:
    """The first policy closes it, the others open a little; no webhook reaches the metadata of the cloud."""
    policies = of_kind(list(example()), "NetworkPolicy")
    shut = policies["porchlight-nothing-else"]["spec"]
    assert set(shut["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in shut
    assert "egress" not in shut
    calls: Any = policies["porchlight-calls"]["spec"]
    assert _selects(calls["podSelector"]["matchLabels"], "api")
    assert not _selects(calls["podSelector"]["matchLabels"], "worker")
    assert calls["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "ingress"
    }
    blocks = [
        to["ipBlock"]
        for rule in policies["porchlight-out"]["spec"]["egress"]
        for to in rule.get("to", [])[:1]
        if "ipBlock" in to
    ]
    assert [("169.254.0.0/16" in block["except"]) for block in blocks] == [True]


def test_the_settings_are_settings(tmp_path: Path) -> None:
    """Each is known, well formed, and together they let every role start; each secret's file is one that is made."""
    (given,) = of_kind(list(example()), "ConfigMap").values()
    found = settings(given["data"], tmp_path)
    check_listening(found)
    assert found.store is not None
    assert found.kafka is not None
    assert found.kafka.tls is not None
    assert found.kafka.sasl is not None
    for pod in dict(pods(list(example()))).values():
        assert container(pod)["envFrom"] == [{"configMapRef": {"name": given["metadata"]["name"]}}]
    (template,) = documents(HERE / "base" / "secret.template.yaml")
    base = yaml.safe_load((HERE / "base" / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"]
    files = {Path(line.split("=")[1]).name for line in base if line.split("=")[0].endswith("_FILE")}
    assert files == template["stringData"].keys()
