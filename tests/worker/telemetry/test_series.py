"""What a worker counts, against sums worked by hand."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from worker.telemetry.series import MOST_TARGETS, Series


@dataclass
class Worked:
    """A shard as `Series` sees one."""

    open: int = 0
    lanes: int = 0
    waits: dict[str, int] = field(default_factory=dict)


def a_plan(*targets: Target) -> Plan:
    return Plan(targets=targets, prompts=InlinePrompts(prompts=("x",)))


def a_row(target: int = 0, outcome: Outcome = Outcome.OK, **more: Any) -> Sample:
    return Sample(step=0, slot=0, target=target, prompt=0, outcome=outcome, **more)


def value(series: Series, name: str, **labels: str) -> float | None:
    """A target without an upstream is at the default one."""
    if "target" in labels:
        labels = {"upstream": "default"} | labels
    found = [
        one.value
        for family in series.collect()
        for one in family.samples
        if (one.name, one.labels) == (name, labels)
    ]
    return found[0] if found else None


def test_calls_are_counted_by_target_and_outcome() -> None:
    series = Series([])
    pinned = Target(model="acme/b", provider="p/fp8")
    count = series.row_counter(a_plan(Target(model="acme/a"), pinned))
    for row in (a_row(), a_row(), a_row(1), a_row(1, Outcome.RATE_LIMITED)):
        count(row)
    assert value(series, "llmbench_calls_total", target="acme/a", outcome="ok") == 2
    for outcome in ("ok", "rate_limited"):
        said = {"target": "acme/b@p/fp8", "outcome": outcome}
        assert value(series, "llmbench_calls_total", **said) == 1


def test_a_target_that_has_a_name_of_its_own_says_its_upstream_too() -> None:
    series = Series([])
    near = Target(model="acme/a", upstream="near", name="own")
    count = series.row_counter(a_plan(Target(model="acme/a"), near))
    for row in (a_row(), a_row(1, cost_usd=0.5), a_row(1)):
        count(row)
    said = {"target": "own", "upstream": "near"}
    assert value(series, "llmbench_calls_total", **said, outcome="ok") == 2
    assert value(series, "llmbench_cost_usd_total", **said) == 0.5
    assert value(series, "llmbench_calls_total", target="acme/a", outcome="ok") == 1


def test_times_are_of_ok_calls_and_from_the_sending() -> None:
    series = Series([])
    count = series.row_counter(a_plan(Target(model="a")))
    count(a_row(started_s=1.0, sent_s=1.5, first_token_s=1.75, ended_s=3.5))
    count(a_row(sent_s=1.0, ended_s=2.0))  # not streamed: no first token
    count(a_row(0, Outcome.TRUNCATED, sent_s=0.0, first_token_s=9.0, ended_s=9.0))
    assert value(series, "llmbench_latency_seconds_count", target="a") == 2
    assert value(series, "llmbench_latency_seconds_sum", target="a") == 3.0
    assert value(series, "llmbench_latency_seconds_bucket", target="a", le="1.0") == 1
    assert value(series, "llmbench_ttft_seconds_count", target="a") == 1
    assert value(series, "llmbench_ttft_seconds_sum", target="a") == 0.25


def test_failed_calls_cost_too_and_an_unknown_cost_is_no_zero() -> None:
    series = Series([])
    count = series.row_counter(
        a_plan(Target(model="paid"), Target(model="free"), Target(model="own"))
    )
    count(a_row(0, cost_usd=0.25))
    count(a_row(0, Outcome.TRUNCATED, cost_usd=0.5))
    count(a_row(1, cost_usd=0.0))
    count(a_row(2))
    assert value(series, "llmbench_cost_usd_total", target="paid") == 0.75
    assert value(series, "llmbench_cost_usd_total", target="free") == 0
    assert value(series, "llmbench_cost_usd_total", target="own") is None


def test_runs_of_the_same_target_share_its_series() -> None:
    series = Series([])
    for _ in range(2):
        series.row_counter(a_plan(Target(model="b"), Target(model="a")))(a_row(1))
    assert value(series, "llmbench_calls_total", target="a", outcome="ok") == 2


def test_however_many_targets_come_the_series_stay_few() -> None:
    series = Series([])
    for n in range(MOST_TARGETS + 5):
        series.row_counter(a_plan(Target(model=f"m{n}")))(a_row())
    series.row_counter(a_plan(Target(model="m0")))(a_row())
    calls = {
        sample.labels["target"]: sample.value
        for family in series.collect()
        for sample in family.samples
        if sample.name == "llmbench_calls_total"
    }
    assert len(calls) == MOST_TARGETS + 1
    assert (calls["m0"], calls["other"]) == (2, 5)


def test_levels_are_those_of_the_shards_that_are_worked_on_now() -> None:
    shards = [Worked(open=3, lanes=4), Worked(open=1, lanes=8)]
    series = Series(shards)
    assert value(series, "llmbench_shards") == 2
    assert value(series, "llmbench_open_calls") == 4
    assert value(series, "llmbench_lanes") == 12
    shards.clear()
    assert value(series, "llmbench_lanes") == 0


@pytest.mark.parametrize("reason", ["minute", "a reason of a later version"])
def test_waits_do_not_go_back_when_a_shard_is_left(reason: str) -> None:
    shards = [Worked(waits={reason: 2}), Worked(waits={reason: 5})]
    series = Series(shards)
    assert value(series, "llmbench_waits_total", reason=reason) == 7
    series.ended(shards.pop())
    assert value(series, "llmbench_waits_total", reason=reason) == 7
    shards[0].waits[reason] += 1
    assert value(series, "llmbench_waits_total", reason=reason) == 8


def test_lateness_is_a_histogram() -> None:
    series = Series([])
    for late_s in (0.0, 0.0003, 0.02):
        series.lag(late_s)
    assert value(series, "llmbench_loop_lag_seconds_count") == 3
    assert value(series, "llmbench_loop_lag_seconds_bucket", le="0.0005") == 2
