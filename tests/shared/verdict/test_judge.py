"""The verdict: the worst of its reasons, and each told with a remedy."""

from importlib import import_module

import pytest

from shared.verdict.doubts import DOUBTS
from shared.verdict.observations import Observations, together
from shared.verdict.records import Evidence, Reason
from tests.shared.verdict.runs_by_hand import QUIET, VALID, calls, codes, judged, late


def test_a_quiet_run_is_valid_without_a_note() -> None:
    assert judged(calls(400), QUIET) == VALID


def test_what_nobody_observed_is_no_reason_to_doubt() -> None:
    assert judged(calls(400)) == VALID


def test_the_worst_reason_is_the_verdict_and_all_are_told() -> None:
    seen = Observations(cpu_share=0.99, proxy="proxy.example:3128")
    verdict = judged(late(51), seen)
    assert verdict.kind == "invalid"
    assert codes(verdict.reasons) == ["late_starts", "cpu"]
    assert codes(verdict.notes) == ["proxy"]


def test_each_reason_gives_its_number_its_limit_and_a_remedy() -> None:
    (reason,) = judged(late(51)).reasons
    assert (reason.value, reason.limit) == (0.051, 0.05)
    assert "51 of 1000 calls (5.1%) started more than 10 ms after" in reason.words
    assert reason.remedy.endswith(".")


def test_a_run_without_rows_can_be_judged() -> None:
    verdict = judged([])
    assert (verdict.kind, codes(verdict.reasons)) == ("invalid", ["no_success"])
    # to raise `runs` would be no remedy
    assert verdict.notes == ()


def test_what_several_workers_saw_is_the_worst_the_sum_and_every_name() -> None:
    one = Observations(loop_lag_p99_s=0.1, kernel_stamps=2, versions=("b", "a"))
    other = Observations(loop_lag_p99_s=0.3, kernel_stamps=3, versions=("b",))
    assert together([one, other, Observations()]) == Observations(
        loop_lag_p99_s=0.3, kernel_stamps=5, versions=("a", "b")
    )


def test_what_no_worker_saw_stays_unknown() -> None:
    assert together([]) == Observations()
    assert together([Observations(clamped_stamps=0)]).clamped_stamps == 0


def test_a_reason_more_is_one_function_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(evidence: Evidence) -> Reason | None:
        most_s = evidence.summary.latency.max
        if most_s is None or most_s < 1.0:
            return None
        return Reason(
            kind="suspect",
            code="slow",
            words=f"A call took {most_s:g} s.",
            remedy="Ask for less.",
            figures=("latency.p99",),
        )

    monkeypatch.setattr(
        import_module("shared.verdict.judge"), "DOUBTS", (*DOUBTS, slow)
    )
    verdict = judged(calls(400))
    assert (verdict.kind, codes(verdict.reasons)) == ("suspect", ["slow"])
    assert verdict.unusable == ("latency.p99",)
    assert "latency.p99" not in verdict.usable
    assert "latency.p95" in verdict.usable
