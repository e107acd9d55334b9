"""`llmbench account`: what may still be spent and called."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import show
from cli.client import Account
from cli.terminal import Url, ask


def account(
    upstream: Annotated[
        str | None, typer.Option(help="A table of UPSTREAMS_FILE.")
    ] = None,
    url: Url = None,
) -> None:
    """What the account may still spend and call, by the upstream's count and ours.

    Example: llmbench account
    """
    found = ask(url, lambda api: api.account(upstream))
    show.console.print(table(found))
    for note in notes(found):
        show.console.print(show.text(note))


def table(account: Account) -> Table:
    """A row per figure: used, left, and out of how much."""
    found = show.table("", show.text(account["label"] or "the account"))
    for column in ("used", "left", "limit"):
        found.add_column(column, justify="right", no_wrap=True)
    if credit := account["credit"]:
        money = (credit[name] for name in ("used_usd", "remaining_usd", "limit_usd"))
        found.add_row("USD", *map(show.usd, money))
        found.add_row("USD today", show.usd(credit["used_today_usd"]), "", "")
    if spending := account["spending_today"]:
        held = show.usd(spending["held_usd"])
        found.add_row(
            f"USD of benchmarks today ({held} held)",
            show.usd(spending["spent_usd"]),
            "",
            show.usd(spending["max_usd"]),
        )
    for whose in ("ours", "theirs"):
        count = account["free_calls_today"][whose]
        cells = (show.text(count[name]) for name in ("used", "left", "limit"))
        found.add_row(f"free calls today, {whose}", *cells)
    for limit in account["limits"] or ():
        for row in _rows(limit):
            found.add_row(*row)
    return found


def notes(account: Account) -> list[str]:
    """Until when which calls are barred, when the day ends, and what is missing."""
    barred = [
        f"{limit['name']} calls are barred until {limit['barred_until']}."
        for limit in account["limits"] or ()
        if limit["barred_until"]
    ]
    return [
        account["upstream"]["words"],
        *barred,
        f"A day's count ends at {account['resets_at']}.",
        *account["warnings"],
    ]


def _rows(limit: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The counts of one limit that have a cap."""
    of = f"{limit['name']} calls"
    for words, used, cap in (
        ("in the last minute", limit["calls_last_minute"], limit["per_minute"]),
        ("today", limit["calls_today"], limit["per_day"]),
        ("in flight", limit["calls_in_flight"], limit["in_flight"]),
    ):
        shown_above = limit["name"] == "free" and words == "today"
        if cap is not None and not shown_above:
            left = max(0, cap - used)
            yield f"{of} {words}", show.text(used), show.text(left), show.text(cap)
