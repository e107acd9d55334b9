"""How much may be spent, and whether that can be kept.

Before a call its worst cost is held, and its row settles that by what was billed. So a
budget needs a price of every target, and a bound of what an answer costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import UnknownPrice
from shared.money.prices import Price, nano
from shared.opinion import judge_targets
from shared.plan import PRICED, Plan
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, in nano-USD; None: any amount."""

    run_nano: int | None
    day_nano: int | None
    """By all runs of the account together, in a UTC day."""


def budget_of(plan: Plan, settings: Settings) -> Budget | None:
    """What limits the run's spending; None: nothing does, and nothing is held."""
    asked = [plan.max_cost_usd, settings.max_cost_usd]
    run_usd = min((usd for usd in asked if usd is not None), default=None)
    day_usd = settings.max_cost_usd_per_day
    if run_usd is None and day_usd is None:
        return None
    return Budget(
        None if run_usd is None else nano(run_usd),
        None if day_usd is None else nano(day_usd),
    )


def check_prices(
    plan: Plan, prices: Sequence[Price | None], settings: Settings
) -> None:
    """Raises UnknownPrice for a target whose price is None, where a budget has to be
    kept: the plan may waive its own (`allow_unknown_prices`), never the settings'."""
    of_settings = settings.max_cost_usd or settings.max_cost_usd_per_day
    _check_bound(plan, prices, settings)
    if plan.allow_unknown_prices and not of_settings:
        return
    for index, (target, price) in enumerate(zip(plan.targets, prices, strict=True)):
        if price is None:
            remedy = (
                "leave it out, or take MAX_COST_USD and MAX_COST_USD_PER_DAY out of the"
                " settings"
                if of_settings
                else "leave it out, take out `max_cost_usd`, or set"
                " `allow_unknown_prices`"
            )
            raise UnknownPrice(
                f"The upstream does not say what {target.label()} costs, so no budget"
                f" can be kept: {remedy}.",
                f"targets[{index}].model",
            )


def check_judges(
    plan: Plan, prices: Sequence[Price | None], settings: Settings
) -> None:
    """The same for the models that judge its answers, whose calls the budget pays."""
    if plan.allow_unknown_prices and not (
        settings.max_cost_usd or settings.max_cost_usd_per_day
    ):
        return
    for judge, price in zip(judge_targets(plan), prices, strict=True):
        if price is None:
            raise UnknownPrice(
                f"The upstream does not say what {judge.asks} costs, which is to judge"
                " answers, so no budget can be kept: choose another judge, or take the"
                " budget out.",
                "checks",
            )


def _check_bound(
    plan: Plan, prices: Sequence[Price | None], settings: Settings
) -> None:
    """A price bounds nothing where nothing bounds the answer, or where fields are added
    that cost beside tokens."""
    for index, (target, price) in enumerate(zip(plan.targets, prices, strict=True)):
        extra, there = plan.extra_of(target), settings.at(target.at)
        field = plan.max_tokens_field or there.upstream_max_tokens_field
        unbound = ["`none` for the field that bounds an answer"] * (field == "none")
        dearer = [f"`{name}` in `extra`" for name in PRICED if name in extra] + unbound
        if dearer and price is not None and not price.free:
            raise UnknownPrice(
                f"With {dearer[0]} nobody can say what a call of {target.label()} costs"
                " at most, so no budget can be kept: leave that out, or the budget.",
                f"targets[{index}].model",
            )
