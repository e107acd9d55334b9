"""The metrics of one call, worked by hand."""

from typing import Any

import pytest

from shared.analysis.metrics import (
    latency_s,
    queue_s,
    response_s,
    tpot_s,
    ttft_s,
    ttft_visible_s,
)
from shared.sample import Outcome, Sample


def call(**changed: Any) -> Sample:
    """Due at 1, started at 1.25, sent at 1.5, tokens at 2..4, over at 4.5."""
    known: dict[str, Any] = {
        "due_s": 1.0,
        "started_s": 1.25,
        "sent_s": 1.5,
        "first_token_s": 2.0,
        "first_visible_s": 3.0,
        "last_token_s": 4.0,
        "ended_s": 4.5,
        "output_tokens": 5,
    }
    fixed: dict[str, Any] = {
        "step": 0,
        "slot": 0,
        "target": 0,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    return Sample(**(fixed | known | changed))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (queue_s, 0.25),  # 1.25 - 1
        (ttft_s, 0.5),  # 2 - 1.5
        (ttft_visible_s, 1.5),  # 3 - 1.5
        (latency_s, 3.0),  # 4.5 - 1.5
        (response_s, 3.5),  # 4.5 - 1
        (tpot_s, 0.5),  # (4 - 2) / (5 - 1)
    ],
)
def test_each_metric_is_its_formula(metric: Any, expected: float) -> None:
    assert metric(call()) == expected


@pytest.mark.parametrize(
    ("metric", "missing"),
    [
        (queue_s, "due_s"),
        (queue_s, "started_s"),
        (ttft_s, "first_token_s"),
        (ttft_s, "sent_s"),
        (ttft_visible_s, "first_visible_s"),
        (latency_s, "sent_s"),
        (latency_s, "ended_s"),
        (response_s, "due_s"),
        (tpot_s, "output_tokens"),
        (tpot_s, "first_token_s"),
        (tpot_s, "last_token_s"),
    ],
)
def test_a_metric_is_none_without_its_stamps(metric: Any, missing: str) -> None:
    assert metric(call(**{missing: None})) is None


def test_a_measured_zero_is_zero_and_not_none() -> None:
    assert ttft_s(call(first_token_s=1.5)) == 0.0


@pytest.mark.parametrize("tokens", [0, 1])
def test_tpot_is_none_for_fewer_than_two_tokens(tokens: int) -> None:
    assert tpot_s(call(output_tokens=tokens)) is None


def test_tpot_is_none_for_a_burst() -> None:
    assert tpot_s(call(notes="one_burst")) is None
    assert tpot_s(call(notes="one_burst tokens_summed")) is None
    assert tpot_s(call(notes="tokens_summed")) == 0.5  # (4 - 2) / (5 - 1)


def test_opening_a_connection_is_in_no_latency() -> None:
    slow = call(connect_s=0.2)
    assert (ttft_s(slow), latency_s(slow)) == (0.5, 3.0)


def test_our_own_queue_shows_in_response_and_not_in_latency() -> None:
    queued = call(started_s=11.0, sent_s=11.5, ended_s=12.0)
    assert queue_s(queued) == 10.0  # 11 - 1
    assert latency_s(queued) == 0.5  # 12 - 11.5
    assert response_s(queued) == 11.0  # 12 - 1
