"""Alert rules and dashboard: the rules do what they say, and ask of figures that the service has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, generate_latest

from services.metrics import Metrics
from tests.cluster.component import Missing, or_skip
from tests.deploy.reading import DEPLOY, Tree, alerts

PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD: Tree = json.loads((DEPLOY / "grafana" / "porchlight.json").read_text())
PANELS: list[Tree] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ROWS = ("presses", "waiting", "deliveries", "spool", "broker", "feed", "clock")
# What Prometheus itself says of each process that it asks.
ITS_OWN = {"up"}


def promtool(*arguments: str, folder: Path = PROMETHEUS) -> str:
    """What promtool prints; fails where it is not satisfied."""
    program = or_skip(_promtool)
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _promtool() -> str:
    path = shutil.which("promtool")
    if path is None:
        raise Missing("install promtool (Debian: apt-get install prometheus)")
    return path


def figures() -> set[str]:
    """The name of every figure that a process of ours may tell."""
    families = [
        family for one in vars(Metrics()).values() if isinstance(one, Gauge | Counter) for family in one.describe()
    ]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def asked(query: str) -> set[str]:
    """The names of the figures in a query."""
    return set(re.findall(r"\b(?:porchlight_\w+|up)\b", re.sub(r'"[^"]*"', '""', query)))


def test_the_rules_are_rules() -> None:
    """In Prometheus' own eyes, and so is the example of how processes are found."""
    assert f"{len(alerts())} rules found" in promtool("check", "rules", "alerts.yaml")
    promtool("check", "config", "scrape.example.yaml")
    assert yaml.safe_load((PROMETHEUS / "scrape.kubernetes.example.yaml").read_text())["scrape_configs"]


def test_each_rule_fires_when_it_should_and_not_otherwise() -> None:
    """By promtool, on figures that are written down minute for minute."""
    promtool("test", "rules", "alerts.test.yaml")


@pytest.mark.parametrize("name", alerts())
def test_a_rule_is_tested_both_ways_and_says_what_it_means(name: str) -> None:
    """Once that it fires, once that it is quiet; how grave, what, and where to read on."""
    rule = alerts()[name]
    cases = yaml.safe_load((PROMETHEUS / "alerts.test.yaml").read_text())["tests"]
    expected = [one["exp_alerts"] for case in cases for one in case["alert_rule_test"] if one["alertname"] == name]
    assert any(expected)
    assert not all(expected)
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "description", "runbook_url"} == rule["annotations"].keys()


@pytest.mark.parametrize("name", alerts())
def test_a_rule_asks_of_figures_that_there_are(name: str) -> None:
    """An alert on a figure that nobody tells is quiet for ever."""
    names = asked(alerts()[name]["expr"])
    assert names
    assert names - ITS_OWN <= figures()


def test_a_process_that_has_no_broker_tells_of_none() -> None:
    """A gauge that nobody sets says 0: on one machine that would read as a broker that is away, for ever."""
    assert b"porchlight_broker_up" not in generate_latest(Metrics().registry)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_a_panel_asks_of_figures_that_there_are(panel: Tree) -> None:
    """Of the data source that whoever imports it chooses."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert panel["datasource"] == source
    for target in panel["targets"]:
        assert target["datasource"] == source
        names = asked(target["expr"])
        assert names
        assert names - ITS_OWN <= figures()


def test_every_figure_is_on_the_dashboard() -> None:
    """What is told is shown."""
    shown = {name for panel in PANELS for target in panel["targets"] for name in asked(target["expr"])}
    assert figures() <= shown


def test_the_queries_of_the_dashboard_can_be_parsed(tmp_path: Path) -> None:
    """By Prometheus, with Grafana's own variable filled in."""
    queries = [target["expr"].replace("$__rate_interval", "1m") for panel in PANELS for target in panel["targets"]]
    rules: list[dict[str, Any]] = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(queries)]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", "queries.yaml", folder=tmp_path)


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """No data source of somebody's own, no two panels of one number, none over another, and a row for each matter."""
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    assert set(re.findall(r'"uid": "([^"]+)"', json.dumps(DASHBOARD))) == {"${datasource}", "porchlight"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    titles = " ".join(panel["title"].lower() for panel in DASHBOARD["panels"] if panel["type"] == "row")
    assert [row for row in ROWS if row not in titles] == []
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        spots = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & spots
        taken |= spots
