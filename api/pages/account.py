"""The account: credit, limits and when they open, spending by day."""

from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

from api.deps import PartsDep
from api.pages.shell import BrowserRouter, page
from api.parts import Parts
from api.routes.account import account as account_now
from shared.clock import wall_s
from shared.errors import BenchError
from shared.money import account_of
from shared.store.upstream import money

router = BrowserRouter(include_in_schema=False)

DAYS = 30


class Day(NamedTuple):
    """What was spent in one UTC day, and how high its bar is."""

    at: float
    """Unix seconds of its beginning."""
    usd: float
    unaccounted_usd: float
    share: float
    """Of the dearest of the days."""


@router.get("/account")
async def account(request: Request, parts: PartsDep) -> Response:
    """The same as `GET /account` tells a program, and the days before."""
    return page(
        request,
        "account.html",
        account=await account_now(parts, parts.contact),
        days=await _days(parts),
        now=wall_s(),
    )


async def _days(parts: Parts) -> list[Day]:
    """None where the store is away, which the account says."""
    if parts.store is None:
        return []
    try:
        async with parts.store.access.deadline():
            found = await money.spent_by_day(
                parts.store.redis, account_of(parts.settings), DAYS
            )
    except BenchError:
        return []
    most = max(spent.spent_usd for _, spent in found)
    return [
        Day(
            at,
            spent.spent_usd,
            spent.unaccounted_usd,
            spent.spent_usd / most if most else 0.0,
        )
        for at, spent in found
    ]
