"""Which provider answers a call: pins, prices, and a seeded choice among the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any

from simulator.bodies.refusals import REFUSALS, Refusal
from simulator.catalogue.models import Model, Provider

_KNOWN = frozenset(
    [
        "order",
        "only",
        "ignore",
        "allow_fallbacks",
        "require_parameters",
        "data_collection",
        "zdr",
        "quantizations",
        "sort",
        "max_price",
        "preferred_max_latency",
        "preferred_min_throughput",
        "enforce_distillable_text",
        "options",
    ]
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The request's `provider` object, checked."""

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    sort: str | None = None
    max_price_usd: tuple[Decimal | None, Decimal | None] = (None, None)
    """(prompt, completion) in USD per million tokens."""
    deny_training: bool = False


def read_wish(provider: object, suffix_sort: str | None) -> Wish | Refusal:
    """The wish in a request's `provider`, or the 400 that it earns."""
    wanted = provider or {}
    if not isinstance(wanted, dict) or not _KNOWN.issuperset(wanted):
        return Refusal(400, "provider: unknown key, see the API reference")
    sort = wanted.get("sort") or suffix_sort
    limit = wanted.get("max_price") or {}
    try:
        return Wish(
            order=tuple(wanted.get("order") or ()),
            only=tuple(wanted.get("only") or ()),
            ignore=tuple(wanted.get("ignore") or ()),
            allow_fallbacks=wanted.get("allow_fallbacks", True),
            sort=sort.get("by") if isinstance(sort, dict) else sort,
            max_price_usd=(_price(limit, "prompt"), _price(limit, "completion")),
            deny_training=wanted.get("data_collection") == "deny",
        )
    except (TypeError, AttributeError, InvalidOperation):
        return Refusal(400, "provider: a value has the wrong type")


def choose(model: Model, wish: Wish, draw: float) -> Provider | Refusal:
    """The provider of `model` under `wish`, or the 404 when none is left.

    `draw` in [0, 1) decides when the wish does not: providers are weighted by the
    inverse square of their price.
    """
    if wish.deny_training and model.free:
        return REFUSALS["data-policy"]
    left = [p for p in model.providers if _allowed(model, p, wish)]
    named = [p for pin in wish.order for p in left if _named(p, (pin,))]
    if named:
        return named[0]
    left = [p for p in left if p.status == 0 or wish.only]
    if not left or (wish.order and not wish.allow_fallbacks):
        return _nobody(model, wish)
    match wish.sort:
        case "price":
            return min(left, key=lambda p: p.dearness)
        case "throughput" | "latency":
            return min(left, key=lambda p: p.slowness)
    shares = list(accumulate(float(p.dearness) ** -2 for p in left))
    mark = draw * shares[-1]
    return next(p for p, share in zip(left, shares, strict=True) if mark < share)


def _price(limit: Mapping[str, Any], key: str) -> Decimal | None:
    return None if limit.get(key) is None else Decimal(str(limit[key]))


def _allowed(model: Model, provider: Provider, wish: Wish) -> bool:
    if wish.only and not _named(provider, wish.only):
        return False
    if _named(provider, wish.ignore):
        return False
    prices = model.prices_usd(0, provider)
    return all(
        most is None or price * 1_000_000 <= most
        for price, most in zip(prices, wish.max_price_usd, strict=True)
    )


def _named(provider: Provider, pins: Sequence[str]) -> bool:
    names = (provider.tag, provider.slug, provider.name)
    return any(pin in names for pin in pins)


def _nobody(model: Model, wish: Wish) -> Refusal:
    return replace(
        REFUSALS["no-allowed-providers"],
        metadata={
            "available_providers": [p.slug for p in model.providers],
            "requested_providers": [*wish.only, *wish.order],
        },
    )
