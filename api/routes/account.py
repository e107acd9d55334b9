"""What the account may still spend and call, by the upstream's count and by ours."""

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter

from api.deps import ContactDep, PartsDep
from api.errors import responses
from api.parts import Parts
from api.schemas import (
    AccountNow,
    Count,
    Credit,
    FreeCalls,
    LimitNow,
    Spending,
    UpstreamNow,
)
from shared.clock import utc_label, wall_s
from shared.errors import StoreDown
from shared.money import FREE_ROUTER, Limit, account_of, limits_of
from shared.settings import Settings
from shared.standards.units import DAY_S
from shared.store.client import now_s
from shared.store.upstream import limits, money
from shared.store.upstream.limits import Used
from shared.store.upstream.money import Spent
from shared.upstream import Account, Contact

router = APIRouter(tags=["account"])


@dataclass(frozen=True, slots=True)
class _Ours:
    """What the store has counted."""

    now: float
    """Unix seconds of the store's clock: a day of ours ends by it."""
    used: dict[Limit, Used]
    spent: Spent


@router.get(
    "/account",
    operation_id="get_account",
    summary="Show the account",
    responses=responses("invalid", "misconfigured"),
)
async def account(parts: PartsDep, contact: ContactDep) -> AccountNow:
    """The upstream's word, at most some seconds old, beside our own count; what was
    spent is of all upstreams together.

    Where one of them is away the other is shown.
    """
    called = contact.settings.called
    page = parts.account_page(contact.settings.upstream_name)
    theirs, ours = await asyncio.gather(page.read(), _ours(parts, contact))
    warnings = [said for said in (theirs, ours) if isinstance(said, str)]
    told = None if isinstance(theirs, str) else theirs
    known = None if isinstance(ours, str) else ours
    shown = None
    if known is not None:
        shown = [_limit(limit, used, told) for limit, used in known.used.items()]
        if told is not None and not any(limit.name == "free" for limit in shown):
            warnings.append(
                f"Free calls are not counted here: {called.free_limits} is off. Set it"
                " to auto."
            )
    now = wall_s() if known is None else known.now
    told_at = page.told_at if told else None
    found = contact.settings.upstream
    if (warning := found.warning(called)) is not None:
        warnings.insert(0, warning)
    return AccountNow(
        upstream=UpstreamNow(
            base_url=found.base_url,
            dialect=found.dialect,
            decided_by=found.decided_by,
            words=found.words(called),
        ),
        label=_label(told, contact.settings.api_key()),
        is_free_tier=told.is_free_tier if told else None,
        credit=_credit(told) if told else None,
        free_calls_today=_free_calls(shown or [], told or Account()),
        limits=shown,
        spending_today=None if known is None else _spending(known, parts.settings),
        resets_at=utc_label((now // DAY_S + 1) * DAY_S),
        told_at=None if told_at is None else utc_label(told_at),
        warnings=warnings,
    )


async def _ours(parts: Parts, contact: Contact) -> _Ours | str:
    """The counts; or the sentence of why they are not known."""
    if parts.store is None:
        return (
            "Our own count is not known: no store is set. Set REDIS_URL, or start"
            " everything with `llmbench up`."
        )
    name = account_of(contact.settings)
    redis = parts.store.redis
    every = limits_of(FREE_ROUTER, contact.settings)
    try:
        async with parts.store.access.deadline():
            return _Ours(
                await now_s(redis),
                {limit: await limits.used(redis, name, limit.name) for limit in every},
                await money.spent_today(redis, account_of(parts.settings)),
            )
    except StoreDown as error:
        return f"Our own count is not known. {error}"


def _limit(limit: Limit, used: Used, told: Account | None) -> LimitNow:
    per_day = limit.per_day
    if per_day is None and limit.name == "free":
        per_day = used.per_day  # which no worker may have asked for yet
        if per_day is None and told is not None:
            per_day = told.free_per_day
    barred_until = used.barred_until
    return LimitNow(
        name=limit.name,
        per_minute=limit.per_minute,
        per_day=per_day,
        in_flight=limit.in_flight,
        calls_last_minute=used.minute,
        calls_today=used.today,
        calls_in_flight=None if limit.in_flight is None else used.in_flight,
        barred_until=None if barred_until is None else utc_label(barred_until),
    )


def _free_calls(shown: list[LimitNow], told: Account) -> FreeCalls:
    free = next((limit for limit in shown if limit.name == "free"), None)
    ours = (free.per_day, free.calls_today) if free else (None, None)
    return FreeCalls(
        ours=_count(*ours), theirs=_count(told.free_per_day, told.free_used_today)
    )


def _count(limit: int | None, used: int | None) -> Count:
    left = None if limit is None or used is None else max(0, limit - used)
    return Count(limit=limit, used=used, left=left)


def _credit(told: Account) -> Credit:
    return Credit(
        limit_usd=told.limit_usd,
        remaining_usd=told.limit_remaining_usd,
        used_usd=told.usage_usd,
        used_today_usd=told.usage_today_usd,
    )


def _spending(known: _Ours, settings: Settings) -> Spending:
    return Spending(
        spent_usd=known.spent.spent_usd,
        held_usd=known.spent.held_usd,
        unaccounted_usd=known.spent.unaccounted_usd,
        max_usd=settings.max_cost_usd_per_day,
    )


def _label(told: Account | None, key: str | None) -> str | None:
    """An upstream that masks nothing must not make us show the key."""
    label = told.label if told else None
    return None if label and key and key in label else label
