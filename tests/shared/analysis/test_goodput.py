"""Calls that meet the objectives, and what each of them cost."""

from shared.analysis.summarize import summarize
from shared.plan.slo import Slo
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


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
