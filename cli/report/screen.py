"""A benchmark that has ended, on the terminal: the verdict first."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.report import sentences, tables
from cli.report.against.held_to import HeldTo
from cli.report.judge import GateOutcome, Job
from cli.report.words import DOUBTFUL
from cli.show import text

_STYLES = {
    "valid": "bold green",
    "suspect": "bold yellow",
    "invalid": "bold red",
    "note": "dim",
    "figures": "",
}


def show(
    job: Job,
    judged: Iterable[GateOutcome],
    console: Console,
    *,
    where: Path | str | None,
    beside: HeldTo | None = None,
) -> None:
    """All of it. where: a folder, or an address, that has its files."""
    name = f" {text(job['name'])}" if job.get("name") else ""
    line(console, f"{job['job_id']}{name}: {job['status']}")
    for kind, said in sentences.verdict(job):
        first = said.startswith(("Verdict", "No verdict"))
        shown = Text(said, _style(kind, first=first))
        console.print(shown if first else _indented(shown))
    for said in sentences.ending(job):
        console.print(Text(said))
    if job["result"]:
        _figures(job, console)
    if failed := sentences.failures(job):
        console.print(Text("Why calls failed", "bold"))
        for said in failed:
            console.print(_indented(Text(said)))
    for one in judged:
        console.print(Text(sentences.gate(one), _of_gate(one)))
    if beside is not None:
        head, *more = beside.sentences()
        console.print(Text(head, "bold"), soft_wrap=True)
        for said in more:
            console.print(_indented(Text(said)))
    if where is not None:
        line(console, f"Every call is a row of {where}/samples.csv")


def line(console: Console, said: str) -> None:
    """A line with an id or a path in it: the terminal may break it, we do not."""
    console.print(Text(said), soft_wrap=True)


def _figures(job: Job, console: Console) -> None:
    rows = tables.targets(job)
    swept = tables.steps(job)
    console.print(tables.draw(rows, "target", console))
    if swept:
        console.print(tables.draw(swept, "step", console))
    if tables.has_doubtful(rows + swept):
        console.print(Text(f"{DOUBTFUL} too few calls to bound it", "dim"))
    if providers := tables.listed(job):
        console.print(tables.draw(providers, "provider", console))
    if told := sentences.listed(job):
        console.print(Text(told, "dim"))
    if unwhole := tables.integrity(job):
        console.print(Text(sentences.UNWHOLE, "bold"))
        console.print(tables.draw(unwhole, "target", console))
    if judged := sentences.judging(job):
        console.print(Text(judged))
    if answer := sentences.found(job):
        console.print(Text(answer, "bold"))


def _of_gate(one: GateOutcome) -> str:
    if one.failed:
        return "bold red"
    return "yellow" if one.is_open else "green"


def _indented(said: Text) -> Padding:
    return Padding(said, (0, 0, 0, 2))


def _style(kind: str, *, first: bool) -> str:
    style = _STYLES[kind]
    return style if first else style.removeprefix("bold ")
