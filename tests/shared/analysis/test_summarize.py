"""A run in numbers, each worked by hand."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from pydantic_core import to_json

from shared.analysis.gaps import gap_bucket, gap_histogram
from shared.analysis.summarize import summarize
from shared.analysis.summary import Figures, Summary
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.loads.find import Find
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.plan.slo import Slo
from shared.run import Ending
from shared.sample import Outcome, Sample, encode
from shared.verdict import Judged, Observations, judge

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
)


def row(slot: int, sent_s: float | None, ended_s: float | None, **more: Any) -> Sample:
    """A call that succeeded, unless it says otherwise."""
    fixed: dict[str, Any] = {
        "step": 0,
        "target": slot % 2,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    stamps = {"slot": slot, "sent_s": sent_s, "ended_s": ended_s}
    return Sample(**(fixed | stamps | more))


#     slot   0         5         10        15   latency
#       0    =                                  1
#       1     ==                                2
#       2      ===                              3
#       3        ==========                     10
#       4        ==  truncated
FIVE = (
    row(0, 0.0, 1.0, output_tokens=10, total_tokens=20, cost_usd=0.1),
    row(1, 1.0, 3.0, output_tokens=20, total_tokens=30, cost_usd=0.2),
    row(2, 2.0, 5.0, output_tokens=30, total_tokens=40, cost_usd=0.3),
    row(3, 4.0, 14.0, output_tokens=40, total_tokens=50),
    row(4, 4.0, 6.0, outcome=Outcome.TRUNCATED, output_tokens=5, cost_usd=0.04),
)


def seven(figures: Figures) -> tuple[Any, ...]:
    return (
        *(figures.avg, figures.min, figures.max, figures.std_dev),
        *(figures.total_runs, figures.successful_runs, figures.total_tokens),
    )


def test_the_seven_names_of_a_run() -> None:
    # Mean (1 + 2 + 3 + 10) / 4 = 4; squares 9 + 4 + 1 + 36 = 50, sd sqrt(50 / 3).
    sd = pytest.approx(math.sqrt(50 / 3))
    assert seven(summarize(PLAN, FIVE)) == (4.0, 1.0, 10.0, sd, 5, 4, 140)


def test_the_seven_names_of_each_target() -> None:
    orca, seal = summarize(PLAN, FIVE).targets
    assert (orca.target, seal.target) == ("acme/orca", "acme/seal@acme")
    # Latencies 1 and 3: mean 2, sd sqrt((1 + 1) / 1). Of the three calls one failed.
    assert seven(orca) == (2.0, 1.0, 3.0, pytest.approx(math.sqrt(2)), 3, 2, 60)
    # 2 and 10: mean 6, sd sqrt((16 + 16) / 1).
    assert seven(seal) == (6.0, 2.0, 10.0, pytest.approx(math.sqrt(32)), 2, 2, 80)


def test_a_set_without_successes_has_no_mean() -> None:
    failed = row(0, 0.0, 1.0, outcome=Outcome.UPSTREAM_ERROR)
    assert seven(summarize(PLAN, [failed])) == (None, None, None, None, 1, 0, None)


def test_one_success_has_no_standard_deviation() -> None:
    assert seven(summarize(PLAN, [FIVE[0]])) == (1.0, 1.0, 1.0, None, 1, 1, 20)


def test_no_rows_make_a_summary_too() -> None:
    nothing = summarize(PLAN, [])
    assert seven(nothing) == (None, None, None, None, 0, 0, None)
    assert nothing.throughput.whole_window_s is None
    assert nothing.cost.billed_usd is None
    assert nothing.steps == ()


def test_a_distribution_by_hand() -> None:
    latency = summarize(PLAN, FIVE).latency
    assert (latency.n, latency.calls, latency.mean) == (4, 4, 4.0)
    assert (latency.min, latency.max) == (1.0, 10.0)
    # Of 1, 2, 3, 10: place 3 x 0.5 = 1.5, place 3 x 0.95 = 2.85.
    assert (latency.p50.point, latency.p95.point) == (2.5, 8.95)
    assert (latency.p50.supported, latency.p50.needs) == (False, 2)


def test_each_metric_has_a_distribution_of_its_own() -> None:
    stamps = {"first_token_s": 2.0, "first_visible_s": 3.0, "last_token_s": 5.0}
    gaps, sum_s, max_s = gap_histogram((2.0, 2.5, 2.5, 5.0))
    gap = {"gaps": gaps, "gap_sum_s": sum_s, "gap_max_s": max_s}
    due = {"due_s": 0.5, "started_s": 0.75, "output_tokens": 4}
    made = summarize(PLAN, [row(0, 1.0, 6.0, **stamps, **gap, **due)])
    assert made.ttft.mean == 1.0  # 2 - 1
    assert made.ttft_visible.mean == 2.0  # 3 - 1
    assert made.latency.mean == 5.0  # 6 - 1
    assert made.response.mean == 5.5  # 6 - 0.5
    assert made.tpot.mean == 1.0  # (5 - 2) / 3
    assert made.gap.mean == 1.0  # (0.5 + 0 + 2.5) / 3
    assert (made.gap.n, made.gap.calls) == (3, 1)


def test_gaps_of_all_calls_are_pooled() -> None:
    # One call of 99 gaps of 10 ms, one of a single gap of 1 s.
    steady = ((gap_bucket(0.01), 99),)
    stall = ((gap_bucket(1.0), 1),)
    rows = [
        row(0, 0.0, 1.0, gaps=steady, gap_sum_s=0.99, gap_max_s=0.01),
        row(1, 0.0, 1.0, gaps=stall, gap_sum_s=1.0, gap_max_s=1.0),
        row(2, 0.0, 1.0, outcome=Outcome.TRUNCATED, gaps=stall, gap_max_s=9.0),
    ]
    gap = summarize(PLAN, rows).gap
    assert (gap.n, gap.calls, gap.max) == (100, 2, 1.0)
    assert gap.mean == pytest.approx(0.0199)  # (0.99 + 1) / 100
    # The rank of p99 is 99: still 10 ms.
    assert gap.p99.point == pytest.approx(0.01, rel=0.004)
    assert gap.min == pytest.approx(0.01, rel=0.004)
    # Squares about the mean: 99 x 0.0099^2 + 0.9801^2 = 0.9703; / 99, root: 0.099.
    assert gap.sd == pytest.approx(0.099, rel=0.01)


def test_gaps_are_supported_by_calls_and_not_by_gaps() -> None:
    gaps = ((gap_bucket(0.01), 1_000),)
    rows = [
        row(slot, 0.0, 1.0, gaps=gaps, gap_sum_s=10.0, gap_max_s=0.01)
        for slot in range(6)
    ]
    gap = summarize(PLAN, rows).gap
    assert (gap.n, gap.p50.supported, gap.p90.supported) == (6_000, True, False)
    assert gap.p90.needs == 23  # 29 - 6
    assert (gap.p50.low, gap.p50.high) == (None, None)


def test_adjusted_percentiles_count_a_failure_as_infinity() -> None:
    made = summarize(PLAN, FIVE)
    assert made.latency_adjusted is not None
    assert (made.latency_adjusted.n, made.latency_adjusted.failures) == (5, 1)
    # Of 1, 2, 3, 10 and a failure: rank ceil(2.5) = 3, rank ceil(4.5) = 5.
    assert made.latency_adjusted.p50.point == 3.0
    assert made.latency_adjusted.p90.infinite


def test_what_the_user_cancelled_is_no_failure() -> None:
    cancelled = row(5, 5.0, 5.5, outcome=Outcome.CANCELLED)
    dropped = row(6, None, None, outcome=Outcome.DROPPED)
    adjusted = summarize(PLAN, [*FIVE, cancelled, dropped]).latency_adjusted
    assert adjusted is not None
    assert (adjusted.n, adjusted.failures) == (6, 2)


def test_ttft_of_calls_that_were_not_streamed_does_not_exist() -> None:
    made = summarize(PLAN, FIVE)
    assert (made.ttft.n, made.ttft.p50.point, made.ttft_adjusted) == (0, None, None)


def test_ttft_is_infinite_when_every_call_failed() -> None:
    failed = row(0, 0.0, 1.0, outcome=Outcome.TIMEOUT_FIRST_TOKEN)
    adjusted = summarize(PLAN, [failed]).ttft_adjusted
    assert adjusted is not None
    assert adjusted.p50.infinite


def test_late_dropped_failed_and_cancelled_are_four_counts() -> None:
    rows = [
        row(0, 1.0, 2.0, due_s=0.0, started_s=0.010),  # just not late
        row(1, 1.0, 2.0, due_s=0.0, started_s=0.011),  # late
        row(2, None, None, due_s=0.0, outcome=Outcome.DROPPED),
        row(3, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.TIMEOUT_IDLE),
        row(4, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.CANCELLED),
        row(5, 1.0, 2.0, due_s=0.0, started_s=0.0, outcome=Outcome.UNFINISHED),
    ]
    counts = summarize(PLAN, rows).counts
    assert (counts.ok, counts.failed, counts.dropped, counts.cancelled) == (2, 2, 1, 1)
    assert (counts.late, counts.scheduled) == (1, 5)
    assert counts.outcomes == {
        "cancelled": 1,
        "dropped": 1,
        "ok": 2,
        "timeout_idle": 1,
        "unfinished": 1,
    }


def test_retries_are_no_runs_but_their_tokens_and_money_count() -> None:
    tried = {"outcome": Outcome.RATE_LIMITED, "total_tokens": 1, "cost_usd": 0.5}
    rows = [
        row(0, 0.0, 1.0, **tried),
        row(0, 2.0, 3.0, attempt=1, retry=1, **tried),
        row(0, 4.0, 8.0, attempt=2, retry=2, total_tokens=10, cost_usd=1.0),
    ]
    made = summarize(PLAN, rows)
    assert (made.total_runs, made.successful_runs, made.counts.retries) == (1, 1, 2)
    assert made.counts.outcomes == {"ok": 1}
    assert made.avg == 4.0  # 8 - 4, of the last attempt alone
    assert made.total_tokens == 12  # 1 + 1 + 10
    assert made.cost.billed_usd == 2.0  # 0.5 + 0.5 + 1
    assert (made.cost.wasted_usd, made.cost.wasted_share) == (1.0, 0.5)
    assert (made.cost.failed_usd, made.cost.retried_usd) == (0.0, 1.0)


def test_a_slot_is_late_by_its_first_attempt() -> None:
    rows = [
        row(0, 0.0, 1.0, due_s=0.0, started_s=0.0, outcome=Outcome.RATE_LIMITED),
        row(0, 9.0, 9.5, due_s=0.0, started_s=9.0, attempt=1),
    ]
    assert summarize(PLAN, rows).counts.late == 0


def test_money_by_hand() -> None:
    cost = summarize(PLAN, FIVE).cost
    assert cost.billed_usd == 0.64  # 0.1 + 0.2 + 0.3 + 0.04
    assert (cost.rows_reporting, cost.rows_silent) == (4, 1)
    assert cost.usd_per_1000_good == 160.0  # 0.64 x 1000 / 4
    # The tokens of the four rows whose cost is known: 10 + 20 + 30 + 5 = 65.
    assert cost.usd_per_1m_output_tokens == pytest.approx(0.64e6 / 65)
    assert cost.usd_per_row == 0.16  # 0.64 / 4
    assert (cost.wasted_usd, cost.wasted_share) == (0.04, 0.0625)  # 0.04 / 0.64
    assert (cost.failed_usd, cost.retried_usd) == (0.04, 0.0)
    assert cost.truncated_usd == 0.04


def test_money_of_each_target_and_provider_by_hand() -> None:
    given = {"provider": "Harbor"}
    rows = [
        row(0, 0.0, 1.0, cost_usd=0.1, output_tokens=10, **given),
        row(1, 0.0, 1.0, cost_usd=0.2, output_tokens=20, **given),
        row(2, 0.0, 1.0, cost_usd=0.3, output_tokens=5, provider="Kestrel"),
    ]
    orca, seal = (target.cost for target in summarize(PLAN, rows).targets)
    assert (orca.billed_usd, orca.usd_per_row, orca.usd_per_1000_good) == (
        0.4,
        0.2,
        200,
    )
    assert orca.usd_per_1m_output_tokens == pytest.approx(0.4e6 / 15)
    assert (seal.billed_usd, seal.usd_per_1000_good) == (0.2, 200)
    harbor, kestrel = (each.cost for each in summarize(PLAN, rows).targets[0].providers)
    assert (harbor.billed_usd, harbor.usd_per_1m_output_tokens) == (0.1, 10_000)
    assert (kestrel.billed_usd, kestrel.usd_per_1m_output_tokens) == (0.3, 60_000)


def test_an_answer_that_reached_max_tokens_is_no_waste() -> None:
    rows = [row(0, 0.0, 1.0, cost_usd=0.1, finish_reason="length")]
    cost = summarize(PLAN, rows).cost
    assert (cost.truncated_usd, cost.wasted_usd, cost.wasted_share) == (0.0, 0.0, 0.0)


def test_waste_is_nothing_without_failures_and_unknown_where_none_reports() -> None:
    good = row(0, 0.0, 1.0, cost_usd=0.1)
    silent = row(1, 0.0, 1.0, outcome=Outcome.TRUNCATED)
    said = row(2, 0.0, 1.0, outcome=Outcome.EMPTY, cost_usd=0.3)
    unsent = row(3, None, 1.0, outcome=Outcome.CONNECT_ERROR)
    assert summarize(PLAN, [good]).cost.wasted_usd == 0.0
    assert summarize(PLAN, [good, unsent]).cost.wasted_usd == 0.0
    unknown = summarize(PLAN, [good, silent]).cost
    assert (unknown.wasted_usd, unknown.wasted_share) == (None, None)
    assert (unknown.truncated_usd, unknown.retried_usd) == (None, 0.0)
    some = summarize(PLAN, [good, silent, said]).cost
    assert (some.wasted_usd, some.rows_silent) == (0.3, 1)
    assert some.wasted_share == pytest.approx(0.75)  # 0.3 / 0.4


def test_free_answers_waste_no_share_of_nothing() -> None:
    cost = summarize(PLAN, [row(0, 0.0, 1.0, cost_usd=0.0)]).cost
    assert (cost.usd_per_row, cost.usd_per_1000_good) == (0.0, 0.0)
    assert cost.wasted_share is None


def test_money_has_no_stray_digits() -> None:
    # Ten times 0.1, added one by one, are 0.9999999999999999.
    rows = [row(slot, 0.0, 1.0, cost_usd=0.1) for slot in range(10)]
    assert summarize(PLAN, rows).cost.billed_usd == 1.0


def test_an_unknown_cost_is_none_and_a_free_one_is_zero() -> None:
    unknown, free = row(0, 0.0, 1.0), row(0, 0.0, 1.0, cost_usd=0.0)
    assert summarize(PLAN, [unknown]).cost.billed_usd is None
    assert summarize(PLAN, [free]).cost.billed_usd == 0.0


def test_tokens_are_summed_where_they_are_known() -> None:
    rows = [
        row(0, 0.0, 1.0, prompt_tokens=3, output_tokens=4, tokens_from="usage"),
        row(1, 0.0, 1.0, prompt_tokens=5, output_tokens=6, tokens_from="events"),
        row(2, 0.0, 1.0, cached_tokens=0),
        row(3, 0.0, 1.0, cached_tokens=2, cache_hit=True),
    ]
    made = summarize(PLAN, rows)
    tokens = made.tokens
    assert (tokens.prompt, tokens.output) == (8, 10)  # 3 + 5, 4 + 6
    assert (tokens.reasoning, tokens.cached) == (None, 2)
    assert (tokens.rows_reporting, tokens.rows_estimated) == (0, 1)
    assert (made.counts.cache_hits, made.counts.prompt_cache_hits) == (1, 1)


def test_both_windows_of_throughput() -> None:
    rate = summarize(PLAN, FIVE).throughput
    # Sent from 0 to 4; slots 0 and 1 ended by then, with 10 + 20 tokens.
    assert rate.measured_window_s == 4.0
    assert rate.requests_per_s == 0.5
    assert rate.output_tokens_per_s == 7.5
    # All over at 14: four successes, 10 + 20 + 30 + 40 tokens.
    assert rate.whole_window_s == 14.0
    assert rate.whole_requests_per_s == pytest.approx(4 / 14)
    assert rate.whole_output_tokens_per_s == pytest.approx(100 / 14)


def test_the_most_calls_open_at_once() -> None:
    # At 4 s slots 2, 3 and 4 are open.
    assert summarize(PLAN, FIVE).throughput.peak_open == 3
    # A call that begins as another ends is not open beside it.
    turns = [row(slot, slot, slot + 1.0) for slot in range(3)]
    assert summarize(PLAN, turns).throughput.peak_open == 1


def test_a_closed_load_in_steady_state_has_its_true_throughput() -> None:
    # Two lanes, each call 1 s: 2 requests/s, however the ramp and the drain look.
    rows = [row(slot, slot // 2, slot // 2 + 1.0) for slot in range(20)]
    rate = summarize(PLAN, rows).throughput
    assert rate.requests_per_s == 2.0  # 18 ended by 9 s, of 9 s


def test_calls_that_are_all_sent_at_once_have_no_measured_window() -> None:
    rows = [row(slot, 0.0, 2.0) for slot in range(4)]
    rate = summarize(PLAN, rows).throughput
    assert (rate.measured_window_s, rate.requests_per_s) == (None, None)
    assert rate.whole_requests_per_s == 2.0  # 4 / 2


def test_a_pause_between_segments_is_in_no_window() -> None:
    rows = [
        row(0, 0.0, 1.0),
        row(1, 2.0, 3.0),
        row(2, 1_000.0, 1_001.0, segment=1),
        row(3, 1_002.0, 1_003.0, segment=1),
    ]
    rate = summarize(PLAN, rows).throughput
    assert rate.measured_window_s == 4.0  # 2 + 2
    assert rate.whole_window_s == 6.0  # 3 + 3
    assert rate.requests_per_s == 0.5  # slots 0 and 2 ended in time


def test_a_slot_handed_back_belongs_to_the_segment_in_which_it_was_made() -> None:
    rows = [
        row(0, 1_000.0, 1_001.0, segment=1),
        row(1, 0.0, 1.0),
        row(2, 1_002.0, 1_003.0, segment=1),
        row(3, 2.0, 3.0),
    ]
    assert summarize(PLAN, rows).throughput.measured_window_s == 4.0  # 2 + 2


def due(slot: int, started_s: float | None, **more: Any) -> Sample:
    """A call due every 0.1 s, sent as it starts, 50 ms long."""
    if started_s is None:
        gone = {"outcome": Outcome.DROPPED, "due_s": slot / 10}
        return row(slot, None, None, **gone)
    ended_s = started_s + 0.05
    return row(slot, started_s, ended_s, due_s=slot / 10, started_s=started_s, **more)


def test_the_asked_rate_is_achieved_when_starts_keep_to_the_schedule() -> None:
    # 101 slots in 10 s; all 5 ms late is late, and not slower.
    rate = summarize(PLAN, [due(s, s / 10 + 0.005) for s in range(101)]).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)  # 100 / 10
    assert rate.achieved_rate_per_s == pytest.approx(10)


def test_a_schedule_that_is_stretched_lowers_the_achieved_rate() -> None:
    # Each start is 25 % later than due: the last at 12.5 s.
    rate = summarize(PLAN, [due(s, s / 8) for s in range(101)]).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)
    assert rate.achieved_rate_per_s == pytest.approx(8)  # 100 / (10 + 2.5)


@pytest.mark.parametrize("dropped", [range(0, 50), range(51, 101)])
def test_dropped_calls_lower_the_achieved_rate(dropped: range) -> None:
    rows = [due(s, None if s in dropped else s / 10) for s in range(101)]
    rate = summarize(PLAN, rows).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)
    # 51 started: (51 - 1) / 10.
    assert rate.achieved_rate_per_s == pytest.approx(5, rel=0.03)


def test_a_closed_load_asks_no_rate() -> None:
    rate = summarize(PLAN, FIVE).throughput
    assert (rate.asked_rate_per_s, rate.achieved_rate_per_s) == (None, None)


def test_goodput_counts_errors_and_unknown_metrics_as_misses() -> None:
    plan = PLAN.model_copy(update={"slo": Slo(latency_s=3, ttft_s=1)})
    rows = [
        row(0, 0.0, 3.0, first_token_s=1.0),  # both on the limit: good
        row(1, 0.0, 3.5, first_token_s=0.5),  # too long
        row(2, 0.0, 2.0),  # no TTFT is known
        row(3, 4.0, 5.0, first_token_s=4.5, outcome=Outcome.ERROR_IN_200),
        row(4, 4.0, 5.0, outcome=Outcome.CANCELLED),  # not asked
    ]
    goodput = summarize(plan, rows).goodput
    assert goodput is not None
    assert goodput.slo == {"latency_s": 3.0, "ttft_s": 1.0}
    assert (goodput.good, goodput.share) == (1, 0.25)
    assert goodput.requests_per_s == 0.25  # one, in the 4 s from first to last send


def test_money_per_good_call_uses_the_objectives() -> None:
    plan = PLAN.model_copy(update={"slo": Slo(latency_s=2.5)})
    # Slots 0 and 1 are good: 0.64 x 1000 / 2.
    assert summarize(plan, FIVE).cost.usd_per_1000_good == 320.0


def test_without_objectives_there_is_no_goodput() -> None:
    assert summarize(PLAN, FIVE).goodput is None


def test_warmup_is_told_in_its_step_and_counted_nowhere_else() -> None:
    plan = PLAN.model_copy(update={"load": Concurrency(warmup=1)})
    rows = [
        row(0, 0.0, 100.0, cost_usd=7.0, total_tokens=1_000, first_token_s=50.0),
        *(row(slot, 0.0, 1.0, step=1, cost_usd=1.0) for slot in range(3)),
    ]
    made = summarize(plan, rows)
    assert (made.total_runs, made.total_tokens, made.max) == (3, None, 1.0)
    assert (made.cost.billed_usd, made.warmup_usd) == (3.0, 7.0)
    assert made.ttft.n == 0
    assert made.throughput.whole_window_s == 1.0
    assert sum(target.total_runs for target in made.targets) == 3
    warm, main = made.steps
    assert (warm.name, warm.warmup) == ("warm-up", True)
    assert (warm.total_runs, warm.avg) == (1, 100.0)
    assert (main.name, main.warmup) == ("main", False)
    assert (main.total_runs, main.avg) == (3, 1.0)


def test_the_steps_of_a_search_are_told_from_its_own_rows() -> None:
    plan = PLAN.model_copy(
        update={
            "slo": Slo(latency_s=2),
            "find": Find(over="concurrency", low=1, high=4),
        }
    )
    rows = [row(0, 0.0, 1.0), row(0, 0.0, 1.0, step=1)]
    steps = summarize(plan, rows).steps
    assert [step.step for step in steps] == [0, 1]
    assert steps[0].name == "concurrency 1"
    assert steps[1].name != steps[0].name
    assert steps[0].goodput is not None
    assert steps[0].goodput.share == 1.0


def test_each_provider_of_a_target_has_figures_of_its_own() -> None:
    rows = [
        row(0, 0.0, 1.0, provider="Zeta"),
        row(2, 0.0, 3.0, provider="Acme", cost_usd=0.5),
        row(4, 0.0, 5.0, provider="Acme"),
        row(6, 0.0, 1.0, outcome=Outcome.CONNECT_ERROR),
    ]
    orca, seal = summarize(PLAN, rows).targets
    assert [each.provider for each in orca.providers] == ["Acme", "Zeta", None]
    assert [each.avg for each in orca.providers] == [4.0, 1.0, None]  # (3 + 5) / 2
    assert [each.total_runs for each in orca.providers] == [2, 1, 1]
    assert orca.providers[0].cost.billed_usd == 0.5
    assert seal.providers == ()


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


def many_rows() -> list[Sample]:
    rng = Random(7)
    rows = []
    for slot in range(300):
        sent_s = slot / 7
        first_s = sent_s + rng.expovariate(3)
        events = [first_s + 0.013 * k * rng.random() for k in range(9)]
        gaps, sum_s, max_s = gap_histogram(sorted(events))
        rows.append(
            row(
                slot,
                sent_s,
                first_s + rng.expovariate(1),
                attempt=rng.randrange(2),
                outcome=rng.choice([Outcome.OK] * 9 + [Outcome.RATE_LIMITED]),
                provider=rng.choice(["Acme", "Zeta", None]),
                first_token_s=first_s,
                due_s=sent_s - 0.001,
                started_s=sent_s,
                cost_usd=rng.random() / 1_000,
                total_tokens=rng.randrange(1_000),
                gaps=gaps,
                gap_sum_s=sum_s,
                gap_max_s=max_s,
            )
        )
    return rows


def test_a_summary_does_not_depend_on_the_order_of_rows() -> None:
    rows = many_rows()
    expected = to_json(summarize(PLAN, rows))
    for seed in range(3):
        shuffled = Random(seed).sample(rows, len(rows))
        assert to_json(summarize(PLAN, map(encode, shuffled))) == expected


def test_the_parts_add_up_to_the_whole() -> None:
    made = summarize(PLAN, many_rows())
    for parts in (
        made.targets,
        made.steps,
        [one for target in made.targets for one in target.providers],
    ):
        assert sum(part.total_runs for part in parts) == made.total_runs == 300
        assert sum(part.gap.n for part in parts) == made.gap.n
        billed = sum(part.cost.billed_usd or 0 for part in parts)
        assert billed == pytest.approx(made.cost.billed_usd)
    counts = made.counts
    assert counts.ok + counts.failed + counts.dropped + counts.cancelled == 300


def test_a_summary_reads_back_from_its_json() -> None:
    seen = Observations(versions=("1.0",), cpu_share=0.5)
    made = summarize(PLAN, many_rows())
    assert Summary.model_validate_json(to_json(made)) == made
    judged = judge(PLAN, made, seen)
    assert Judged.model_validate_json(to_json(judged)) == judged
    assert json.loads(to_json(made))["avg"] == made.avg


def test_every_summary_carries_its_verdict() -> None:
    verdict = judge(PLAN, summarize(PLAN, FIVE[:4])).verdict
    assert verdict.kind == "valid"


def test_a_summary_says_itself_how_its_run_ended() -> None:
    made = summarize(PLAN, FIVE, ending=Ending.CANCELLED)
    assert (made.status, made.ending, made.cause) == ("cancelled", "cancelled", None)
    made = summarize(PLAN, FIVE, ending=Ending.NO_CREDIT, cause="Add credit.")
    assert (made.status, made.ending) == ("failed", "no_credit")
    assert json.loads(to_json(made))["cause"] == "Add credit."
    assert summarize(PLAN, FIVE).ending is None


def test_the_commonest_failures_are_told_in_the_upstream_s_words() -> None:
    long = "No such model. " * 20
    rows = [
        *(row(n, n, n + 1.0) for n in range(4)),
        *(bad(n, Outcome.REFUSED, long) for n in range(4, 8)),
        *(bad(n, Outcome.UPSTREAM_ERROR, "Busy.") for n in range(8, 10)),
        bad(10, Outcome.EMPTY, None),
        # what a limit turned away is told only where no slot came to anything
        bad(0, Outcome.RATE_LIMITED, "Slow down.", attempt=1, kind="again"),
    ]
    told = [(c.outcome, c.error, c.calls) for c in summarize(PLAN, rows).complaints]
    assert told == [
        ("refused", long[:199] + "…", 4),
        ("upstream_error", "Busy.", 2),
        ("empty", None, 1),
    ]
    (only,) = summarize(PLAN, rows[-1:]).complaints
    assert (only.outcome, only.error, only.calls) == ("rate_limited", "Slow down.", 1)
    assert summarize(PLAN, rows[:4]).complaints == ()


def bad(slot: int, outcome: Outcome, error: str | None, **more: Any) -> Sample:
    return row(slot, slot, slot + 0.1, outcome=outcome, error=error, **more)


def test_rows_are_counted_by_the_upstream_that_they_asked() -> None:
    rows = [
        row(n, n, n + 1.0, upstream=f"http://{'ab'[n > 2]}.example") for n in range(5)
    ]
    upstreams = {"http://a.example": 3, "http://b.example": 2}
    assert summarize(PLAN, rows).upstreams == upstreams
    assert summarize(PLAN, FIVE).upstreams == {}


def test_what_was_turned_away_is_no_call_where_the_run_ended_before_another() -> None:
    # cancelled while slots 1 and 2 waited: one for a limit, one for its retry
    rows = [
        row(0, 0.0, 1.0, kind="ok"),
        bad(1, Outcome.RATE_LIMITED, None, kind="again"),
        bad(2, Outcome.UPSTREAM_ERROR, None, kind="retry", retry=0),
        bad(2, Outcome.RATE_LIMITED, None, attempt=1, kind="again", retry=1),
    ]
    made = summarize(PLAN, rows)
    # the failure that nobody came to try again is what slot 2 came to
    assert (made.total_runs, made.counts.failed) == (2, 1)
    assert (made.counts.retries, made.counts.turned_away) == (0, 2)
    assert made.counts.outcomes == {"ok": 1, "upstream_error": 1}
    # rows of earlier builds say no kind, and the last of a slot is its end
    old = [replace(one, kind=None) for one in rows[:2]]
    assert summarize(PLAN, old).counts.failed == 1


def test_attempts_know_slots_that_nobody_closed() -> None:
    plan = PLAN.model_copy(update={"retries": Retries()})
    rows = [
        row(0, 0.0, 1.0, kind="ok"),
        bad(1, Outcome.UPSTREAM_ERROR, None, kind="retry", retry=0),
        bad(1, Outcome.RATE_LIMITED, None, attempt=1, kind="again", retry=1),
        bad(2, Outcome.RATE_LIMITED, None, kind="again"),
    ]
    made = summarize(plan, rows).attempts
    assert made is not None
    assert (made.first.ok, made.first.failed) == (1, 1)
    assert (made.perceived.ok, made.perceived.failed, made.retries) == (1, 1, 0)


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


def test_one_volley_has_no_rate() -> None:
    # All are sent within 3 ms, and none has ended by then: nothing was ever steady.
    rows = [row(n, n / 1000, 2.0) for n in range(4)]
    made = summarize(PLAN.model_copy(update={"slo": Slo(latency_s=9)}), rows)
    rate = made.throughput
    assert rate.measured_window_s == 0.003
    assert (rate.requests_per_s, rate.output_tokens_per_s) == (None, None)
    assert made.goodput is not None
    assert (made.goodput.good, made.goodput.requests_per_s) == (4, None)
    # one that failed at once makes no rate of the others
    assert (
        summarize(
            PLAN, [*rows, row(4, 0.0, 0.001, outcome=Outcome.EMPTY)]
        ).throughput.requests_per_s
        is None
    )


def test_a_load_in_which_everything_fails_has_a_rate_of_nought() -> None:
    rows = [bad(n, Outcome.EMPTY, None) for n in range(4)]
    assert summarize(PLAN, rows).throughput.requests_per_s == 0.0


def test_figures_and_verdicts_are_imported_without_pandas() -> None:
    heavy = "{'pandas', 'numpy', 'scipy'} & set(sys.modules)"
    code = (
        "import sys, shared.analysis, shared.verdict, shared.outputs;"
        f" assert not {heavy}, {heavy}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_burst_misses_an_objective_on_speed_and_is_in_no_distribution_of_it() -> None:
    slo = {"tpot_s": 0.1, "gap_max_s": 1.0}
    plan = PLAN.model_copy(update={"slo": Slo(**slo)})
    timed = {"first_token_s": 0.5, "last_token_s": 0.6, "output_tokens": 3}
    seen = row(0, 0.0, 1.0, **timed, gap_max_s=0.05, gap_sum_s=0.1, gaps=((15_000, 2),))
    burst = row(1, 0.0, 1.0, **timed, notes="one_burst")
    made = summarize(plan, [seen, burst])
    assert (made.tpot.n, made.tpot.mean) == (1, 0.05)  # (0.6 - 0.5) / 2
    assert made.goodput is not None
    assert (made.goodput.good, made.goodput.share) == (1, 0.5)
    assert made.counts.notes == {"one_burst": 1}
