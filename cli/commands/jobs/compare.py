"""`llmbench compare`: which is better, by how much, and how sure that is."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.report.markdown import plain
from cli.terminal import Url, ask
from shared.comparison import LABELS, SHARES

COLUMNS = ("", "a", "b", "a beside b", "p", "in these minutes", "beyond them")
_WORDS = {"cannot_tell": "cannot tell yet"}


def compare(
    jobs: Annotated[
        list[str],
        typer.Argument(help="One: its targets. Two to eight: these, by ids or so."),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(help="A run of the other side; three or more a side, each given."),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(help="A target of all that shows what the hour did."),
    ] = None,
    anyway: Annotated[
        bool, typer.Option(help="Also those that were asked for other work.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a JSON object, for programs.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="As Markdown, for a page or a request.")
    ] = False,
    url: Url = None,
) -> None:
    """Compare the targets of a benchmark that has ended, or several benchmarks.

    Every two are compared in every metric: by how much, from where to where, and in one
    sentence of what is true in these minutes, and beyond them. Into a pipe a metric is
    a line, its values between tabs.

    Example: llmbench compare 01JZ8M5T7Q 01JZ8M6A2B
    """
    found = ask(
        url,
        lambda api: api.compare(jobs, anyway=anyway, against=against, control=control),
    )
    if as_json:
        typer.echo(show.as_json(found))
        return
    if as_markdown:
        typer.echo("\n".join(markdown(found)))
        return
    for verdict in found["verdicts"]:
        _show(verdict, of_runs=found["between"] != "targets")
    for line in lines(found):
        show.console.print(show.text(line), soft_wrap=True)


def _show(verdict: Job, *, of_runs: bool) -> None:
    for line in _sides(verdict, of_runs=of_runs):
        show.console.print(show.text(line), soft_wrap=True)
    if show.console.is_terminal:
        show.console.print(_table(verdict["metrics"]))
    else:
        for metric in verdict["metrics"]:
            typer.echo("\t".join(cells(metric)))
    show.console.print(show.text(verdict["sentence"]) + "\n", soft_wrap=True)


def _sides(verdict: Job, *, of_runs: bool) -> Iterator[str]:
    """Who is compared, by how many calls, and what their lengths explain."""
    for name in ("a", "b"):
        side = verdict[name]
        runs = ", ".join((side["job_id"], *side["further"]))
        yield f"{name}: {side['target']}" + (f" of {runs}" if of_runs else "")
    if verdict["control"]:
        yield f"control: {verdict['control']}"
    how = "pairs of one prompt" if verdict["paired"] else "calls, unpaired"
    if verdict["a"]["further"]:
        how = "runs a side, each of which is one value"
    tokens = verdict["token_ratio"]
    more = "" if tokens is None else f"; {tokens:.2f} output tokens of a for one of b"
    yield f"{verdict['pairs']:,} {how}{more}"
    split = verdict["cost_split"]
    if split:
        yield (
            f"cost of a: {split['price']:.2f} times the price per output token x"
            f" {split['tokens']:.2f} times the tokens"
        )


def markdown(found: Job) -> Iterator[str]:
    """The same as a document: a table for every two, then what stands below."""
    for verdict in found["verdicts"]:
        sides = _sides(verdict, of_runs=found["between"] != "targets")
        yield from (f"- {plain(line)}" for line in sides)
        yield ""
        yield f"| {' | '.join(COLUMNS)} |"
        yield "|---" * len(COLUMNS) + "|"
        for metric in verdict["metrics"]:
            yield f"| {' | '.join(map(plain, cells(metric)))} |"
        yield f"\n{plain(verdict['sentence'])}\n"
    yield from (f"- {plain(line)}" for line in lines(found))


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
    said = near or far
    if said is None:
        yield from ("-", "-", show.text(metric["why"]), "-")
        return
    low, high = _change(name, said["low"]), _change(name, said["high"])
    yield f"{_change(name, said['estimate'])} ({low} to {high}){_unit(name)}"
    yield _p(said["p_holm"])
    yield _word(near) if near else "-"
    yield _word(far) if far else "-"


def lines(found: Job) -> Iterator[str]:
    """What stands below the tables."""
    for ranking in found["rankings"]:
        yield ranking["sentence"]
    if front := found.get("front"):
        yield from (_point(point) for point in front["points"])
        yield front["sentence"]
    for differs in found["differences"]:
        yield f"They differ in {differs['what']}: {' and '.join(differs['values'])}"
    for why in found["left_out"]:
        yield f"Left out: {why}"
    yield from _open(found)
    yield from found["notes"]


def _point(point: Job) -> str:
    """One of those on the front or off it, with a mark."""
    values = [f"{LABELS[m]} {_value(m, value)}" for m, value in point["values"].items()]
    mark = "*" if point["on_front"] else " "
    return f"{mark} {point['side']['target']}: {', '.join(values)}"


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
    if name in SHARES:
        return f"{100 * value:.1f} %"
    return f"${value:.6f}" if name == "cost" else f"{show.ms(value)} ms"


def _change(name: str, share: float) -> str:
    if name.endswith("_wins"):
        return f"{100 * (share + 0.5):.1f}"
    return f"{100 * share:+.1f}"


def _unit(name: str) -> str:
    return " points" if name in SHARES else " %"


def _p(value: Any) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
