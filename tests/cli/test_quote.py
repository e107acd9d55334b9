"""What a dry run says: calls, cost and time, and what each comes from."""

from typing import Any

import pytest

from cli.quote import in_short, notes


def quoted(**said: Any) -> dict[str, Any]:
    """The answer to a dry run of 100 calls."""
    target = {"target": "a/b", "expected_from": None}
    plain = {
        "calls": 100,
        "worst_usd": 0.25,
        "expected_usd": 0.1,
        "max_cost_usd": None,
        "takes_s": 0.0,
        "earliest_end": "2026-11-24T00:00:00.000Z",
        "targets": [target],
        "limits": [],
        "warnings": [],
    }
    return {**plain, **said}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {},
            "It would be 100 calls, for at most $0.25 (about $0.10 is expected), and"
            " take as long as the upstream does (no load or limit slows it).",
        ),
        (
            {"takes_s": 300.0, "expected_usd": None, "worst_usd": 0.0},
            "It would be 100 calls, for at most $0, and take at least 5:00.",
        ),
        (
            {"calls": None, "worst_usd": None, "expected_usd": None, "takes_s": 60.0},
            "It would be an unknown number of calls, at a cost that nobody knows, and"
            " take at least 1:00.",
        ),
    ],
)
def test_calls_cost_and_time_are_said(said: dict[str, Any], words: str) -> None:
    assert in_short(quoted(**said)) == words


def test_an_end_that_is_now_is_not_said() -> None:
    assert list(notes(quoted())) == []
    assert list(notes(quoted(takes_s=60.0))) == [
        "It ends no earlier than 2026-11-24T00:00:00.000Z."
    ]
