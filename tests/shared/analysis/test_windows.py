"""Windows, throughput and the rate that was achieved."""

import numpy as np
import pytest

from shared.analysis.summarize import summarize
from shared.analysis.windows import ended_over_time
from shared.plan.slo import Slo
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, call_due, failed_call, row


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


def test_the_asked_rate_is_achieved_when_starts_keep_to_the_schedule() -> None:
    # 101 slots in 10 s; all 5 ms late is late, and not slower.
    rate = summarize(PLAN, [call_due(s, s / 10 + 0.005) for s in range(101)]).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)  # 100 / 10
    assert rate.achieved_rate_per_s == pytest.approx(10)


def test_a_schedule_that_is_stretched_lowers_the_achieved_rate() -> None:
    # Each start is 25 % later than due: the last at 12.5 s.
    rate = summarize(PLAN, [call_due(s, s / 8) for s in range(101)]).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)
    assert rate.achieved_rate_per_s == pytest.approx(8)  # 100 / (10 + 2.5)


@pytest.mark.parametrize("dropped", [range(0, 50), range(51, 101)])
def test_dropped_calls_lower_the_achieved_rate(dropped: range) -> None:
    rows = [call_due(s, None if s in dropped else s / 10) for s in range(101)]
    rate = summarize(PLAN, rows).throughput
    assert rate.asked_rate_per_s == pytest.approx(10)
    # 51 started: (51 - 1) / 10.
    assert rate.achieved_rate_per_s == pytest.approx(5, rel=0.03)


def test_a_closed_load_asks_no_rate() -> None:
    rate = summarize(PLAN, FIVE).throughput
    assert (rate.asked_rate_per_s, rate.achieved_rate_per_s) == (None, None)


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
    rows = [failed_call(n, Outcome.EMPTY, None) for n in range(4)]
    assert summarize(PLAN, rows).throughput.requests_per_s == 0.0


def test_calls_over_time_leave_the_pauses_out() -> None:
    """Two segments of 2 s: 1 s of the first is slice 10 of 40, and 1 s of the second,
    which begins at 100 s, is slice 30; what ends last is in the last slice."""
    nothing, one = [0, 0, 0, 0], [0, 0, 1, 1]
    sent, ended = [0.0, 0.0, 100.0, 100.0], [1.0, 2.0, 101.0, 102.0]
    found = ended_over_time(*map(np.array, (nothing, one, sent, ended)))
    assert [n for n, calls in enumerate(found) if calls] == [10, 20, 30, 39]
    assert (
        ended_over_time(*(np.array([], kind) for kind in (int, int, float, float)))
        == ()
    )
