"""What is shown of a benchmark at its end, and the exit code that follows.

`gates` reads a `--fail-if`, `values` finds its figure in a result, `judge` judges.
`screen` is the terminal, `document` JSON and CSV, `junit` and `markdown` what CI reads;
all say the same `sentences` and `tables`. `against` holds it to another benchmark.
`finish` does what the `options` ask for.

May import: `shared`, `cli.exits`, `cli.client`, `cli.show`.
"""

from cli.report.document import as_csv, as_json
from cli.report.finish import finish
from cli.report.gates import CiGate, check_job, check_names, parse_gate
from cli.report.judge import GateOutcome, exit_code, judge
from cli.report.junit import as_junit
from cli.report.markdown import as_markdown
from cli.report.options import Options, options_of, reported
from cli.report.screen import show

__all__ = [
    "CiGate",
    "GateOutcome",
    "Options",
    "as_csv",
    "as_json",
    "as_junit",
    "as_markdown",
    "check_job",
    "check_names",
    "exit_code",
    "finish",
    "judge",
    "options_of",
    "parse_gate",
    "reported",
    "show",
]
