"""`llmbench compare`: which is better, by how much, and how sure that is."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.terminal import Url, ask
from shared.comparison import LABELS

COLUMNS = ("", "a", "b", "a beside b", "p", "in these minutes", "beyond them")
_WORDS = {"cannot_tell": "cannot tell yet"}


def compare(
    jobs: Annotated[
        list[str],
        typer.Argument(help="One: its targets. Two to eight: these, by ids or so."),
    ],
    anyway: Annotated[
        bool, typer.Option(help="Also those that were asked for other work.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a JSON object, for programs.")
    ] = False,
    url: Url = None,
) -> None:
    """Compare the targets of a benchmark that has ended, or several benchmarks.

    Every two are compared in every metric: by how much, from where to where, and in one
    sentence of what is true in these minutes, and beyond them. Into a pipe a metric is
    a line, its values between tabs.

    Example: llmbench compare 01JZ8M5T7Q 01JZ8M6A2B
    """
    found = ask(url, lambda api: api.compare(jobs, anyway=anyway))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for verdict in found["verdicts"]:
        _show(verdict, of_runs=found["between"] == "runs")
    for line in lines(found):
        show.console.print(show.text(line), soft_wrap=True)


def _show(verdict: Job, *, of_runs: bool) -> None:
    for name in ("a", "b"):
        side = verdict[name]
        run = f" of {side['job_id']}" if of_runs else ""
        show.console.print(f"{name}: {show.text(side['target'])}{run}", soft_wrap=True)
    how = "pairs of one prompt" if verdict["paired"] else "calls, unpaired"
    tokens = verdict["token_ratio"]
    more = "" if tokens is None else f"; {tokens:.2f} output tokens of a for one of b"
    show.console.print(f"{verdict['pairs']:,} {how}{more}", soft_wrap=True)
    if show.console.is_terminal:
        show.console.print(_table(verdict["metrics"]))
    else:
        for metric in verdict["metrics"]:
            typer.echo("\t".join(cells(metric)))
    show.console.print(show.text(verdict["sentence"]) + "\n", soft_wrap=True)


def _table(metrics: list[Job]) -> Table:
    made = show.table(COLUMNS[0])
    for column in COLUMNS[1:]:
        made.add_column(column, overflow="fold")
    for metric in metrics:
        made.add_row(*cells(metric))
    return made


def cells(metric: Job) -> Iterator[str]:
    """The values of one metric, in the order of `COLUMNS`."""
    name = metric["metric"]
    yield LABELS[name]
    yield _value(name, metric["a"])
    yield _value(name, metric["b"])
    near, far = metric["minutes"], metric["beyond"]
    if near is None:
        yield from ("-", "-", show.text(metric["why"]), "-")
        return
    low, high = _change(name, near["low"]), _change(name, near["high"])
    yield f"{_change(name, near['estimate'])} ({low} to {high}){_unit(name)}"
    yield _p(near["p_holm"])
    yield _word(near)
    yield _word(far) if far else "-"


def lines(found: Job) -> Iterator[str]:
    """What stands below the tables."""
    for ranking in found["rankings"]:
        yield ranking["sentence"]
    for differs in found["differences"]:
        yield f"They differ in {differs['what']}: {' and '.join(differs['values'])}"
    for why in found["left_out"]:
        yield f"Left out: {why}"
    yield from _open(found)
    yield from found["notes"]


def _open(found: Job) -> list[str]:
    """What it would take to tell what cannot be told yet; each once."""
    said = [
        f"To tell {LABELS[metric['metric']]} {when}: {metric[needs]}"
        for verdict in found["verdicts"]
        for metric in verdict["metrics"]
        for needs, when in (("needs", "now"), ("needs_beyond", "beyond"))
        if metric[needs] and (when == "now" or metric["beyond"])
        if len(found["verdicts"]) == 1
    ]
    return list(dict.fromkeys(said))


def _word(statement: Job) -> str:
    word: str = statement["word"]
    return _WORDS.get(word, f"a is {word}" if word in ("better", "worse") else word)


def _value(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "success":
        return f"{100 * value:.1f} %"
    return f"${value:.6f}" if name == "cost" else f"{show.ms(value)} ms"


def _change(name: str, share: float) -> str:
    if name.endswith("_wins"):
        return f"{100 * (share + 0.5):.1f}"
    return f"{100 * share:+.1f}"


def _unit(name: str) -> str:
    return " points" if name == "success" else " %"


def _p(value: Any) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
