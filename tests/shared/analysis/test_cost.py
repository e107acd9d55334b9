"""Money and tokens of a run, to the last digit."""

import pytest

from shared.analysis.summarize import summarize
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


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


def test_a_silent_row_is_unaccounted_where_something_may_have_been_generated() -> None:
    refused = row(0, 0.0, 1.0, outcome=Outcome.RATE_LIMITED)
    again = row(0, 2.0, 3.0, attempt=1, retry=1, outcome=Outcome.UPSTREAM_ERROR)
    cut = row(1, 0.0, 1.0, outcome=Outcome.TRUNCATED)
    unsent = row(2, None, 1.0, outcome=Outcome.CONNECT_ERROR)
    told = row(3, 0.0, 1.0, cost_usd=0.1)
    cost = summarize(PLAN, [refused, again, cut, unsent, told]).cost
    assert (cost.rows_silent, cost.rows_unaccounted) == (3, 1)


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
