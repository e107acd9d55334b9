"""What judges will be asked, and cost, before a single call is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from shared.checks import quoted
from shared.fields import TOLD
from shared.money.prices import (
    BYTES_PER_TOKEN,
    NANO,
    TEMPLATE_TOKENS,
    TURN_TOKENS,
    Price,
)
from shared.opinion import (
    MARKUP_BYTES,
    MOST_BYTES,
    judge_targets,
    judges_of,
    question_of,
    target_of,
)
from shared.plan import Plan, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeQuote:
    """What a model is asked that judges answers, after the run. None: not known."""

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    model: str
    """Who judges."""
    calls: int | None
    """At most: none is made about an answer that is none, or that failed before."""
    worst_usd: float | None
    """No more than this, with answers of 64 KiB, the longest that are judged."""
    expected_usd: float | None
    """A guess, with answers of `max_tokens` or of the mean of earlier ones."""


def judge_quotes(
    plan: Plan,
    prices: Sequence[Price | None],
    each: int | None,
    mean_output_tokens: Mapping[str, float],
) -> tuple[JudgeQuote, ...]:
    """Of each judge of the plan.

    prices: of each; () where nobody asked. each: how often each prompt is asked of each
    target; None where that is not known.
    """
    judges = judge_targets(plan)
    given = tuple(prices) or (None,) * len(judges)
    return tuple(
        _judge(plan, asked, price, each, mean_output_tokens)
        for asked, price in zip(judges, given, strict=True)
    )


def _judge(
    plan: Plan,
    asked: Target,
    price: Price | None,
    each: int | None,
    mean_output_tokens: Mapping[str, float],
) -> JudgeQuote:
    once = worst = expected = 0
    for index in range(plan.prompts.count()):
        prompt = plan.prompts.prompt(index)
        for judge in judges_of(plan, index):
            if target_of(judge) != asked:
                continue
            sent = MARKUP_BYTES + len(judge.rubric.encode())
            sent += len(quoted(question_of(plan, index)).encode(errors="replace"))
            for target in plan.targets:
                once += 1
                if price is None:
                    continue
                most = sent + MOST_BYTES + 2 + TEMPLATE_TOKENS + 2 * TURN_TOKENS
                worst += price.worst_nano(most, judge.max_tokens)
                answer = plan.most_tokens(target, prompt)
                mean = mean_output_tokens.get(target.model, answer)
                likely = sent // BYTES_PER_TOKEN + min(answer, round(mean))
                expected += price.worst_nano(likely, judge.max_tokens)
    if each is None:
        return JudgeQuote(
            model=asked.asks, calls=None, worst_usd=None, expected_usd=None
        )
    return JudgeQuote(
        model=asked.asks,
        calls=once * each,
        worst_usd=None if price is None else worst * each / NANO,
        expected_usd=None if price is None else expected * each / NANO,
    )
