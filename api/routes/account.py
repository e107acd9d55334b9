"""What the account may still spend and call, by the upstream's count and by ours."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Parts, PartsDep
from api.errors import responses
from shared.clock import utc_label, wall_s
from shared.errors import StoreDown
from shared.money import FREE_ROUTER, Limit, account_of, limits_of
from shared.settings import Settings
from shared.store.client import now_s
from shared.store.upstream import limits, money
from shared.store.upstream.limits import Used
from shared.store.upstream.money import Spent
from shared.upstream import Account

router = APIRouter(tags=["account"])

_DAY_S = 86_400


class Credit(BaseModel):
    """The key's money in USD, as the upstream says."""

    limit_usd: float | None = Field(
        description="What the key may spend. Null: no limit, or it does not say."
    )
    remaining_usd: float | None
    used_usd: float | None = Field(description="With this key, ever.")
    used_today_usd: float | None = Field(description="In this UTC day.")


class Count(BaseModel):
    """Calls of a UTC day."""

    limit: int | None
    used: int | None
    left: int | None


class FreeCalls(BaseModel):
    """Calls of `:free` models today, of all models and keys of the account."""

    ours: Count = Field(
        description="Counted by the store, over all workers; with what the upstream"
        " told of others. Null where no limit of free calls is kept here."
    )
    theirs: Count = Field(description="The upstream's own count, which may lag.")


class Spending(BaseModel):
    """USD of all benchmarks in this UTC day, as their rows say."""

    spent_usd: float
    held_usd: float = Field(
        description="The worst cost of calls that are open under a budget."
    )
    unaccounted_usd: float = Field(
        description="At most so much more may have been billed, of which no row tells."
    )
    max_usd: float | None = Field(description="MAX_COST_USD_PER_DAY; null: none.")


class LimitNow(BaseModel):
    """One limit that is kept over all workers: its caps, and the calls under it."""

    name: str = Field(description="`free`: of `:free` models; `all`: of all.")
    per_minute: int | None = Field(description="The cap; null: none.")
    per_day: int | None = Field(description="The same, of a UTC day.")
    in_flight: int | None = Field(description="The same, of calls open at once.")
    calls_last_minute: int
    calls_today: int
    calls_in_flight: int | None = Field(description="Null: not counted without a cap.")
    barred_until: str | None = Field(description="UTC; the upstream takes none before.")


class UpstreamNow(BaseModel):
    """Who is asked."""

    base_url: str = Field(description="With the `/v1` that was missing, if it was.")
    dialect: Literal["openrouter", "openai"]
    decided_by: Literal["setting", "host", "models", "guess"] = Field(
        description="`UPSTREAM_KIND`; OpenRouter's own host; the form of the prices in"
        " `/models`; or, until that answers, a guess by the address."
    )
    words: str = Field(description="The same in a sentence.")


class AccountNow(BaseModel):
    """The account behind the key. Null is unknown; `warnings` says why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "upstream": {
                    "base_url": "https://openrouter.ai/api/v1",
                    "dialect": "openrouter",
                    "decided_by": "host",
                    "words": "https://openrouter.ai/api/v1 is asked as OpenRouter,"
                    " which it is.",
                },
                "label": "sk-or-v1-3fa...c19",
                "is_free_tier": True,
                "credit": {
                    "limit_usd": None,
                    "remaining_usd": None,
                    "used_usd": 0.0412,
                    "used_today_usd": 0.0,
                },
                "free_calls_today": {
                    "ours": {"limit": 50, "used": 14, "left": 36},
                    "theirs": {"limit": 50, "used": 12, "left": 38},
                },
                "limits": [
                    {
                        "name": "free",
                        "per_minute": 20,
                        "per_day": 50,
                        "in_flight": None,
                        "calls_last_minute": 3,
                        "calls_today": 14,
                        "calls_in_flight": None,
                        "barred_until": None,
                    }
                ],
                "spending_today": {
                    "spent_usd": 0.031,
                    "held_usd": 0.0,
                    "unaccounted_usd": 0.0,
                    "max_usd": 5.0,
                },
                "resets_at": "2026-11-24T00:00:00.000Z",
                "told_at": "2026-11-23T08:00:01.250Z",
                "warnings": [],
            }
        }
    )

    upstream: UpstreamNow
    label: str | None = Field(description="The key as the upstream masks it.")
    is_free_tier: bool | None = Field(description="Nothing was ever bought.")
    credit: Credit | None
    free_calls_today: FreeCalls
    limits: list[LimitNow] | None = Field(
        description="Those that are kept here; calls that fall under none are not"
        " counted. Null: the store is away."
    )
    spending_today: Spending | None = Field(
        description="By our benchmarks; null: the store is away."
    )
    resets_at: str = Field(description="The next 00:00 UTC, when a day's count ends.")
    told_at: str | None = Field(description="When the upstream said its part; UTC.")
    warnings: list[str] = Field(description="What is missing, and why.")


@dataclass(frozen=True, slots=True)
class _Ours:
    """What the store has counted."""

    now: float
    """Unix seconds of the store's clock: a day of ours ends by it."""
    used: dict[Limit, Used]
    spent: Spent


@router.get(
    "/account", summary="Show the account", responses=responses("misconfigured")
)
async def account(parts: PartsDep) -> AccountNow:
    """The upstream's word, at most some seconds old, beside our own count.

    Where one of them is away the other is shown.
    """
    theirs, ours = await asyncio.gather(parts.account_page.read(), _ours(parts))
    warnings = [said for said in (theirs, ours) if isinstance(said, str)]
    told = None if isinstance(theirs, str) else theirs
    known = None if isinstance(ours, str) else ours
    shown = None
    if known is not None:
        shown = [_limit(limit, used, told) for limit, used in known.used.items()]
        if told is not None and not any(limit.name == "free" for limit in shown):
            warnings.append(
                "Free calls are not counted here: FREE_LIMITS is off. Set it to auto,"
                " or FREE_CALLS_PER_MINUTE or FREE_CALLS_PER_DAY."
            )
    now = wall_s() if known is None else known.now
    told_at = parts.account_page.told_at if told else None
    upstream = parts.settings.upstream
    if (warning := upstream.warning()) is not None:
        warnings.insert(0, warning)
    return AccountNow(
        upstream=UpstreamNow(
            base_url=upstream.base_url,
            dialect=upstream.dialect,
            decided_by=upstream.decided_by,
            words=upstream.words(),
        ),
        label=_label(told, parts.settings.api_key()),
        is_free_tier=told.is_free_tier if told else None,
        credit=_credit(told) if told else None,
        free_calls_today=_free_calls(shown or [], told or Account()),
        limits=shown,
        spending_today=None if known is None else _spending(known, parts.settings),
        resets_at=utc_label((now // _DAY_S + 1) * _DAY_S),
        told_at=None if told_at is None else utc_label(told_at),
        warnings=warnings,
    )


async def _ours(parts: Parts) -> _Ours | str:
    """The counts; or the sentence of why they are not known."""
    if parts.store is None:
        return (
            "Our own count is not known: no store is set. Set REDIS_URL, or start"
            " everything with `llmbench up`."
        )
    name = account_of(parts.settings)
    redis = parts.store.redis
    every = limits_of(FREE_ROUTER, parts.settings)
    try:
        async with parts.store.asking.promptly():
            return _Ours(
                await now_s(redis),
                {limit: await limits.used(redis, name, limit.name) for limit in every},
                await money.spent_today(redis, name),
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
