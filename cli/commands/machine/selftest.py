"""`llmbench selftest`: how wrong this machine's measurements are, as a table."""

import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from cli import show
from cli.stack import ROOT

if TYPE_CHECKING:
    from shared.verdict.selftest import Case, Error, SelfTest


def selftest(
    streams: Annotated[
        str | None, typer.Option(help="Open at once; by default 1,50,200.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole result, for programs.")
    ] = False,
) -> None:
    """Measure how wrong this machine's measurements are; takes most of a minute.

    Example: llmbench selftest --streams 1,50
    """
    raise typer.Exit(measure(streams, as_json=as_json))


def measure(streams: str | None, *, as_json: bool) -> int:
    """Run it; 0 when every case stands, 1 when one does not, 2 when it cannot run."""
    # Here, since it knows the verdict: every other command would start a tenth later.
    from shared.verdict.selftest import SelfTest

    argv = [sys.executable, "-m", "worker.selftest"]
    argv += ["--streams", streams] if streams else []
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as child:
        try:
            said, _ = child.communicate()
        except KeyboardInterrupt:  # which the child has heard as well
            return child.wait()
    try:
        result = SelfTest.model_validate_json(said)
    except ValidationError:
        return child.returncode or 2  # it has said why
    if as_json:
        print(said.decode().strip())
    else:
        show.console.print(table(result))
        show.console.print(doubts(result), end="")
        show.console.print(result.conclusion)
    return child.returncode


def table(result: "SelfTest") -> Table:
    """A row per case. In brackets: a p99 of fewer calls than it takes."""
    host = result.machine["host"]
    found = show.table("streams", f"Measured minus true on {host}, ms: p50 / p99")
    for column in ("TTFT", "gap", "latency", "slack\np99"):
        found.add_column(column, justify="right", no_wrap=True)
    found.add_column("verdict")
    for case in result.cases:
        found.add_row(
            f"{case.streams} {case.mode}",
            _error(case, case.ttft_error),
            _error(case, case.gap_error),
            _error(case, case.latency_error),
            _ms(case.stamp_slack_p99_s),
            case.verdict.kind,
        )
    return found


def doubts(result: "SelfTest") -> str:
    """A line for each reason of a verdict; empty when there is none."""
    return "".join(
        f"{case.streams}, {case.mode}: {reason.words}\n"
        for case in result.cases
        for reason in case.verdict.reasons
    )


def _error(case: "Case", error: "Error") -> str:
    p50, p99 = _ms(error.p50_s), _ms(error.p99_s)
    return f"{p50} / {p99}" if case.supported else f"{p50} ({p99})"


def _ms(value_s: float | None) -> str:
    """Hundredths of a millisecond: `show.ms` would round most errors away."""
    return "-" if value_s is None else f"{value_s * 1000:.2f}"
