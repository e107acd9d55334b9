"""`llmbench run --dry-run`: what a benchmark would cost and take, on the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from cli import show


def draw(quoted: dict[str, Any]) -> None:
    """The table, and the notes under it."""
    show.console.print(table(quoted))
    for note in notes(quoted):
        show.console.print(show.text(note))


def table(quoted: dict[str, Any]) -> Table:
    """A row per target, and one of all together."""
    found = show.table("target", "Nothing was queued. It would be")
    for column in ("calls", "USD at worst", "USD expected"):
        found.add_column(column, justify="right")
    for target in (*quoted["targets"], {**quoted, "target": "all"}):
        found.add_row(
            show.text(target["target"]),
            show.text(target["calls"]),
            show.usd(target["worst_usd"]),
            show.usd(target["expected_usd"]),
        )
    return found


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
    yield f"It ends no earlier than {quoted['earliest_end']}."
    yield from quoted["warnings"]
