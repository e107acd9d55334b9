"""What calls may cost, and how much of it may be spent.

USD at the border; inside, whole billionths of a USD (`nano`), so that sums are exact
and the store, whose numbers are whole, keeps them: a token of a cheap model costs a
few dozen of them.

Before a call its worst cost is held, and its row settles that by what was billed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import UnknownPrice
from shared.plan import PRICED
from shared.sample import Outcome, Sample
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.plan import Message, Plan

NANO = 1_000_000_000

TEMPLATE_TOKENS = 256
"""Room for what a chat template adds to a conversation."""

TURN_TOKENS = 16
"""Room for what it adds to each turn."""

PREFIX_BYTES = 17
"""What `unique_prefix` puts before a prompt."""

_NOT_BILLED = frozenset(
    {
        *(Outcome.DROPPED, Outcome.CONNECT_ERROR, Outcome.TIMEOUT_CONNECT),
        *(Outcome.RATE_LIMITED, Outcome.REFUSED, Outcome.NO_CREDIT),
        Outcome.UPSTREAM_ERROR,
    }
)
"""No model was reached, or the answer's status was an error: nothing was generated."""


class Price(NamedTuple):
    """Exact USD, conditions at their dearest."""

    prompt: Decimal
    """Per prompt token."""
    completion: Decimal
    """Per completion token, reasoning included."""
    request: Decimal
    """Per call."""

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        return not any(self)

    def or_dearer(self, other: "Price") -> "Price":
        """Of each part the dearer one."""
        return Price(*map(max, self, other))

    def worst_nano(self, prompt_tokens: int, max_tokens: int) -> int:
        """What a call costs at the most, in nano-USD, rounded up.

        prompt_tokens x prompt + max_tokens x completion + request

        >>> dear = Price(Decimal("0.0000025"), Decimal("0.00001"), Decimal(0))
        >>> dear.worst_nano(1000, 512)
        7620000
        """
        usd = prompt_tokens * self.prompt + max_tokens * self.completion + self.request
        return int((usd * NANO).to_integral_value(ROUND_CEILING))


def most_prompt_tokens(turns: "tuple[Message, ...]", *, prefixed: bool = False) -> int:
    """Tokens of a conversation at the most, by any tokenizer.

    UTF-8 bytes + 256 + 16 for each turn

    A tokenizer that falls back to bytes makes one token of each, never more.
    """
    text_bytes = sum(len(turn.content.encode()) for turn in turns)
    text_bytes += PREFIX_BYTES if prefixed else 0
    return text_bytes + TEMPLATE_TOKENS + TURN_TOKENS * len(turns)


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, in nano-USD; None: any amount."""

    run_nano: int | None
    day_nano: int | None
    """By all runs of the account together, in a UTC day."""


def budget_of(plan: "Plan", settings: Settings) -> Budget | None:
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
    plan: "Plan", prices: Sequence[Price | None], settings: Settings
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


def _check_bound(
    plan: "Plan", prices: Sequence[Price | None], settings: Settings
) -> None:
    """A price bounds nothing where nothing bounds the answer, or where fields are added
    that cost beside tokens."""
    field = plan.max_tokens_field or settings.upstream_max_tokens_field
    dearer = [f"`{name}` in `extra`" for name in PRICED if name in plan.extra]
    if field == "none":
        dearer.append("`none` for the field that bounds an answer")
    for index, (target, price) in enumerate(zip(plan.targets, prices, strict=True)):
        if dearer and price is not None and not price.free:
            raise UnknownPrice(
                f"With {dearer[0]} nobody can say what a call of {target.label()} costs"
                " at most, so no budget can be kept: leave that out, or the budget.",
                f"targets[{index}].model",
            )


def billed_nano(sample: Sample) -> int | None:
    """What a row says of its call's cost, in nano-USD; None where that is unknown.

    0 where the call cannot have been billed, because nothing was generated.
    """
    if sample.cost_usd is not None:
        return nano(sample.cost_usd)
    return 0 if sample.outcome in _NOT_BILLED else None


def nano(usd: float) -> int:
    """Nano-USD, rounded to whole ones.

    >>> nano(1.4e-05)
    14000
    """
    return round(usd * NANO)


def usd(nano_usd: int) -> float:
    """USD of nano-USD.

    >>> usd(14000)
    1.4e-05
    """
    return nano_usd / NANO
