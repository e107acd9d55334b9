"""Errors that come instead of an answer, by name: status, body, headers.

`{model}` in a message stands for the id that was asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.bodies.encode import encode
from simulator.bodies.errors import edge_page, error, plain_error, zod_error


@dataclass(frozen=True, slots=True)
class Refusal:
    """One named error. `page` makes the body HTML, `whole` replaces all of it."""

    status: int
    message: str
    metadata: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: bool = False
    whole: Mapping[str, Any] | None = None

    def body(self, model_id: str) -> bytes:
        """The body as OpenRouter sends it."""
        if self.page:
            return edge_page(self.status, self.message)
        body = self.whole or error(self.status, self.message, self.metadata)
        return _about(model_id, encode(body))

    def plain_body(self, model_id: str) -> bytes:
        """The body as an OpenAI-compatible server sends it."""
        if self.page:
            return self.body(model_id)
        body = self.whole or plain_error(self.status, self.message)
        return _about(model_id, encode(body))


def _about(model_id: str, body: bytes) -> bytes:
    return body.replace(b"{model}", json.dumps(model_id)[1:-1].encode())


def _limited(source: str, **more: Any) -> dict[str, Any]:
    return {"limit_source": source, "provider_name": None, **more}


def _from_provider(raw: Any, **more: Any) -> dict[str, Any]:
    return {"raw": raw, "provider_name": "Harbor", "is_byok": False, **more}


def throttled(retry_after: str | None) -> Refusal:
    """The shared pool of a provider is busy; a hint may say for how long.

    `retry_after` goes out as it is: seconds, an HTTP date or nonsense.
    """
    metadata = _from_provider(
        "{model} is temporarily rate-limited upstream. Please retry shortly.",
        provider_error_code="engine_overloaded",
        limit_source="upstream_provider_shared_pool",
        remedy_hint="Retry shortly, or add your own provider key.",
    )
    if retry_after is None:
        return Refusal(429, "Provider returned error", metadata)
    headers = {"Retry-After": retry_after}
    metadata["headers"] = headers
    if retry_after.isdecimal():
        seconds = int(retry_after)
        metadata |= {"retry_after_seconds": seconds, "retry_after_seconds_raw": seconds}
    return Refusal(429, "Provider returned error", metadata, headers)


def free_limit(kind: str, limit: int, reset_ms: int) -> Refusal:
    """An account's own limit on `:free` models. `kind`: minute, day or day-rich.

    Real headers, copied into the metadata; there is no Retry-After. The reset is in
    milliseconds since the Unix epoch.
    """
    message, source = {
        "minute": ("free-models-per-min. ", "openrouter_free_tier_per_minute"),
        "day": (
            "free-models-per-day. Add 10 credits to unlock 1000 free model "
            "requests per day",
            "openrouter_free_tier_daily",
        ),
        "day-rich": (
            "free-models-per-day-high-balance. ",
            "openrouter_free_tier_daily",
        ),
    }[kind]
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset_ms),
    }
    hint = "Wait for the reset named in the headers."
    return Refusal(
        429,
        f"Rate limit exceeded: {message}",
        {"headers": headers, **_limited(source, remedy_hint=hint)},
        headers,
    )


REFUSALS: dict[str, Refusal] = {
    # 400: the request itself
    "invalid-model": Refusal(400, "{model} is not a valid model ID"),
    "no-tokens": Refusal(400, "Input must have at least 1 token."),
    "no-messages": Refusal(400, 'Input required: specify "prompt" or "messages"'),
    "provider-400": Refusal(
        400,
        "Provider returned error",
        _from_provider('{"detail":"temperature must be below 2"}'),
    ),
    "zod": Refusal(400, "Invalid parameter", whole=zod_error("Invalid parameter")),
    "unsupported-max-tokens": Refusal(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
    ),
    "unknown-limit": Refusal(
        400,
        "Unrecognized request arguments supplied: max_tokens, max_completion_tokens",
    ),
    "unknown-stream-options": Refusal(
        422,
        "",
        whole={
            "detail": [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", "stream_options"],
                    "msg": "Extra inputs are not permitted",
                    "input": {"include_usage": True},
                }
            ]
        },
    ),
    "context-length": Refusal(
        400,
        "This endpoint's maximum context length is 8192 tokens. However, you "
        "requested about 9001 tokens. Please reduce the length.",
        {"error_type": "context_length_exceeded"},
    ),
    "reasoning-mandatory": Refusal(
        400, "Reasoning is mandatory for this endpoint and cannot be disabled."
    ),
    # 401, 402, 403: who asks, and with what money
    "no-auth": Refusal(401, "No cookie auth credentials found"),
    "bad-key": Refusal(401, "User not found."),
    "no-credit": Refusal(
        402,
        "This request requires more credits, or fewer max_tokens. You requested up "
        "to 8192 tokens, but can only afford 1848.",
        _limited("openrouter_credits"),
    ),
    "in-flight-budget": Refusal(
        402,
        "Too much of your balance is reserved by requests in flight.",
        _limited(
            "openrouter_in_flight_budget",
            reason="in_flight_budget_exhausted",
            headers={"Retry-After": "2"},
        ),
        {"Retry-After": "2"},
    ),
    "weight-exceeds-budget": Refusal(
        402,
        "This request alone exceeds your in-flight budget.",
        _limited("openrouter_in_flight_budget", reason="weight_exceeds_budget"),
    ),
    "key-limit": Refusal(
        403, "Key limit exceeded (total limit).", _limited("openrouter_key_limit")
    ),
    "guardrail": Refusal(
        403, "Input blocked by a guardrail", {"patterns": ["secret-*"]}
    ),
    "moderation": Refusal(
        403,
        "Input flagged",
        {
            "reasons": ["violence"],
            "flagged_input": "first words … last words",
            "provider_name": "Harbor",
            "model_slug": "{model}",
        },
    ),
    "harness-only": Refusal(403, "{model} is only available on agentic harnesses."),
    # 404: nobody to answer
    "no-endpoints": Refusal(404, "No endpoints found for {model}."),
    "no-tool-use": Refusal(404, "No endpoints found that support tool use."),
    "data-policy": Refusal(
        404,
        "No endpoints found matching your data policy (Free model training). "
        "Configure: https://openrouter.ai/settings/privacy",
        {
            "routing_funnel": [
                {"step": "all", "endpoint_count": 1},
                {"step": "data_policy", "endpoint_count": 0},
            ],
            "failed_routing_step": "data_policy",
        },
    ),
    "no-allowed-providers": Refusal(
        404,
        "No allowed providers are available for the selected model.",
        {"available_providers": ["harbor"], "requested_providers": ["nobody"]},
    ),
    "unavailable-for-free": Refusal(
        404,
        "This model is unavailable for free. The paid version is available now - "
        "use this slug instead: the id without its suffix",
    ),
    # 408, 413, 422, 499
    "request-timeout": Refusal(408, "Request timed out"),
    "payload-too-large": Refusal(413, "Payload too large"),
    "unprocessable": Refusal(422, "The request is well-formed but makes no sense"),
    "client-closed": Refusal(499, "Client closed request"),
    # 429: other than the free tier's and the shared pools'
    "rate-limited": Refusal(
        429, "Rate limit exceeded", {"error_type": "rate_limit_exceeded"}
    ),
    "rate-limited-2025": Refusal(
        429,
        "Provider returned error",
        {"raw": "{model} is temporarily rate-limited", "provider_name": "Harbor"},
    ),
    "admission-control": Refusal(
        429,
        "We could not verify available credits for this request in time.",
        _limited("openrouter_admission_control", headers={"Retry-After": "10"}),
    ),
    # 5xx
    "internal": Refusal(500, "Internal Server Error", {"error_type": "server"}),
    "bad-gateway": Refusal(
        502,
        "Provider returned error",
        _from_provider("upstream hung up", error_type="provider_unavailable"),
    ),
    "unavailable": Refusal(
        503,
        "No instances available",
        {"error_type": "provider_overloaded"},
        {"Retry-After": "2"},
    ),
    "availability": Refusal(
        503,
        "No provider is available",
        whole={
            "error": {
                "message": "No provider is available",
                "error_type": "provider_unavailable",
                "http_status": 503,
                "availability": {
                    "code": "all_providers_down",
                    "retryable": True,
                    "retry_after": 2,
                    "requested_models": ["{model}"],
                },
            }
        },
    ),
    "gateway-timeout": Refusal(504, "Provider timed out", {"error_type": "timeout"}),
    "edge-timeout": Refusal(524, "A timeout occurred", page=True),
    "overloaded": Refusal(529, "Overloaded", {"error_type": "provider_overloaded"}),
    "html-502": Refusal(502, "Bad gateway", page=True),
}
