"""What calls may cost, in numbers worked by hand."""

from decimal import Decimal

import pytest

from shared.money.prices import Price, billed_nano, most_prompt_tokens
from shared.plan.prompts import Message, unique_prefix
from shared.sample import Outcome, Sample

DEAR = Price(Decimal("0.000005"), Decimal("0.000015"), Decimal("0.5"))


def row(outcome: Outcome, cost_usd: float | None) -> Sample:
    return Sample(
        step=0, slot=0, target=0, prompt=0, outcome=outcome, cost_usd=cost_usd
    )


def test_the_worst_cost_is_the_prompts_bound_the_answers_cap_and_the_call() -> None:
    # 1256 x 5 + 512 x 15 micro-USD + 0.5 USD
    assert DEAR.worst_nano(1256, 512) == 6_280_000 + 7_680_000 + 500_000_000
    # a part of a nano-USD is a whole one
    assert Price(Decimal("1e-10"), Decimal(0), Decimal(0)).worst_nano(1, 1) == 1


def test_a_prompt_has_no_more_tokens_than_bytes_and_what_the_template_adds() -> None:
    turns = (Message(role="user", content="Почему?"),)
    # six letters of two bytes, a question mark; 256, and 16 for the turn
    assert most_prompt_tokens(turns) == 13 + 256 + 16
    prefix = unique_prefix("a job", 0, 0)
    assert most_prompt_tokens(turns, prefixed=True) == 13 + len(prefix) + 256 + 16


@pytest.mark.parametrize(
    ("outcome", "cost_usd", "nano"),
    [
        (Outcome.OK, 1.4e-05, 14_000),
        (Outcome.OK, 0.0, 0),
        (Outcome.OK, None, None),
        (Outcome.TRUNCATED, None, None),
        (Outcome.DISCONNECTED, None, None),
        (Outcome.CANCELLED, None, None),
        (Outcome.ERROR_IN_200, None, None),
        (Outcome.ERROR_IN_200, 0.002, 2_000_000),
        (Outcome.CONNECT_ERROR, None, 0),
        (Outcome.RATE_LIMITED, None, 0),
        (Outcome.UPSTREAM_ERROR, None, 0),
        (Outcome.DROPPED, None, 0),
    ],
)
def test_what_reached_no_model_costs_nothing_and_silence_is_unknown(
    outcome: Outcome, cost_usd: float | None, nano: int | None
) -> None:
    assert billed_nano(row(outcome, cost_usd)) == nano
