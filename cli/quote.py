"""`llmbench run --dry-run`: what a benchmark would cost and take, on the terminal."""

from collections.abc import Iterator
from typing import Any

from cli import show
from cli.report.tables import Cell, FigureRow, put
from cli.report.words import clock, usd


def draw(quoted: dict[str, Any]) -> None:
    """What it comes to, a row for each target, and the notes."""
    show.console.print(f"Nothing was queued. {in_short(quoted)}", soft_wrap=True)
    put(rows(quoted), "target", show.console)
    for note in notes(quoted):
        show.console.print(show.text(note), soft_wrap=True)


def in_short(quoted: dict[str, Any]) -> str:
    """Calls, cost and time.

    >>> in_short({"calls": 100, "worst_usd": 0.25, "expected_usd": None, "takes_s": 9})
    'It would be 100 calls, for at most $0.25, and take at least 0:09.'
    """
    calls = quoted["calls"]
    asked = "an unknown number of" if calls is None else f"{calls:,}"
    worst, expected = quoted["worst_usd"], quoted["expected_usd"]
    paid = "at a cost that nobody knows"
    if worst is not None:
        paid = f"for at most {usd(worst)}"
    if expected is not None:
        paid += f" (about {usd(expected)} is expected)"
    least_s = quoted["takes_s"]
    least = f"take at least {clock(least_s)}" if least_s >= 1 else _AT_ONCE
    return f"It would be {asked} calls, {paid}, and {least}."


_AT_ONCE = "take as long as the upstream does (no load or limit slows it)"


def rows(quoted: dict[str, Any]) -> list[FigureRow]:
    """A row per target, and one of all together where they are several."""
    judges = [
        {**judge, "target": f"{judge['model']} (judge)"}
        for judge in quoted.get("judges", ())
    ]
    several = len(quoted["targets"]) + len(judges) > 1
    whole = [{**quoted, "target": "all"}] if several else []
    return [
        FigureRow(
            show.text(target["target"]),
            (
                Cell("calls", show.text(target["calls"])),
                Cell("USD at worst", show.usd(target["worst_usd"])),
                Cell("USD expected", show.usd(target["expected_usd"])),
            ),
        )
        for target in (*quoted["targets"], *judges, *whole)
    ]


def notes(quoted: dict[str, Any]) -> Iterator[str]:
    """What the guesses are made from, where the budget ends it, how long it takes."""
    said = {target["expected_from"] for target in quoted["targets"]} - {None}
    for guess in sorted(said):
        yield f"Expected by {guess}."
    budget, worst = quoted["max_cost_usd"], quoted["worst_usd"]
    if budget is not None and (worst is None or worst > budget):
        yield f"It stops where the next call might exceed its budget of USD {budget:g}."
    for limit in quoted["limits"]:
        yield (
            f"{limit['calls']} calls fall under the limit `{limit['limit']}`:"
            f" {show.text(limit['per_minute'])} a minute,"
            f" {show.text(limit['per_day'])} a day,"
            f" {show.text(limit['left_today'])} left today."
        )
    if quoted["takes_s"] >= 1:
        yield f"It ends no earlier than {quoted['earliest_end']}."
    yield from quoted["warnings"]
