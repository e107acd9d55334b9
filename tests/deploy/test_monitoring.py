"""The alerts and the dashboard: they ask for what there is, and can be read."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_monitoring_docs import section

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yml"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
]
BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "llmbench.json").read_text())
PANELS: list[dict[str, Any]] = BOARD["panels"]
SERIES = section("The API's") | section("A worker's")
"""What docs/monitoring.md names: what /metrics tells, by test_monitoring_docs."""
OF_PROCESSES = {
    *("process_cpu_seconds_total", "process_resident_memory_bytes"),
    *("process_open_fds", "process_max_fds"),
}
SCRAPED = {"instance", "job"}
"""Labels that Prometheus adds."""


def known() -> dict[str, set[str]]:
    """Each name that may be asked for, with its labels."""
    found = {name: set[str]() for name in OF_PROCESSES}
    for name, (kind, labels) in SERIES.items():
        if kind == "histogram":
            found |= {f"{name}_{part}": labels for part in ("sum", "count")}
            found[f"{name}_bucket"] = labels | {"le"}
        else:
            found[name] = labels
    return found


def asked() -> Iterator[str]:
    """Every expression."""
    yield from (rule["expr"] for rule in ALERTS)
    for panel in PANELS:
        for target in panel.get("targets", ()):
            yield target["expr"]


def of_grafana(expression: str) -> str:
    """As Prometheus gets it."""
    return expression.replace("$__rate_interval", "5m").replace("$target", ".*")


@pytest.mark.parametrize("expression", sorted(set(asked())))
def test_an_expression_asks_for_series_and_labels_that_there_are(
    expression: str,
) -> None:
    names = set(re.findall(r"\b(?:llmbench|process)_\w+", expression))
    assert names
    assert names <= set(known())
    labels = set(re.findall(r'(\w+)\s*(?:=~|!=|!~|=)\s*"', expression))
    for listed in re.findall(r"by \(([^)]*)\)", expression):
        labels |= {name.strip() for name in listed.split(",")}
    assert labels <= SCRAPED.union(*(known()[name] for name in names))


@pytest.mark.parametrize("name", ["StoreAway", "NoWorker", "CallsFail"])
def test_what_matters_most_is_an_alert(name: str) -> None:
    (rule,) = [rule for rule in ALERTS if rule["alert"] == f"Llmbench{name}"]
    assert rule["annotations"]["summary"]


def promtool(*args: str | Path) -> str:
    tool = shutil.which("promtool")
    if tool is None:
        assert "CI" not in os.environ, "apt install prometheus"
        pytest.skip("promtool is not installed (Debian: prometheus)")
    told = subprocess.run([tool, *args], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_prometheus_reads_the_rules_and_they_fire_as_they_should() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("test", "rules", RULES.with_name("alerts_test.yml"))


def test_prometheus_reads_each_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": of_grafana(expression)}
        for number, expression in enumerate(asked())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


def test_the_dashboard_names_no_data_source_and_has_no_panel_over_another() -> None:
    variables = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert variables == {"datasource", "target"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
