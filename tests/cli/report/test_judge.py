"""Gates and exit codes on figures worked by hand."""

from typing import Any

import pytest

from cli import exits
from cli.report import GateOutcome, exit_code, judge, parse_gate
from tests.cli.fixed import done, percentile


def figures(**more: Any) -> dict[str, Any]:
    """100 calls, 97 of them ok: a TTFT p95 of 1.2 s, which may be 0.9 to 1.5 s."""
    ttft = {"n": 97, "calls": 97, "mean": 0.5, "max": 2.0}
    ttft |= {"p50": percentile(0.5, 0.4, 0.6), "p95": percentile(1.2, 0.9, 1.5)}
    ttft |= {"p99": percentile(1.9), "p90": percentile(1.0, None, 1.1)}
    return {
        "ttft": ttft,
        "counts": {"ok": 97, "failed": 3, "dropped": 0},
        "cost": {"billed_usd": 0.3, "usd_per_1000_good": 3.0},
        "throughput": {"requests_per_s": 4.0, "output_tokens_per_s": None},
        "goodput": None,
        "find": None,
        "successful_runs": 97,
    } | more


def job(status: str = "done", ending: str = "completed", **more: Any) -> dict[str, Any]:
    """One target with these figures."""
    target = figures(**more) | {"target": "a/b@c", "model": "a/b"}
    step = figures() | {"name": "concurrency 8", "warmup": False}
    verdict = {"kind": "valid", "unusable": []}
    result = figures(**more) | {"targets": [target], "steps": [step]}
    return {
        "status": status,
        "ending": ending,
        "plan": {},
        "money": {"spent_usd": 0.4},
        "result": {"verdict": verdict} | result,
    }


def judged(text: str, of: dict[str, Any], *, strict: bool = False) -> GateOutcome:
    (one,) = judge([parse_gate(text)], of, strict=strict)
    return one


@pytest.mark.parametrize(
    ("text", "failed", "strictly"),
    [
        ("ttft.p95 > 1s", False, True),  # 1.2 s, but perhaps 0.9 s
        ("ttft.p95 > 0.8s", True, True),
        ("ttft.p95 > 1.6s", False, False),
        ("ttft.p95 < 1.3s", False, True),  # it may be 1.5 s
        ("ttft.p95 < 1.6s", True, True),
        ("ttft.p90 > 0.9s", True, True),  # no lower end: by the point, 1 s
        ("ttft.p90 > 1s", False, False),
        ("ttft.p90 >= 1s", True, True),
        ("ttft.mean > 400ms", True, True),  # a mean has no interval
        ("success < 99%", True, True),  # 97 of 100: at most 98.97 %
        ("success < 98.5%", False, True),
        ("success < 99.5%", True, True),
        ("failed > 2", True, True),
        ("requests_per_s < 5", True, True),
    ],
)
def test_a_gate_fails_by_the_near_end_and_strictly_by_the_point(
    text: str, failed: bool, strictly: bool
) -> None:
    assert judged(text, job()).failed is failed
    assert judged(text, job(), strict=True).failed is strictly


def test_a_gate_that_is_not_shown_says_so() -> None:
    one = judged("ttft.p95 > 1s", job())
    assert one.words == "1.20 s (900 ms-1.50 s): not shown to be so"
    assert one.of == "a/b@c"


def test_a_figure_of_too_few_calls_is_judged_by_its_point_and_says_so() -> None:
    for text, failed in (("ttft.p99 > 5s", False), ("ttft.p99 > 1.5s", True)):
        one = judged(text, job())
        assert one.failed is failed
        assert one.words == (
            "1.90 s (the point: 97 calls are too few to bound it, by 7)"
        )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("latency.p95 > 9s", "no call has it"),
        ("output_tokens_per_s < 1", "too few calls for a rate"),
        ("goodput < 1%", "the plan has no `slo`"),
        ("find < 1", "the plan has no `find`"),
        ("x/y: ttft.p95 > 9s", "there is no target `x/y`. There are: a/b@c"),
    ],
)
def test_what_is_unknown_fails_and_says_why(text: str, why: str) -> None:
    for strict in (False, True):
        one = judged(text, job(), strict=strict)
        assert (one.failed, one.words) == (True, f"unknown: {why}")


def test_a_figure_that_the_verdict_withholds_fails() -> None:
    of = job()
    of["result"]["verdict"]["unusable"] = ["ttft.p95", "rate"]
    assert "cannot be used" in judged("ttft.p95 > 9s", of).words
    assert judged("requests_per_s < 1", of).failed
    assert not judged("ttft.p50 > 9s", of).failed


def test_every_target_must_pass_and_one_may_be_named_by_model_or_step() -> None:
    of = job()
    slow = figures(ttft=figures()["ttft"] | {"p95": percentile(3.0, 2.0, 4.0)})
    of["result"]["targets"].append(slow | {"target": "d/e", "model": "d/e"})
    both = judge([parse_gate("ttft.p95 > 1.6s")], of, strict=False)
    assert [(one.of, one.failed) for one in both] == [("a/b@c", False), ("d/e", True)]
    assert not judged("a/b: ttft.p95 > 1.6s", of).failed
    assert not judged("concurrency 8: ttft.p95 > 1.6s", of).failed
    assert judged("d/e: ttft.p95 > 1.6s", of).failed


def test_cost_is_that_of_the_run_with_its_warm_up_or_of_one_target() -> None:
    assert judged("cost_usd > 0.35", job()).failed  # 0.4 with the warm-up
    assert judged("cost_usd > 0.35", job()).of is None
    assert not judged("a/b: cost_usd > 0.35", job()).failed  # 0.3
    unknown = job(cost={"billed_usd": None, "usd_per_1000_good": None})
    assert judged("cost_usd > 0.35", unknown).words.startswith("unknown")


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("cost_usd > 0.49", True),  # 0.4 billed, and 0.1 that may have been
        ("cost_usd > 0.50", False),
        ("cost_usd < 0.41", True),  # for it may be no more than 0.4
        ("a/b: cost_usd > 0.39", True),  # 0.3 + 0.1
        ("a/b: cost_usd > 0.41", False),
        ("usd_per_1000_good > 4", True),  # 3 + 0.1 x 1,000 / 97 = 4.03
        ("usd_per_1000_good > 4.1", False),
    ],
)
def test_a_cost_that_not_every_call_tells_is_judged_at_its_worst(
    text: str, failed: bool
) -> None:
    of = job(cost=figures()["cost"] | {"rows_silent": 9, "rows_unaccounted": 2})
    of["money"] |= {"unaccounted_usd": 0.1, "held_usd": 0.0, "max_cost_usd": 1.0}
    for strict in (False, True):
        one = judged(text, of, strict=strict)
        assert one.failed is failed, one.words
    assert "2 of the calls do not tell their cost" in one.words


def test_a_cost_that_no_budget_bounds_is_unknown() -> None:
    of = job(cost=figures()["cost"] | {"rows_silent": 2})  # kept by an older version
    of["money"] |= {"unaccounted_usd": 0.0, "max_cost_usd": None}
    one = judged("cost_usd > 0.50", of)
    assert (one.failed, one.words) == (
        True,
        "unknown: at least $0.40 (2 of the calls do not tell their cost: no budget"
        " bounds it)",
    )
    assert not judged("cost_usd > 0.35", of).words.startswith("unknown")
    of["plan"]["allow_unknown_prices"] = True
    of["money"]["max_cost_usd"] = 1.0
    assert judged("cost_usd > 0.50", of).words.startswith("unknown")


def test_refused_calls_and_those_of_the_warm_up_are_told_apart() -> None:
    of = job(cost=figures()["cost"] | {"rows_silent": 9, "rows_unaccounted": 0})
    assert judged("cost_usd > 0.50", of).words == "$0.40"
    warm = figures(cost={"rows_unaccounted": 1}) | {"name": "warm-up", "warmup": True}
    of["result"]["steps"].append(warm)
    assert judged("cost_usd > 0.50", of).words.startswith("unknown")
    assert judged("a/b: cost_usd > 0.50", of).words == "$0.30"


def test_the_answer_of_a_search_lies_between_what_passed_and_what_failed() -> None:
    of = job(find={"passing": 6.0, "failing": 8.0, "words": "6"})
    assert not judged("find < 7", of).failed  # it may be as much as 8
    assert judged("find < 7", of, strict=True).failed
    assert judged("find < 9", of).failed


def test_an_slo_is_a_gate_of_its_own_unless_one_is_given_or_the_plan_explores() -> None:
    of = job(goodput={"good": 50, "share": 0.5})
    of["plan"] = {"slo": {"ttft_s": 1}}
    (one,) = judge([], of, strict=False)
    assert (one.gate.text, one.failed) == ("goodput < 95%", True)
    own = judge([parse_gate("goodput < 20%")], of, strict=False)
    assert [one.failed for one in own] == [False]
    of["plan"]["sweep"] = {"values": [1]}
    assert judge([], of, strict=False) == ()


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (job(), exits.OK),
        (job(successful_runs=0), exits.MISSED),
        (job(find={"passing": None, "failing": 1.0, "words": ""}), exits.MISSED),
        (job("cancelled", "cancelled"), exits.CANCELLED),
        (job("failed", "bug"), exits.MISSED),
        (job("failed", "upstream_down"), exits.UNREACHABLE),
        (job("failed", "bad_key"), exits.USAGE),
        (job("running"), exits.OK),
        (job() | {"result": None}, exits.MISSED),
        (done(), exits.OK),
    ],
)
def test_each_end_has_its_exit_code(of: dict[str, Any], code: int) -> None:
    assert exit_code(of, ()) == code


def test_a_failed_gate_and_an_invalid_verdict_are_missed() -> None:
    gate = judge([parse_gate("ttft.p95 > 1ms")], job(), strict=False)
    assert exit_code(job(), gate) == exits.MISSED
    invalid = job()
    invalid["result"]["verdict"]["kind"] = "invalid"
    assert exit_code(invalid, ()) == exits.MISSED


def test_nothing_is_judged_before_the_end() -> None:
    assert judge([parse_gate("ttft.p95 > 1ms")], job("running"), strict=False) == ()


def rate(passed: int, checked: int, low: float, high: float) -> dict[str, Any]:
    share = passed / checked if checked else None
    return {"share": share, "low": low, "high": high, "checked": checked}


@pytest.mark.parametrize(
    ("found", "failed", "words"),
    [
        (rate(85, 100, 0.77, 0.89), True, "85.0 % (77.0 % to 89.0 %)"),
        (rate(85, 100, 0.77, 0.91), False, "not shown to be so"),
        (rate(0, 0, 0, 0) | {"low": None, "high": None}, True, "no answer was checked"),
        (None, True, "no answer has checks"),
    ],
)
def test_a_gate_on_the_pass_rate_goes_by_its_interval(
    found: dict[str, Any] | None, failed: bool, words: str
) -> None:
    one = judged("pass_rate < 90%", job(pass_rate=found))
    assert one.failed is failed
    assert words in one.words
