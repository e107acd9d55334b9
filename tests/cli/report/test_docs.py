"""docs/ci.md and the example workflow say what there is."""

import re
import subprocess
import sys

import yaml

from cli.report import parse_gate
from cli.report.gates import ADJUSTED, SINGLE, TIMES
from cli.report.options import Options
from tests.house import ROOT

CI = (ROOT / "docs" / "ci.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "ci.yml"


def test_every_gate_in_the_docs_can_be_read() -> None:
    texts = [CI, EXAMPLE.read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")]
    gates = re.findall(r'--fail-if "([^"]+)"', "".join(texts))
    gates += re.findall(r'`"([^"`]+)"`', CI)
    assert len(gates) > 6
    for gate in gates:
        parse_gate(gate)


def test_every_figure_and_option_stands_in_the_docs() -> None:
    missing = [name for name in (*TIMES, *ADJUSTED, *SINGLE) if f"`{name}`" not in CI]
    options = {f"--{name}" for name in Options.__slots__ if name != "gates"}
    missing += [name for name in sorted(options | {"--fail-if"}) if name not in CI]
    assert missing == []


def test_the_example_is_a_workflow_that_gates_on_the_benchmark() -> None:
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.github-workflows", str(EXAMPLE)),
        ],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
    steps = yaml.safe_load(EXAMPLE.read_text("utf-8"))["jobs"]["benchmark"]["steps"]
    (run,) = [step["run"] for step in steps if "llmbench run" in step.get("run", "")]
    assert "--fail-if" in run
    assert "if" not in run.replace("--fail-if", "")  # its code is the step's
