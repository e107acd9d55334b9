"""What a benchmark may cost and how long limits make it, before it is queued."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from api.parts import Parts, Store
from shared.clock import utc_label, wall_s
from shared.errors import CatalogueDown, TooMuch
from shared.money import (
    Costs,
    Headroom,
    Limit,
    LimitQuote,
    Price,
    Quote,
    account_of,
    budget_of,
    check_judges,
    check_prices,
    limits_of,
    quote,
    usd,
)
from shared.opinion import judge_targets, upstreams_of
from shared.plan import Plan, Target
from shared.settings import DEFAULT
from shared.standards.units import DAY_S
from shared.store.client import now_s
from shared.store.upstream import limits, means
from shared.upstream import allowance, prices_of

PRICES_S = 10.0
"""The upstream has so long to say what its models cost, and what is left of a day."""

_SOON_S = 90.0
"""A wait that is shorter needs no warning."""

Prices = tuple[Price | None, ...]


async def checked_prices(plan: Plan, parts: Parts) -> Prices | None:
    """The price of each target; None where no budget has to be kept.

    Raises UnknownPrice and CatalogueDown where it could not be kept, and TooMuch for a
    budget over the settings' ceiling, or under what a single call may cost.
    """
    settings = parts.settings
    budget, ceiling = budget_of(plan, settings), settings.max_cost_usd
    if budget is None:
        return None
    if plan.max_cost_usd is not None and plan.max_cost_usd > (ceiling or float("inf")):
        raise TooMuch(
            f"A budget of USD {plan.max_cost_usd:g} is more than the {ceiling:g} that"
            " one benchmark may cost here. Lower it, or raise MAX_COST_USD.",
            "max_cost_usd",
        )
    prices = await _prices(plan, parts)
    check_prices(plan, prices, settings)
    check_judges(plan, await _judge_prices(plan, parts), settings)
    costs = Costs(plan, prices, budget)
    tighter = min(n for n in (budget.run_nano, budget.day_nano) if n is not None)
    for number, target in enumerate(plan.targets):
        # Counting the bytes of 64 MiB takes a while, and others are being served.
        least = await asyncio.to_thread(costs.least_nano, number)
        if least > tighter:
            raise TooMuch(
                f"One call of {target.label()} may cost USD {usd(least):g}, more than"
                f" the whole budget of {usd(tighter):g}. Raise it, or lower"
                " `max_tokens`.",
                "max_cost_usd",
            )
    return prices


async def quoted(plan: Plan, parts: Parts, store: Store) -> Quote:
    """What the plan will ask, cost and take; without prices where nobody says them."""
    try:
        prices = await _prices(plan, parts)
    except CatalogueDown:
        prices = (None,) * len(plan.targets)
    return await _quote(plan, prices, parts, store)


async def warnings_of(
    plan: Plan, prices: Prices | None, parts: Parts, store: Store
) -> list[str]:
    """What somebody should know who queues this: long waits, and a budget that may end
    it early."""
    limited = any(
        limits_of(target.model, parts.contacts.of(target.at).settings)
        for target in _whom(plan)
    )
    if prices is None and not limited:
        return []
    found = await _quote(plan, prices or (None,) * len(plan.targets), parts, store)
    warnings = [
        _wait_in_words(limit) for limit in found.limits if limit.takes_s > _SOON_S
    ]
    if found.max_cost_usd is not None and (found.worst_usd or 0) > found.max_cost_usd:
        warnings.append(
            f"It may cost up to USD {found.worst_usd:.4f}; it stops where the next call"
            f" might exceed its budget of {found.max_cost_usd:g}."
        )
    return warnings


async def _prices(plan: Plan, parts: Parts) -> Prices:
    return await _prices_of(plan.targets, parts)


async def _prices_of(targets: Sequence[Target], parts: Parts) -> Prices:
    try:
        async with asyncio.timeout(PRICES_S):
            at = await parts.contacts.meet({target.at for target in targets})
            return await prices_of(targets, parts.contacts, at)
    except TimeoutError:
        raise CatalogueDown(
            f"The upstream did not say within {PRICES_S:g} s what its models cost, and"
            " a budget is kept by that. Try again."
        ) from None


async def _judge_prices(plan: Plan, parts: Parts) -> Prices:
    """The same of the models that judge."""
    judges = judge_targets(plan)
    return await _prices_of(judges, parts) if judges else ()


def _whom(plan: Plan) -> tuple[Target, ...]:
    """Whom it asks: targets, then judges."""
    return (*plan.targets, *judge_targets(plan))


async def _quote(plan: Plan, prices: Prices, parts: Parts, store: Store) -> Quote:
    at = await parts.contacts.meet(upstreams_of(plan))
    judge_prices: Prices = ()
    with suppress(CatalogueDown):
        judge_prices = await _judge_prices(plan, parts)
    try:
        async with asyncio.timeout(PRICES_S):
            for name, there in at.items():
                client = parts.contacts.of(name).client
                await allowance.learn(store.redis, client, plan, there)
    except TimeoutError:
        pass  # then the day's number is not known, and shown as that
    names = [
        {
            _known(target.at, limit): (account_of(at[target.at]), limit)
            for limit in limits_of(target.model, at[target.at])
        }
        for target in _whom(plan)
    ]
    async with store.access.deadline():
        until_midnight_s = DAY_S - await now_s(store.redis) % DAY_S
        left = {}
        every = {name: found for each in names for name, found in each.items()}
        for name, (account, limit) in every.items():
            used = await limits.used(store.redis, account, limit.name)
            per_day = limit.per_day or used.per_day
            left[name] = Headroom(
                replace(limit, name=name, per_day=per_day),
                used.today,
                used.minute,
                until_midnight_s,
            )
        seen = await means.output_tokens(
            store.redis, [target.model for target in plan.targets]
        )
    settings = parts.settings
    budget = budget_of(plan, settings)
    run_nano = budget.run_nano if budget else None
    return await asyncio.to_thread(
        quote,
        plan,
        prices,
        limits=left,
        limits_of=[tuple(each) for each in names],
        max_cost_usd=None if run_nano is None else usd(run_nano),
        mean_output_tokens=seen,
        judge_prices=judge_prices,
    )


def _known(upstream: str, limit: Limit) -> str:
    """What a limit is called in a quote: each upstream has its own."""
    return limit.name if upstream == DEFAULT else f"{limit.name} at {upstream}"


def _wait_in_words(limit: LimitQuote) -> str:
    rates = [f"{limit.per_minute} a minute"] if limit.per_minute else []
    if limit.per_day is not None:
        rates.append(f"{limit.per_day} a UTC day ({limit.left_today} left today)")
    which, _, upstream = limit.limit.partition(" at ")
    what = "free calls" if which == "free" else "calls"
    what += f" at {upstream}" if upstream else ""
    until = utc_label(wall_s() + limit.takes_s)
    return (
        f"{limit.calls} {what} at {' and '.join(rates)} take until {until} at the"
        " earliest; it waits and goes on by itself."
    )
