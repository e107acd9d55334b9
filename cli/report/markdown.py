"""A benchmark as Markdown, such as for the summary of a CI job."""

from collections.abc import Iterable, Iterator

from cli.report import sentences, tables
from cli.report.against.held_to import HeldTo
from cli.report.judge import GateOutcome, Job
from cli.report.tables import FigureRow
from cli.report.words import DOUBTFUL
from cli.show import text
from shared.standards.markdown import escaped


def as_markdown(
    job: Job, judged: Iterable[GateOutcome], beside: HeldTo | None = None
) -> str:
    """The verdict, the gates, what it was compared with, a table of targets and one of
    steps, why calls failed."""
    return "\n".join(_lines(job, tuple(judged), beside)) + "\n"


def _lines(
    job: Job, judged: tuple[GateOutcome, ...], beside: HeldTo | None
) -> Iterator[str]:
    (_, first), *rest = sentences.verdict(job)
    yield f"### llmbench: {job['status']}\n"
    yield f"**{plain(first)}** Job `{job['job_id']}`.\n"
    for said in (*(words for _, words in rest), *sentences.ending(job)):
        yield f"- {plain(said)}"
    if judged:
        yield "\n| gate | | figure |\n|---|---|---|"
        for one in judged:
            of = f" of {one.of}" if one.of and not one.gate.of else ""
            state = sentences.state(one)
            state = f"**{state}**" if one.failed else state
            gate = plain(f"fail if {one.gate.text}{of}")
            yield f"| {gate} | {state} | {plain(one.words)} |"
    if beside:
        head, *more = beside.sentences()
        yield f"\n{plain(head)}\n"
        yield from (f"- {plain(said)}" for said in more)
    if job["result"]:
        yield from _figures(job)
    if failed := sentences.failures(job):
        yield "\nWhy calls failed:\n"
        yield from (f"- {plain(said)}" for said in failed)


def _figures(job: Job) -> Iterator[str]:
    rows, swept = tables.targets(job), tables.steps(job)
    yield from _table("target", rows)
    if swept:
        yield from _table("step", swept)
    if tables.has_doubtful(rows + swept):
        yield f"\n{DOUBTFUL} too few calls to bound it"
    if told := sentences.listed(job):
        yield from _table("provider", tables.listed(job))
        yield f"\n{plain(told)}"
    if unwhole := tables.integrity(job):
        yield f"\n{sentences.UNWHOLE}:"
        yield from _table("target", unwhole)
    if judged := sentences.judging(job):
        yield f"\n{plain(judged)}"
    if answer := sentences.found(job):
        yield f"\n**{plain(answer)}**"


def _table(first: str, rows: list[FigureRow]) -> Iterator[str]:
    if not rows:
        return
    heads = [cell.head for cell in rows[0].cells]
    yield f"\n| {first} | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}"
    for row in rows:
        cells = [
            f"{plain(cell.value)}<br>{plain(cell.interval)}".removesuffix("<br>")
            for cell in row.cells
        ]
        yield f"| {plain(row.label)} | {' | '.join(cells)} |"


def plain(words: str) -> str:
    """A stranger's words as they are: no markup of theirs, one line, and nothing that
    could move a cursor.

    >>> plain("[a](b) <img> 1 * 2")
    '\\\\[a\\\\](b) \\\\<img\\\\> 1 \\\\* 2'
    """
    return escaped(text(" ".join(words.split())))
