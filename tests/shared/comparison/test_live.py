"""What is shown of a run that is not over: so far, with its band."""

import numpy as np
import pytest

from shared.comparison.live import so_far
from shared.comparison.records import MetricName
from tests.shared.comparison.by_hand import calls, metric, pair

RNG = np.random.default_rng(5)
A = calls(np.exp(RNG.normal(-0.3, 0.3, 400)), prompts=20)
B = calls(np.exp(RNG.normal(0, 0.3, 400)), prompts=20)


def test_it_is_about_the_full_stretches_of_the_plan() -> None:
    # a stretch of 400 planned pairs is 20 of them
    assert so_far("ttft", A.at(np.arange(39)), B.at(np.arange(39)), 400) is None
    for made, stretches in ((40, 2), (59, 2), (60, 3), (400, 20)):
        of = np.arange(made)
        found = so_far("ttft", A.at(of), B.at(of), 400)
        assert found is not None
        assert (found.stretches, found.pairs) == (stretches, stretches * 20)


def test_the_band_of_a_whole_run_is_wider_than_its_interval() -> None:
    found = so_far("ttft", A, B, 400)
    end = metric("ttft", pair(A, B, planned=400)).beyond
    assert found is not None
    assert end is not None
    assert found.estimate == pytest.approx(end.estimate)
    wider = (found.high - found.low) / (end.high - end.low)
    assert 1.3 < wider < 2.6


@pytest.mark.parametrize("metric_name", ["success", "ttft_wins", "cost"])
def test_other_metrics_have_one_too(metric_name: MetricName) -> None:
    found = so_far(metric_name, A, B, 400)
    assert found is not None
    assert found.low <= found.estimate <= found.high


def test_a_metric_without_a_value_has_none() -> None:
    free = calls([1.0] * 400, cost_usd=[0.0] * 400)
    assert so_far("cost", free, B, 400) is None
