"""The account behind the key, as `GET /account` shows it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.fields import Moment


class Credit(BaseModel):
    """The key's money in USD, as the upstream says."""

    limit_usd: float | None = Field(
        description="What the key may spend. Null: no limit, or it does not say."
    )
    remaining_usd: float | None = Field(description="What is left of that.")
    used_usd: float | None = Field(description="With this key, ever.")
    used_today_usd: float | None = Field(description="In this UTC day.")


class Count(BaseModel):
    """Calls of a UTC day."""

    limit: int | None = Field(description="What the day allows.")
    used: int | None = Field(description="Made by now.")
    left: int | None = Field(description="The rest of the day's.")


class FreeCalls(BaseModel):
    """Calls of `:free` models today, of all models and keys of the account."""

    ours: Count = Field(
        description="Counted by the store, over all workers; with what the upstream"
        " told of others. Null where no limit of free calls is kept here."
    )
    theirs: Count = Field(description="The upstream's own count, which may lag.")


class Spending(BaseModel):
    """USD of all benchmarks in this UTC day, as their rows say."""

    spent_usd: float = Field(description="Billed.")
    held_usd: float = Field(
        description="The worst cost of calls that are open under a budget."
    )
    unaccounted_usd: float = Field(
        description="The most that may have been billed beyond what the rows tell."
    )
    max_usd: float | None = Field(description="MAX_COST_USD_PER_DAY; null: none.")


class LimitNow(BaseModel):
    """One limit that is kept over all workers: its caps, and the calls under it."""

    name: str = Field(description="`free`: of `:free` models; `all`: of all.")
    per_minute: int | None = Field(description="The cap; null: none.")
    per_day: int | None = Field(description="The same, of a UTC day.")
    in_flight: int | None = Field(description="The same, of calls open at once.")
    calls_last_minute: int = Field(description="Made within the last minute.")
    calls_today: int = Field(description="Made in this UTC day.")
    calls_in_flight: int | None = Field(description="Null: not counted without a cap.")
    barred_until: Moment | None = Field(
        description="The upstream takes none before then."
    )


class UpstreamNow(BaseModel):
    """Who is asked."""

    base_url: str = Field(description="With the `/v1` that was missing, if it was.")
    dialect: Literal["openrouter", "openai"] = Field(description="How it is asked.")
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

    upstream: UpstreamNow = Field(description="Who is asked, and how.")
    label: str | None = Field(description="The key as the upstream masks it.")
    is_free_tier: bool | None = Field(description="Nothing was ever bought.")
    credit: Credit | None = Field(description="The key's money.")
    free_calls_today: FreeCalls = Field(description="By two counts.")
    limits: list[LimitNow] | None = Field(
        description="Those that are kept here; calls that fall under none are not"
        " counted. Null: the store is away."
    )
    spending_today: Spending | None = Field(
        description="By our benchmarks; null: the store is away."
    )
    resets_at: Moment = Field(
        description="The next 00:00 UTC, when a day's count ends."
    )
    told_at: Moment | None = Field(description="When the upstream said its part.")
    warnings: list[str] = Field(description="What is missing, and why.")
