"""What somebody may have meant who wrote a name that is not there."""

import pytest

from shared.near import meant


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("rusn", ["runs", "load"], "Did you mean `runs`?"),
        ("RUNS", ["runs", "load"], "Did you mean `runs`?"),
        ("rate", ["count", "rate_per_s"], "Did you mean `rate_per_s`?"),
        ("sed", ["seed", "send", "load"], "Did you mean `send` or `seed`?"),
        ("x", ["runs", "load"], "There are: load, runs."),
        ("x", [], "There are none."),
    ],
)
def test_what_is_near_is_asked_and_else_all_is_told(
    name: str, known: list[str], said: str
) -> None:
    assert meant(name, known) == said
