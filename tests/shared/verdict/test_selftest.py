"""Measured minus true, by hand; and what is concluded from it."""

from typing import Any, Literal

import pytest

from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from shared.verdict import Reason, Verdict, judge
from shared.verdict.selftest import (
    Case,
    Error,
    Mode,
    SelfTest,
    case_of,
    conclude,
    pair_up,
)

STARTS = {(0, 0, "w"): 100.0}


def row(slot: int = 0, **more: Any) -> Sample:
    """Sent 1.0 s, spoke from 1.2 to 1.5 s, ended 1.6 s after the step's start."""
    stamps = {
        "started_s": 1.0,
        "sent_s": 1.0,
        "first_token_s": 1.2,
        "last_token_s": 1.5,
        "ended_s": 1.6,
    }
    return Sample(
        step=0,
        slot=slot,
        target=0,
        prompt=0,
        **{
            "worker": "w",
            "outcome": Outcome.OK,
            "generation_id": f"gen-{slot}",
            **stamps,
            **more,
        },
    )


def record(slot: int = 0, **more: Any) -> dict[str, Any]:
    """The truth of that row, when it was measured without an error."""
    return {
        "id": f"gen-{slot}",
        "received_s": 101.0,
        "first_token_s": 101.2,
        "last_token_s": 101.5,
        "ended_s": 101.6,
        "late_max_s": 0.0,
        **more,
    }


def measured(rows: list[Sample], ledger: list[dict[str, Any]], calls: int) -> Case:
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("?",)),
        runs=calls,
    )
    summary = judge(plan, summarize(plan, rows))
    return case_of(calls, "lockstep", calls, pair_up(rows, STARTS, ledger), summary)


def case(
    streams: int,
    mode: Mode = "staggered",
    *,
    off_ms: float = 0.1,
    kind: Literal["valid", "suspect", "invalid"] = "valid",
    n: int = 4,
    wait_ms: float = 0.05,
) -> Case:
    """A case of four calls."""
    error = Error(p50_s=0.0, p99_s=off_ms / 1000)
    reason = Reason(kind="invalid", code="late_starts", words="Late.", remedy="Wait.")
    return Case(
        streams=streams,
        mode=mode,
        calls=4,
        n=n,
        peak_open=streams,
        ttft_error=error,
        gap_error=error,
        latency_error=error,
        request_wait_min_s=wait_ms / 1000,
        request_wait_p99_s=0.0,
        simulator_late_p99_s=0.0,
        stamp_slack_p99_s=None,
        verdict=Verdict(kind=kind, reasons=(reason,) if kind == "invalid" else ()),
    )


def test_an_error_is_our_stamp_minus_the_true_one() -> None:
    truth = record(
        received_s=101.004,  # read 4 ms after it was sent
        first_token_s=101.197,  # we stamped 3 ms late
        last_token_s=101.498,  # and 2 ms late: the time between is 1 ms too short
        ended_s=101.601,  # and 1 ms early
        late_max_s=0.007,
    )
    found = measured([row()], [truth], 1)
    assert found.ttft_error.p50_s == pytest.approx(0.003)
    assert found.gap_error.p50_s == pytest.approx(-0.001)
    assert found.latency_error.p50_s == pytest.approx(-0.001)
    assert found.request_wait_min_s == pytest.approx(0.004)
    assert found.request_wait_p99_s == pytest.approx(0.004)
    assert found.simulator_late_p99_s == pytest.approx(0.007)


def test_p50_keeps_its_sign_and_p99_is_of_both_directions() -> None:
    # 100 calls: 98 exact, two stamped 8 ms early
    rows = [row(slot) for slot in range(100)]
    ledger = [record(slot) for slot in range(98)]
    ledger += [record(slot, first_token_s=101.208) for slot in (98, 99)]
    error = measured(rows, ledger, 100).ttft_error
    assert error.p50_s == pytest.approx(0.0)
    assert error.p99_s == pytest.approx(0.008)


def test_calls_that_failed_or_are_in_one_book_alone_are_lost() -> None:
    rows = [
        row(0),
        row(1, outcome=Outcome.TRUNCATED),
        row(2, generation_id=None),
        row(3, worker="nobody observed it"),
        row(4),
    ]
    found = measured(rows, [record(slot) for slot in range(4)], 5)
    assert found.n == 1
    assert found.failure == "4 of 5 calls are lost"


def test_without_a_call_no_error_is_known_and_the_case_fails() -> None:
    found = measured([row(outcome=Outcome.EMPTY)], [], 1)
    assert found.ttft_error == Error(p50_s=None, p99_s=None)
    assert found.failure


def test_a_verdict_that_lets_a_wrong_figure_pass_is_a_failure() -> None:
    # 5 % of 200 ms is 10 ms
    assert case(1, off_ms=10).failure is None
    assert "let it pass" in str(case(1, off_ms=10.1).failure)
    assert "let it pass" in str(case(1, off_ms=10.1, kind="suspect").failure)


def test_a_wrong_figure_that_the_verdict_names_is_a_failure_in_other_words() -> None:
    wrong = case(1, off_ms=10.1, kind="suspect")
    for named in ("ttft", "ttft.p99"):
        verdict = Verdict(kind="suspect", unusable=(named,))
        said = wrong.model_copy(update={"verdict": verdict}).failure
        assert said == "off by 10.10 ms (p99), as its verdict says"


def test_a_sent_stamp_that_is_early_or_late_is_a_failure() -> None:
    # Loopback takes microseconds, and no request is read before it was sent.
    assert case(1, wait_ms=9.9).failure is None
    assert "10.10 ms after its stamp" in str(case(1, wait_ms=10.1).failure)
    assert "-0.01 ms after its stamp" in str(case(1, wait_ms=-0.01).failure)


def test_an_invalid_case_fails_however_small_its_errors() -> None:
    assert case(1, off_ms=0, kind="invalid").failure == (
        "the verdict is invalid (late_starts)"
    )
    assert case(1, kind="suspect").failure is None


def test_the_conclusion_believes_what_stands_below_the_first_failure() -> None:
    cases = [
        case(200, off_ms=0.2),
        case(1, off_ms=0.3),
        case(50, "lockstep", kind="invalid"),
        case(50, off_ms=9),
    ]
    assert conclude(cases) == (
        "This machine's figures may be believed up to 1 stream: a time to the first"
        " token was off by 0.30 ms at most (p99); with 50 streams (lockstep) the"
        " verdict is invalid (late_starts)."
    )


def test_the_conclusion_of_a_passed_test_names_its_worst_error() -> None:
    said = conclude([case(200, off_ms=0.2), case(1, off_ms=0.3)])
    assert said == (
        "This machine's figures may be believed up to 200 streams: a time to the first"
        " token was off by 0.30 ms at most (p99)."
    )


def test_the_conclusion_praises_nothing_when_the_smallest_case_fails() -> None:
    said = conclude([case(1, n=3), case(50)])
    assert said == (
        "This machine's figures may not be believed now: with 1 stream (staggered)"
        " 1 of 4 calls are lost."
    )


def test_a_result_survives_json() -> None:
    cases = (case(1), case(50, kind="invalid"))
    result = SelfTest(
        made_at="2026-11-23T08:00:01.250Z",
        took_s=40.0,
        machine={"host": "here", "cores": 2},
        cases=cases,
        passed=False,
        conclusion=conclude(cases),
    )
    assert SelfTest.model_validate_json(result.model_dump_json()) == result
