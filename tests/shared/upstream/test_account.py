"""What `GET /key` says of the account, and what it cannot mean."""

import pytest
from pydantic_core import to_json

from shared.upstream.account import parse_account


@pytest.mark.parametrize(
    ("told", "known"),
    [(12, 12), (0, 0), (10**30, None), (-1, None), ("12", None), (True, None)],
)
def test_a_number_of_calls_can_be_or_is_unknown(told: object, known: int) -> None:
    """It is written beside our own count, which must stay one."""
    daily = {"limit": told, "used": told}
    account = parse_account(to_json({"data": {"free_model_daily_requests": daily}}))
    assert (account.free_per_day, account.free_used_today) == (known, known)
