"""What can be asked, drawn: no number is ever cut."""

import io
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import exits
from cli.commands.models import model_rows, provider_rows
from cli.main import app
from cli.report.tables import put

MODEL = {
    "id": "acme/orca-70b-instruct",
    "context_length": 131072,
    "prompt_usd_per_million": "0.35",
    "completion_usd_per_million": "1.4025",
}
PROVIDER: dict[str, Any] = {
    "slug": "acme/fp8",
    "prompt_usd_per_million": "0.35",
    "completion_usd_per_million": "1.4025",
    "quantization": "fp8",
    "uptime_last_30m_percent": 99.5,
    "ttft_s_last_30m": {"p50": 0.2123, "p99": 1.5},
    "tokens_per_s_last_30m": {"p50": 119.0},
}


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("columns", [20, 40, 80])
def test_no_number_is_cut_however_narrow_it_is(columns: int, is_terminal: bool) -> None:
    out = io.StringIO()
    console = Console(
        file=out, width=columns, force_terminal=is_terminal, color_system=None
    )
    put(model_rows([MODEL]), "model", console)
    put(provider_rows([PROVIDER]), "slug", console)
    shown = out.getvalue()
    for number in ("131072", "0.35", "1.4025", "99.5 %", "212.3", "1,500.0", "119.0"):
        assert number in shown


def test_an_upstream_that_lists_nothing_is_no_crash() -> None:
    """As `transformers serve` lists nothing while its cache is empty."""
    out = io.StringIO()
    put(model_rows([]), "model", Console(file=out))
    assert out.getvalue() == ""


def test_without_a_terminal_each_is_one_line() -> None:
    out = io.StringIO()
    put(provider_rows([PROVIDER]), "slug", Console(file=out, width=40))
    (line,) = (each for each in out.getvalue().splitlines() if "acme/fp8" in each)
    assert line.split()[-1] == "119.0"


def test_a_filter_beside_providers_is_refused_and_both_are_named() -> None:
    asked = [
        "models",
        "--providers",
        "acme/orca",
        "--filter",
        "all",
        "--url",
        "http://x",
    ]
    said = CliRunner().invoke(app, asked, env={"COLUMNS": "200"})
    assert said.exit_code == exits.USAGE
    assert "--filter all chooses among models, and --providers asks" in said.output
