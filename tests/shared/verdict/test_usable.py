"""The figures that a verdict leaves usable."""

from shared.analysis.gaps import gap_histogram
from shared.sample import Sample
from shared.verdict.records import Reason
from shared.verdict.usable import unusable
from tests.shared.verdict.runs_by_hand import call, judged, late, slack


def with_gaps(n: int) -> list[Sample]:
    """400 calls with five tokens in 200 ms, of the first n every gap in doubt."""
    gaps, sum_s, max_s = gap_histogram([0.2, 0.25, 0.3, 0.35, 0.4])
    fixed = {"gaps": gaps, "gap_sum_s": sum_s, "gap_max_s": max_s}
    return [
        call(slot, **fixed, gap_doubtful_n=4 if slot < n else 0) for slot in range(400)
    ]


def test_late_reads_of_gaps_leave_the_other_figures_alone() -> None:
    # 84 of 1,600 are more than 5 %
    verdict = judged(with_gaps(21))
    (reason,) = verdict.reasons
    assert (verdict.kind, reason.code) == ("suspect", "stamp_slack")
    assert reason.figures == verdict.unusable == ("gap",)
    assert verdict.usable == ("latency", "response", "ttft", "rate")
    assert "5.2% of the gaps" in reason.words
    assert (reason.value, reason.limit) == (21 / 400, 0.05)


def test_a_small_share_of_late_reads_touches_p99_and_not_the_median() -> None:
    verdict = judged(slack(20, ttft_slack_s=0.05))
    assert verdict.kind == "suspect"
    assert verdict.unusable == ("ttft.p99", "ttft_visible.p99")
    kept = ("ttft.mean", "ttft.p50", "ttft.p90", "ttft.p95")
    assert verdict.usable == ("latency", "response", *kept, "rate")


def test_late_starts_touch_what_counts_from_the_due_time() -> None:
    verdict = judged(late(20))
    assert verdict.unusable == ("response.p99",)
    verdict = judged(late(51))
    assert verdict.unusable == ("rate", "response")
    assert verdict.usable == ("latency", "ttft")


def test_a_number_of_a_figure_that_is_named_whole_is_not_named_again() -> None:
    def naming(*figures: str) -> Reason:
        return Reason(kind="suspect", code="x", words="", remedy="", figures=figures)

    assert unusable([naming("ttft.p99", "gap"), naming("ttft")]) == ("gap", "ttft")
    assert unusable([]) == ()
