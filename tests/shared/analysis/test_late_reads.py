"""How surely a stamp dates its read, and the figures that it touches."""

import pytest

from shared.analysis.gaps import gap_histogram
from shared.analysis.summarize import summarize
from shared.sample import Sample
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


def test_stamp_slack_counts_calls_without_slack_as_exact() -> None:
    streamed = {"first_token_s": 0.5}
    rows = [row(slot, 0.0, 1.0, **streamed) for slot in range(100)]
    rows.append(row(100, 0.0, 1.0, stamp_slack_s=0.25, **streamed))
    # 101 values, 100 of them 0: place 100 x 0.99 = 99, the last zero.
    assert summarize(PLAN, rows).stamp_slack_p99_s == 0.0
    # Two of 102 have slack: place 101 x 0.99 = 99.99, between 0 and 0.25.
    rows.append(row(101, 0.0, 1.0, stamp_slack_s=0.25, **streamed))
    assert summarize(PLAN, rows).stamp_slack_p99_s == pytest.approx(0.99 * 0.25)
    assert summarize(PLAN, FIVE).stamp_slack_p99_s is None


def slow(slot: int, **slack: float | None) -> Sample:
    """200 ms to the first token, four gaps of 50 ms, 1 s in all."""
    gaps, total_s, largest_s = gap_histogram([0.2, 0.25, 0.3, 0.35, 0.4])
    return row(
        slot,
        float(slot),
        slot + 1.0,
        **{"first_token_s": slot + 0.2, "last_token_s": slot + 0.4},
        **{"gaps": gaps, "gap_sum_s": total_s, "gap_max_s": largest_s},
        **{"output_tokens": 5, "gap_doubtful_n": 0, **slack},
    )


@pytest.mark.parametrize(
    ("slack", "doubtful"),
    [
        # 5 % of 200 ms, of a mean gap of 50, of 200 from first to last token, of 1 s
        ({"ttft_slack_s": 0.0101}, {"ttft", "tpot"}),
        ({"ttft_slack_s": 0.0099}, set()),
        # a late read between them moves neither the first token nor the last
        ({"gap_slack_s": 0.0501, "gap_doubtful_n": 4}, {"gap"}),
        ({"last_slack_s": 0.0101}, {"tpot"}),
        ({"last_slack_s": 0.0099}, set()),
        ({"end_slack_s": 0.0501}, {"latency"}),
        ({"end_slack_s": 0.0099}, set()),
        # a row of an earlier build has one slack, of the first token or of the gaps
        ({"stamp_slack_s": 0.0101, "gap_doubtful_n": None}, {"ttft", "gap", "tpot"}),
        ({"stamp_slack_s": 0.0026, "gap_doubtful_n": None}, {"gap"}),
        ({"stamp_slack_s": 0.0024, "gap_doubtful_n": None}, set()),
    ],
)
def test_a_late_read_touches_the_figures_that_it_dated(
    slack: dict[str, float | None], doubtful: set[str]
) -> None:
    rows = [slow(0, **slack), slow(1), slow(2), slow(3)]
    shares = summarize(PLAN, rows).doubtful_shares
    assert shares == {
        name: 0.25 if name in doubtful else 0.0
        for name in ("ttft", "gap", "tpot", "latency")
    }


def test_gaps_count_each_for_itself() -> None:
    # of 4 x 4 gaps two
    rows = [slow(0, gap_slack_s=0.02, gap_doubtful_n=2), slow(1), slow(2), slow(3)]
    assert summarize(PLAN, rows).doubtful_shares["gap"] == 2 / 16


def test_slack_of_one_look_at_the_sockets_is_not_held_against_a_quick_figure() -> None:
    # 5 % of 20 ms is 1 ms, and sockets are looked at every millisecond
    rows = [
        row(n, 0.0, 0.1, first_token_s=0.02, ttft_slack_s=slack_s, gap_doubtful_n=0)
        for n, slack_s in enumerate((0.0011, 0.002, 0.0021))
    ]
    shares = summarize(PLAN, rows).doubtful_shares
    assert shares == {"ttft": pytest.approx(1 / 3), "latency": 0.0}
