"""Errors against a truth, worked by hand."""

import json
from collections.abc import Mapping, Sequence

import pytest

from bench.accuracy import Errors, errors
from bench.machine import Turns
from bench.ours import Measured, events_by_name
from bench.stub import Truth
from shared.analysis.gaps import gap_histogram
from shared.sample import Outcome, Sample


def row(slot: int, name: str | None, events_s: Sequence[float]) -> Sample:
    """A call sent at second 5 whose tokens came so many seconds later."""
    gaps, gap_sum_s, gap_max_s = gap_histogram(events_s)
    return Sample(
        step=0,
        slot=slot,
        target=0,
        prompt=0,
        outcome=Outcome.OK if events_s else Outcome.CONNECT_ERROR,
        generation_id=name,
        sent_s=5.0,
        first_token_s=5.0 + events_s[0] if events_s else None,
        gaps=gaps,
        gap_sum_s=gap_sum_s,
        gap_max_s=gap_max_s,
    )


def measured(
    ours: Mapping[str, Sequence[float]], truth: Mapping[str, Truth]
) -> Measured:
    return Measured(
        rows=[row(slot, name, at_s) for slot, (name, at_s) in enumerate(ours.items())],
        truth=truth,
        events_s=ours,
        committed_s=1.0,
        turns=Turns(1.0, 1.0, 0.0),
        peak_mb=1.0,
        summary={},
    )


ROUNDING_MS = 1e-6
"""Of seconds of a clock that are subtracted."""

TRUE = Truth(arrived_s=100.0, events_s=(100.2, 100.22, 100.24, 100.26))
"""A first token after 200 ms, then three gaps of 20 ms."""


def test_an_event_read_with_the_next_one_makes_two_gaps_wrong() -> None:
    # The second token bears the third one's stamp: 0.24 instead of 0.22.
    one = measured({"stub-1": (0.2001, 0.24, 0.24, 0.26)}, {"stub-1": TRUE})
    found = errors(one, after_slot=0)
    assert found.ttft_ms == pytest.approx([0.1], abs=ROUNDING_MS)
    # 39.9 - 20, 0 - 20, 20 - 20
    assert found.gap_ms == pytest.approx([19.9, -20.0, 0.0], abs=ROUNDING_MS)
    assert found.longest_gap_ms == pytest.approx([19.9], abs=ROUNDING_MS)
    assert found.unjoined == 0


def test_the_first_round_is_left_out() -> None:
    right, wrong = (0.2, 0.22, 0.24, 0.26), (0.9, 1.0, 1.1, 1.2)
    truth = {"stub-1": TRUE, "stub-2": TRUE}
    found = errors(measured({"stub-1": wrong, "stub-2": right}, truth), after_slot=1)
    assert found.ttft_ms == pytest.approx([0.0], abs=ROUNDING_MS)
    assert found.gap_ms == pytest.approx([0.0, 0.0, 0.0], abs=ROUNDING_MS)


@pytest.mark.parametrize(
    "events_s",
    [
        pytest.param((0.2, 0.22, 0.24), id="one event less than was written"),
        pytest.param((0.2, 0.22, 0.24, 0.26, 0.26), id="the usage counted as a token"),
        pytest.param((), id="no token at all"),
    ],
)
def test_a_stream_with_another_number_of_events_is_unjoined(
    events_s: tuple[float, ...],
) -> None:
    ours = {"stub-1": events_s, "stub-2": (0.2, 0.22, 0.24, 0.26)}
    truth = {"stub-1": TRUE, "stub-2": TRUE}
    found = errors(measured(ours, truth), after_slot=0)
    assert found.unjoined == 1
    assert (len(found.ttft_ms), len(found.gap_ms)) == (1, 3)


def test_an_answer_that_the_stub_does_not_know_is_unjoined() -> None:
    found = errors(measured({"stub-9": (0.2, 0.22)}, {"stub-1": TRUE}), after_slot=0)
    assert found == Errors([], [], [], unjoined=1)


def test_percentiles_are_of_absolute_errors() -> None:
    # |-3|, 1, 2 in order: 1, 2, 3
    assert Errors.at([-3.0, 1.0, 2.0], 50) == 2.0
    assert Errors.at([-3.0, 1.0, 2.0], 100) == 3.0


def test_kept_events_are_found_by_the_name_of_their_answer() -> None:
    rows = [row(0, "stub-1", (0.2,)), row(1, None, ()), row(2, "stub-3", (0.2,))]
    kept = [
        {"step": 0, "slot": 2, "attempt": 0, "token_events_s": [0.2]},
        {"step": 0, "slot": 0, "attempt": 0, "token_events_s": [0.2, 0.3]},
        {"step": 0, "slot": 0, "attempt": 1, "token_events_s": [0.9]},
        {"step": 0, "slot": 1, "attempt": 0, "token_events_s": None},
    ]
    found = events_by_name(rows, (json.dumps(answer).encode() for answer in kept))
    assert found == {"stub-1": [0.2, 0.3], "stub-3": [0.2]}
