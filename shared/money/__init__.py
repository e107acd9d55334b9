"""For how much: prices, worst costs, budgets, limits of an account, and bills.

USD at the border, whole billionths inside. Pure.

May import: the machinery, `checks`, `sample`, `plan`, `opinion`.
"""

from shared.money.budget import Budget, budget_of, check_judges, check_prices
from shared.money.costs import Costs
from shared.money.judges import JudgeQuote
from shared.money.limits import FREE_ROUTER, Limit, account_of, is_free, limits_of
from shared.money.prices import (
    BYTES_PER_TOKEN,
    Price,
    billed_nano,
    most_prompt_tokens,
    nano,
    usd,
)
from shared.money.quote import (
    Headroom,
    LimitQuote,
    Quote,
    TargetQuote,
    quote,
)

__all__ = [
    "BYTES_PER_TOKEN",
    "FREE_ROUTER",
    "Budget",
    "Costs",
    "Headroom",
    "JudgeQuote",
    "Limit",
    "LimitQuote",
    "Price",
    "Quote",
    "TargetQuote",
    "account_of",
    "billed_nano",
    "budget_of",
    "check_judges",
    "check_prices",
    "is_free",
    "limits_of",
    "most_prompt_tokens",
    "nano",
    "quote",
    "usd",
]
