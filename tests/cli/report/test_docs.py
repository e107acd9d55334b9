"""docs/ci.md and the example workflow say what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli.report import parse_gate
from cli.report.against import is_change, parse_change
from cli.report.gates import ADJUSTED, SINGLE, TIMES
from cli.report.options import Options
from tests.house import ROOT

CI = (ROOT / "docs" / "ci.md").read_text("utf-8")
EXAMPLES = [ROOT / "examples" / name for name in ("ci.yml", "regression.yml")]


def test_every_gate_in_the_docs_can_be_read() -> None:
    files = [*EXAMPLES, ROOT / "README.md"]
    texts = [CI, *(file.read_text("utf-8") for file in files)]
    gates = re.findall(r'--fail-if "([^"]+)"', "".join(texts))
    gates += re.findall(r'`"([^"`]+)"`', CI)
    assert len(gates) > 6
    for gate in gates:
        parse_change(gate) if is_change(gate) else parse_gate(gate)


def test_every_figure_and_option_stands_in_the_docs() -> None:
    missing = [name for name in (*TIMES, *ADJUSTED, *SINGLE) if f"`{name}`" not in CI]
    named = set(Options.__slots__) - {"gates", "changes"}
    options = {f"--{name.replace('_', '-')}" for name in named}
    missing += [name for name in sorted(options | {"--fail-if"}) if name not in CI]
    assert missing == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.name)
def test_an_example_is_a_workflow_that_gates_on_the_benchmark(example: Path) -> None:
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.github-workflows", str(example)),
        ],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
    steps = yaml.safe_load(example.read_text("utf-8"))["jobs"]["benchmark"]["steps"]
    said = [step["run"] for step in steps if "llmbench run" in step.get("run", "")]
    assert "--fail-if" in said[-1]
    for run in said:
        assert "if" not in run.replace("--fail-if", "")  # its code is the step's
