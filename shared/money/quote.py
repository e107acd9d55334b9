"""What a plan will ask, cost and take, before a single call is made.

Pure: the caller brings the prices, and what is left of the limits today. The worst
cost is a bound; the expected one is a guess, and says what it is guessed from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from pydantic import ConfigDict

from shared.fields import TOLD
from shared.money.judges import JudgeQuote, judge_quotes
from shared.money.limits import Limit
from shared.money.prices import BYTES_PER_TOKEN, NANO, Price, most_prompt_tokens
from shared.plan import Plan, most_calls
from shared.plan.durations import least_s
from shared.standards.units import DAY_S

_MINUTE_S = 60.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetQuote:
    """What one target is asked. None: not known."""

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    target: str
    """Its label."""
    calls: int | None
    """To this target, warm-ups too."""
    worst_usd: float | None
    """No more than this, at the upstream's present prices."""
    expected_usd: float | None
    """A guess."""
    expected_from: str | None
    """What `expected_usd` is guessed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitQuote:
    """How long one limit of the account makes it."""

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    limit: str
    """`free` or `all`: which calls it counts."""
    calls: int
    """Those of the plan that it counts."""
    per_minute: int | None
    """Calls that it allows in a minute; None: any number."""
    per_day: int | None
    """The same, in a UTC day."""
    left_today: int | None
    """Calls that are left of it today."""
    takes_s: float
    """From now until the last of them may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The answer to a dry run."""

    calls: int | None
    """Warm-ups and judges included; None: the upstream's speed decides."""
    worst_usd: float | None
    """None: a price or the number of calls is not known."""
    expected_usd: float | None
    max_cost_usd: float | None
    """The budget, at which the run would stop."""
    takes_s: float
    """At least, by the loads of all steps and the account's limits; how fast the
    upstream answers comes on top. Of a search its first value alone."""
    targets: tuple[TargetQuote, ...]
    judges: tuple[JudgeQuote, ...]
    limits: tuple[LimitQuote, ...]


@dataclass(frozen=True, slots=True)
class Headroom:
    """One limit, and what is left of it."""

    limit: Limit
    used_today: int
    used_minute: int
    until_midnight_s: float


def quote(
    plan: Plan,
    prices: Sequence[Price | None],
    *,
    limits: Mapping[str, Headroom],
    limits_of: Sequence[Sequence[str]],
    max_cost_usd: float | None,
    mean_output_tokens: Mapping[str, float],
    judge_prices: Sequence[Price | None] = (),
) -> Quote:
    """The quote of a plan.

    prices: of each target. limits: by name. limits_of: of each target, and then of each
    judge, which of them count its calls. mean_output_tokens: by model, what earlier
    calls have brought. judge_prices: of each judge.
    """
    calls = most_calls(plan)
    asked = _Volume(plan, calls)
    targets = tuple(
        _target(plan, number, price, asked, mean_output_tokens)
        for number, price in enumerate(prices)
    )
    judges = judge_quotes(plan, judge_prices, asked.each, mean_output_tokens)
    priced: list[TargetQuote | JudgeQuote] = [*targets, *judges]
    each = [asked.of_target] * len(plan.targets) + [one.calls for one in judges]
    bound = tuple(
        found
        for name, left in limits.items()
        if (found := _limit(left, [name in names for names in limits_of], each))
    )
    takes_s = [least_s(plan), *(limit.takes_s for limit in bound)]
    return Quote(
        calls=None if calls is None else calls + sum(j.calls or 0 for j in judges),
        worst_usd=_sum([one.worst_usd for one in priced]),
        expected_usd=_sum([one.expected_usd for one in priced]),
        max_cost_usd=max_cost_usd,
        takes_s=max(takes_s),
        targets=targets,
        judges=judges,
        limits=bound,
    )


class _Volume:
    """How often each prompt is asked of each target, and how long they are."""

    def __init__(self, plan: Plan, calls: int | None) -> None:
        self.each = None if calls is None else ceil(calls / plan.pairs())
        self.of_target = None if calls is None else ceil(calls / len(plan.targets))
        self.prompts = plan.prompts.count()
        self.most_tokens = self.bytes = 0
        self.longest_answers = [0] * len(plan.targets)
        prefixed = any(map(plan.is_prefixed, plan.targets))
        for index in range(self.prompts):
            prompt = plan.prompts.prompt(index)
            turns = prompt.turns(plan.system_prompt)
            self.most_tokens += most_prompt_tokens(turns, prefixed=prefixed)
            self.bytes += sum(len(turn.content.encode()) for turn in turns)
            for place, target in enumerate(plan.targets):
                self.longest_answers[place] += plan.most_tokens(target, prompt)


def _target(
    plan: Plan,
    number: int,
    price: Price | None,
    asked: _Volume,
    mean_output_tokens: Mapping[str, float],
) -> TargetQuote:
    target = plan.targets[number]
    worst_usd = expected_usd = None
    mean = mean_output_tokens.get(target.model)
    if price is not None and asked.each is not None:
        # of all prompts once: the cost is linear in the tokens
        once = price.worst_nano(asked.most_tokens, asked.longest_answers[number])
        once += int(price.request * NANO) * (asked.prompts - 1)
        worst_usd = once * asked.each / NANO
        output = asked.longest_answers[number]
        if mean is not None:
            output = min(output, round(mean * asked.prompts))
        likely = price.worst_nano(asked.bytes // BYTES_PER_TOKEN, output)
        likely += int(price.request * NANO) * (asked.prompts - 1)
        expected_usd = likely * asked.each / NANO
    said = f"{BYTES_PER_TOKEN} bytes of prompt to a token, and answers " + (
        "of max_tokens, since none of this model was seen here yet"
        if mean is None
        else f"of {mean:.0f} tokens, the mean of earlier ones of this model"
    )
    return TargetQuote(
        target=target.label(),
        calls=asked.of_target,
        worst_usd=worst_usd,
        expected_usd=expected_usd,
        expected_from=None if expected_usd is None else said,
    )


def _limit(
    left: Headroom, counts: Sequence[bool], each: Sequence[int | None]
) -> LimitQuote | None:
    counted = [n for n, counts_it in zip(each, counts, strict=True) if counts_it]
    if not counted or None in counted:
        return None
    limit, calls = left.limit, sum(n or 0 for n in counted)
    left_today = None
    if limit.per_day is not None:
        left_today = max(0, limit.per_day - left.used_today)
    return LimitQuote(
        limit=limit.name,
        calls=calls,
        per_minute=limit.per_minute,
        per_day=limit.per_day,
        left_today=left_today,
        takes_s=max(
            _minutes_s(limit.per_minute, left.used_minute, calls),
            _days_s(limit, left_today, left.until_midnight_s, calls),
        ),
    )


def _minutes_s(per_minute: int | None, used: int, calls: int) -> float:
    """Windows that are full before the last call may begin."""
    if per_minute is None:
        return 0.0
    return max(0, ceil((calls + used) / per_minute) - 1) * _MINUTE_S


def _days_s(
    limit: Limit, left_today: int | None, until_midnight_s: float, calls: int
) -> float:
    if left_today is None or limit.per_day is None or calls <= left_today:
        return 0.0
    days = ceil((calls - left_today) / limit.per_day) - 1
    last = calls - left_today - days * limit.per_day
    # and on the last day minute by minute
    return until_midnight_s + days * DAY_S + _minutes_s(limit.per_minute, 0, last)


def _sum(amounts: Sequence[float | None]) -> float | None:
    return None if None in amounts else sum(amount or 0.0 for amount in amounts)
