"""Tables and words on the terminal."""

import json
import re
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cli.client import Job

_NOT_ASCII = re.compile(r"[^\n -~]")

console = Console(highlight=False, markup=False, emoji=False)
"""Shows strings of strangers as they are: nothing in them is an instruction."""


def verdict(job: Job) -> str:
    """Whether to believe the figures, and why not."""
    judged: dict[str, Any] | None = (job["result"] or {}).get("verdict")
    if judged is None:
        return "No verdict: the benchmark has no result yet."
    lines = [f"Verdict: {judged['kind']}"]
    for found in (*judged["reasons"], *judged["notes"]):
        # the words may hold a sentence of the upstream
        words = text(f"{found['words']} {found['remedy']}").rstrip()
        lines.append(f"  {found['kind']}: {words}")
    for name, figures in (("unusable", "cannot"), ("usable", "can")):
        if judged.get("unusable") and judged.get(name):
            lines.append(f"  Figures that {figures} be used: {', '.join(judged[name])}")
    return "\n".join(lines)


def table(first: str, title: str | None = None) -> Table:
    """An empty table whose first column is never cut short."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    made.add_column(first, overflow="fold")
    return made


def ms(seconds: float | None) -> str:
    """Seconds as milliseconds, for people; a dash for what is unknown."""
    return "-" if seconds is None else f"{seconds * 1000:,.1f}"


def usd(amount: float | str | None) -> str:
    return "-" if amount is None else f"{float(amount):.6f}"


def as_json(value: object) -> str:
    """A document for programs that harms no terminal either: what is not printable is
    escaped, which means the same."""
    document = json.dumps(value, ensure_ascii=False, indent=2)
    return _NOT_ASCII.sub(_escaped, document)


def _escaped(found: re.Match[str]) -> str:
    c = found[0]
    return c if c.isprintable() else json.dumps(c)[1:-1]


def lines(value: object) -> str:
    """As `text`, but of several lines, such as an answer."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in str(value))


def text(value: object) -> str:
    """For a cell: a dash for what is unknown, nothing that could move the cursor."""
    shown = "-" if value is None else str(value)
    return "".join(c if c.isprintable() else "?" for c in shown)
