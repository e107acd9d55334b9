"""One provider of a model, as `GET /models/{author}/{slug}/endpoints` lists it."""

from dataclasses import dataclass
from typing import Any

from shared.answer.refusal import Json, table
from shared.money import Price
from shared.upstream.listed import Percentiles, Provider
from shared.upstream.model import price_of

_MS = 1000
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who runs the model, how, and at which price. None: it does not say."""

    provider: str
    """The name that people see."""
    tag: str
    """What pins it: `deepinfra/fp8`, of which `deepinfra` alone is the provider."""
    price: Price | None
    """Conditions at their dearest; None where a part of it is unknown."""
    quantization: str | None = None
    """Such as `fp8`."""
    context_length: int | None = None
    """Tokens."""
    max_completion_tokens: int | None = None
    status: int | None = None
    """0 is healthy; the meaning of others is nowhere told."""
    uptime_last_30m: float | None = None
    """Per cent, like the next."""
    uptime_last_1d: float | None = None
    ttft_s_last_30m: Percentiles | None = None
    tokens_per_s_last_30m: Percentiles | None = None

    def is_pinned_by(self, pin: str) -> bool:
        """Whether a call that is pinned so may be served here.

        >>> Endpoint("DeepInfra", "deepinfra/fp8", None).is_pinned_by("deepinfra")
        True
        """
        wanted, tag = pin.lower(), self.tag.lower()
        return wanted in (tag, tag.partition("/")[0], self.provider.lower())

    def told(self) -> Provider:
        """As people are told of it."""
        price = self.price
        return Provider(
            provider=self.provider,
            slug=self.tag,
            prompt_usd_per_million=price and float(price.prompt * _MILLION),
            completion_usd_per_million=price and float(price.completion * _MILLION),
            request_usd=price and float(price.request),
            quantization=self.quantization,
            context_length=self.context_length,
            max_completion_tokens=self.max_completion_tokens,
            status=self.status,
            uptime_last_30m_percent=self.uptime_last_30m,
            uptime_last_1d_percent=self.uptime_last_1d,
            ttft_s_last_30m=self.ttft_s_last_30m,
            tokens_per_s_last_30m=self.tokens_per_s_last_30m,
        )


def endpoints_of(document: Any) -> tuple[Endpoint, ...]:
    """The endpoints in a parsed body; what cannot be understood is left out."""
    rows = table(table(document).get("data")).get("endpoints")
    found = map(_endpoint, map(table, rows if isinstance(rows, list) else []))
    return tuple(one for one in found if one is not None)


def _endpoint(row: Json) -> Endpoint | None:
    provider, tag = _text(row.get("provider_name")), _text(row.get("tag"))
    if provider is None and tag is None:
        return None
    quantization = _text(row.get("quantization"))
    return Endpoint(
        provider=provider or str(tag),
        tag=tag or str(provider),
        price=price_of(table(row.get("pricing"))),
        quantization=None if quantization == "unknown" else quantization,
        context_length=_whole(row.get("context_length")),
        max_completion_tokens=_whole(row.get("max_completion_tokens")),
        status=status if isinstance(status := row.get("status"), int) else None,
        uptime_last_30m=_number(row.get("uptime_last_30m")),
        uptime_last_1d=_number(row.get("uptime_last_1d")),
        # upstream this is in milliseconds, to the first token
        ttft_s_last_30m=_percentiles(row.get("latency_last_30m"), _MS),
        tokens_per_s_last_30m=_percentiles(row.get("throughput_last_30m"), 1),
    )


def _percentiles(said: Any, per_unit: int) -> Percentiles | None:
    """Those that are told, in our unit; None where none is."""
    told = [_number(table(said).get(name)) for name in ("p50", "p75", "p90", "p99")]
    if all(value is None for value in told):
        return None
    return Percentiles(*(None if v is None else v / per_unit for v in told))


def _number(value: Any) -> float | None:
    """A figure that can be: neither negative nor beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number else None


def _text(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) and value else None
