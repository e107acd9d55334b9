"""The scorecard in the docs."""

from tests.faults.__main__ import DOCS, with_lines
from tests.faults.figure import Figure

OLD = """Before.
<!-- scorecard -->
Whatever.

| # | figure | measured | bar | met | build |
|---|---|---|---|---|---|
| 2 | twice | 1 of 9 | 0 | **no** | aaaaaaa, 2026-01-01 |
| 12 | jobs | 10 | 10 | yes | aaaaaaa, 2026-01-01 |
<!-- end -->
After.
"""
TWICE = Figure(2, "twice", "0 of 9", "0", met=True)
JOBS = Figure(12, "jobs", "9", "10", met=False)


def test_a_line_is_replaced_and_says_of_which_build_it_is() -> None:
    new = with_lines(OLD, [TWICE], "bbbbbbb, 2026-01-02")
    assert "| 2 | twice | 0 of 9 | 0 | yes | bbbbbbb, 2026-01-02 |\n| 12 | jobs" in new
    assert "| 12 | jobs | 10 | 10 | yes | aaaaaaa, 2026-01-01 |\n<!-- end" in new
    assert "Whatever" not in new
    assert "**not all of one build**" in new
    assert new.startswith("Before.\n")
    assert new.endswith("-->\nAfter.\n")


def test_lines_of_two_days_may_be_of_one_build() -> None:
    once = with_lines(OLD, [TWICE], "bbbbbbb, 2026-01-02")
    both = with_lines(once, [JOBS], "bbbbbbb, 2026-01-03")
    assert "; of one build." in both
    assert "| 12 | jobs | 9 | 10 | **no** | bbbbbbb, 2026-01-03 |" in both


def test_the_docs_have_a_place_for_it() -> None:
    assert "| 2 | twice | " in with_lines(DOCS.read_text("utf-8"), [TWICE], "b")
