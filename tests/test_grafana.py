"""The dashboard and the alert rules ask for what a running Bedside tells, and Prometheus understands them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "deploy" / "grafana" / "bedside.json"
PROMETHEUS = ROOT / "deploy" / "prometheus"
REFERENCE = (ROOT / "docs" / "reference" / "health.md").read_text(encoding="utf-8")
FROM_HISTOGRAM = ("_bucket", "_sum", "_count")


def expressions() -> Iterator[str]:
    """Every expression of dashboard and rules."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query")
    yield from re.findall(r"^\s+expr: (.+)$", (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_metric_that_is_asked_for_exists() -> None:
    """Each name is one of docs/reference/health.md, which tests/hub/test_metrics.py holds equal to a real /metrics."""
    known = set(re.findall(r"^\| `(bedside_\w+)` \|", REFERENCE, re.MULTILINE))
    asked = {name for expr in expressions() for name in re.findall(r"\bbedside_\w+", expr)}
    base = {name.removesuffix(end) for name in asked for end in FROM_HISTOGRAM if name.endswith(end)}
    asked = {name for name in asked if not name.endswith("_bucket")} | base
    assert asked <= known
    assert len(asked) > 20


def test_no_panel_lies_on_another() -> None:
    """24 columns, and every place belongs to one panel."""
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not there; `apt install prometheus`")
def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    """promtool reads the rules, the configuration, and each expression of the dashboard as a rule."""
    shutil.copytree(PROMETHEUS, tmp_path / "as_shipped")
    (tmp_path / "as_shipped" / "bedside.token").write_text("token")
    fixed = [re.sub(r"^label_values\((\w+), .*\)$", r"\1", expr.replace("$instance", ".+")) for expr in expressions()]
    rules = [{"record": f"bedside:panel:{number}", "expr": expr} for number, expr in enumerate(fixed)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML
    for command in (
        ["check", "config", "as_shipped/prometheus.yml"],
        ["check", "rules", "as_shipped/alerts.yml"],
        ["check", "rules", "panels.yml"],
    ):
        done = subprocess.run(["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
