"""For how much: prices, worst costs, budgets, limits of an account, and bills.

USD at the border, whole billionths inside. Pure.

May import: the machinery, `sample`, `plan`.
"""

from shared.money.budget import Budget, budget_of, check_prices
from shared.money.costs import Costs
from shared.money.limits import FREE_ROUTER, Limit, account_of, is_free, limits_of
from shared.money.prices import Price, billed_nano, nano, usd
from shared.money.quote import (
    BYTES_PER_TOKEN,
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
    "Limit",
    "LimitQuote",
    "Price",
    "Quote",
    "TargetQuote",
    "account_of",
    "billed_nano",
    "budget_of",
    "check_prices",
    "is_free",
    "limits_of",
    "nano",
    "quote",
    "usd",
]
