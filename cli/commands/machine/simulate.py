"""`llmbench simulate`: the simulator alone, for programs of your own."""

import subprocess
import sys
from typing import Annotated

import typer

from cli import exits
from cli.stack import ROOT
from shared.process import tied


def simulate(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: a free one.")] = 0,
    plain: Annotated[
        bool, typer.Option("--plain", help="As a plain OpenAI server.")
    ] = False,
    ttft_s: Annotated[float | None, typer.Option(help="Of every model.")] = None,
    gap_s: Annotated[float | None, typer.Option(help="Between its tokens.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Of every answer.")] = None,
    weather: Annotated[
        str | None,
        typer.Option(help="Faults of a share of all calls: FAULT=SHARE,... or typical"),
    ] = None,
    router_calls: Annotated[
        float | None,
        typer.Option(help="An unpinned model changes its provider after so many."),
    ] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Only list the faults that it has.")
    ] = False,
) -> None:
    """An upstream of simulated models alone, until Ctrl-C. It prints its address.

    A fault is asked for as a model: fault/empty. All of them: --faults

    Example: llmbench simulate --port 9000 --weather typical
    """
    argv = [sys.executable, "-m", "simulator", "--host", host, "--port", str(port)]
    for name, value in (
        ("--router-calls", router_calls),
        ("--ttft-s", ttft_s),
        ("--gap-s", gap_s),
        ("--tokens", tokens),
        ("--weather", weather),
    ):
        argv += [] if value is None else [name, str(value)]
    if weather is not None:
        _check(argv)
    argv += ["--plain"] if plain else ["--list-faults"]
    argv += ["--print-faults"] if faults else []
    try:
        code = subprocess.run(tied(argv), cwd=ROOT).returncode
    except KeyboardInterrupt:  # which the child has heard as well
        code = exits.OK
    raise typer.Exit(code)


def _check(argv: list[str]) -> None:
    """A usage error of ours where the simulator would not begin with this weather: it
    has a command line of its own, whose words are of that."""
    tried = subprocess.run(
        [*argv, "--print-faults"], cwd=ROOT, capture_output=True, text=True
    )
    if tried.returncode:
        why = tried.stderr.strip().rpartition("argument --weather: ")[2]
        said = why.replace("GET /sim/faults lists", "llmbench simulate --faults lists")
        raise typer.BadParameter(said, param_hint="--weather")
