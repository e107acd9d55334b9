"""The account on the terminal: unknown is a dash, and what is missing is said."""

from typing import Any

from cli import show
from cli.commands.account import notes, table


def account(**more: Any) -> dict[str, Any]:
    limit = {
        "name": "free",
        "per_minute": 20,
        "per_day": 50,
        "in_flight": None,
        "calls_last_minute": 3,
        "calls_today": 14,
        "calls_in_flight": None,
        "barred_until": None,
    }
    return {
        "upstream": {"words": "https://openrouter.ai/api/v1 is asked as OpenRouter."},
        "label": "sk-or-v1-3fa...c19",
        "credit": {
            "limit_usd": 5.0,
            "remaining_usd": 4.75,
            "used_usd": 0.25,
            "used_today_usd": 0.0,
        },
        "free_calls_today": {
            "ours": {"limit": 50, "used": 14, "left": 36},
            "theirs": {"limit": 50, "used": None, "left": None},
        },
        "limits": [limit],
        "spending_today": {
            "spent_usd": 0.031,
            "held_usd": 0.002,
            "unaccounted_usd": 0.0,
            "max_usd": 5.0,
        },
        "resets_at": "2026-11-24T00:00:00.000Z",
        "warnings": [],
        **more,
    }


def rows(shown: dict[str, Any]) -> dict[str, list[str]]:
    """First cell -> the others, as they are drawn."""
    with show.console.capture() as drawn:
        show.console.print(table(shown), width=100)
    drawn_lines = drawn.get().replace("─", "").splitlines()
    lines = [line.strip().split("  ") for line in drawn_lines]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {line[0]: line[1:] for line in cells if line}


def test_each_figure_is_used_left_and_limit() -> None:
    assert rows(account()) == {
        "sk-or-v1-3fa...c19": [],
        "used": ["left", "limit"],
        "USD": ["0.250000", "4.750000", "5.000000"],
        "USD today": ["0.000000"],
        "USD of benchmarks today (0.002000 held)": ["0.031000", "5.000000"],
        "free calls today, ours": ["14", "36", "50"],
        "free calls today, theirs": ["-", "-", "50"],
        "free calls in the last minute": ["3", "17", "20"],
    }


def test_an_account_of_which_nothing_is_known_is_shown() -> None:
    unknown = {"limit": None, "used": None, "left": None}
    drawn = rows(
        account(
            label=None,
            credit=None,
            limits=None,
            free_calls_today={"ours": unknown, "theirs": unknown},
        )
    )
    assert drawn["free calls today, ours"] == ["-", "-", "-"]
    assert "USD" not in drawn


def test_limits_of_ones_own_are_rows_and_a_bar_is_a_sentence() -> None:
    own = {
        "name": "all",
        "per_minute": None,
        "per_day": 100,
        "in_flight": 8,
        "calls_last_minute": 9,
        "calls_today": 101,
        "calls_in_flight": 2,
        "barred_until": "2026-11-23T09:00:00.000Z",
    }
    shown = account(limits=[own], warnings=["The store is away."])
    drawn = rows(shown)
    assert drawn["all calls today"] == ["101", "0", "100"]
    assert drawn["all calls in flight"] == ["2", "6", "8"]
    assert notes(shown) == [
        "https://openrouter.ai/api/v1 is asked as OpenRouter.",
        "all calls are barred until 2026-11-23T09:00:00.000Z.",
        "A day's count ends at 2026-11-24T00:00:00.000Z.",
        "The store is away.",
    ]
