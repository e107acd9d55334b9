"""Bodies about the account: its key, its credits, the providers, one generation."""

from datetime import UTC, datetime
from typing import Any

from simulator.catalogue import PROVIDERS
from simulator.ledger import Record
from simulator.pace.limits import RICH_DAY, FreeTier


def key(free_tier: FreeTier | None) -> dict[str, Any]:
    """`GET /key`. The daily count of free calls is there when the tier is limited."""
    rich = free_tier is None or free_tier.per_day >= RICH_DAY
    data: dict[str, Any] = {
        "label": "sk-or-v1-sim...ula",
        "limit": None,
        "limit_remaining": None,
        "limit_reset": None,
        "include_byok_in_limit": False,
        "usage": 0.0412,
        "usage_daily": 0,
        "usage_weekly": 0.0412,
        "usage_monthly": 0.0412,
        "is_free_tier": not rich,
        "is_management_key": False,
        "expires_at": None,
        "creator_user_id": "user_2xSIMULATED",
        "rate_limit": {
            "requests": -1,
            "interval": "10s",
            "note": "This field is deprecated and safe to ignore.",
        },
    }
    if free_tier is not None:
        data["free_model_daily_requests"] = {
            "limit": free_tier.per_day,
            "used": free_tier.used_today,
            "remaining": max(0, free_tier.per_day - free_tier.used_today),
        }
    return {"data": data}


def credits() -> dict[str, Any]:
    """`GET /credits`, in USD."""
    return {"data": {"total_credits": 25, "total_usage": 3.17}}


def providers() -> dict[str, Any]:
    """`GET /providers`."""
    return {
        "data": [
            {
                "name": provider.name,
                "slug": provider.slug,
                "privacy_policy_url": f"https://{provider.slug}.example/privacy",
                "terms_of_service_url": None,
                "status_page_url": None,
                "headquarters": None,
                "datacenters": None,
            }
            for provider in PROVIDERS
        ]
    }


def generation(record: Record) -> dict[str, Any]:
    """`GET /generation` of a call that has ended. Times are milliseconds."""
    first_ms = _ms(record, record.first_token_s or record.first_byte_s)
    total_ms = _ms(record, record.ended_s)
    created = datetime.fromtimestamp(record.received_at, UTC).replace(tzinfo=None)
    return {
        "data": {
            "id": record.id,
            "upstream_id": f"chatcmpl-{record.n}",
            "model": record.model,
            "provider_name": record.provider,
            "created_at": created.isoformat(timespec="milliseconds").replace(
                "+00:00", "Z"
            ),
            "streamed": record.streamed,
            "cancelled": record.cut,
            "finish_reason": None if record.cut else record.finish_reason,
            "native_finish_reason": None if record.cut else record.finish_reason,
            "latency": first_ms,
            "moderation_latency": None,
            "generation_time": None if total_ms is None else total_ms - (first_ms or 0),
            "tokens_prompt": record.prompt_tokens,
            "tokens_completion": record.completion_tokens,
            "native_tokens_prompt": record.prompt_tokens,
            "native_tokens_completion": record.completion_tokens,
            "native_tokens_reasoning": record.reasoning_tokens,
            "native_tokens_cached": 0,
            "total_cost": record.cost_usd,
            "usage": record.cost_usd,
            "upstream_inference_cost": None,
            "cache_discount": None,
            "is_byok": False,
            "origin": "",
            "api_type": "completions",
            "router": None,
            "provider_responses": None,
        }
    }


def _ms(record: Record, at_s: float | None) -> int | None:
    return None if at_s is None else round((at_s - record.received_s) * 1000)
