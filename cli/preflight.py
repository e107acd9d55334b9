"""One call to each target before a run, so that a wrong key or model costs one call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli import show
from cli.client import Api, Refused
from shared.plan import Plan, Target

_PASSING = frozenset(
    {
        *("upstream-rate-limited", "upstream-error", "upstream-error-in-answer"),
        *("upstream-empty", "upstream-truncated", "upstream-disconnected"),
        *("upstream-timeout", "overloaded"),
    }
)
"""Failures that may be of this one call: a run waits for limits and outages, and says
which share of its calls failed."""

MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Looked:
    """What one call found."""

    target: str
    answer: dict[str, Any] | None
    error: Refused | None


async def preflight(
    api: Api, plan: Plan, say: Callable[[str], None], *, quiet: bool = False
) -> None:
    """Ask each target the first prompt, and say what that took and cost; with `quiet`
    only what ends it.

    It is a call as the run makes it, with its longest answer and its price, and in no
    budget. Raises the problem of a target that cannot be asked.
    """
    gate = asyncio.Semaphore(MOST_AT_ONCE)

    async def look(target: Target) -> Looked:
        async with gate:
            return await _look(api, plan, target)

    found = await asyncio.gather(*map(look, plan.targets))
    wrong = None
    for each in found:
        is_wrong = each.error is not None and each.error.kind not in _PASSING
        if is_wrong or not quiet:
            say(f"Preflight {line(each)}")
        if is_wrong:
            wrong = wrong or each.error
    if wrong is not None:
        raise Refused(
            "Nothing was begun, since a target cannot be asked; --no-preflight begins"
            " all the same.",
            wrong.kind,
            wrong.status,
        )


def line(looked: Looked) -> str:
    """`acme/swift-8b: TTFT 212.0 ms, latency 312.0 ms, USD 0.000004, by Harbor`."""
    if looked.error is not None:
        return f"{looked.target}: {show.text(looked.error)}"
    answer = looked.answer or {}
    parts = [f"latency {show.ms(_s(answer, 'latency_seconds'))} ms"]
    if (ttft_s := _s(answer, "ttft_seconds")) is not None:
        parts.insert(0, f"TTFT {show.ms(ttft_s)} ms")
    cost_usd = _s(answer, "cost_usd")
    parts.append("price unknown" if cost_usd is None else f"USD {show.usd(cost_usd)}")
    if answer.get("provider"):
        parts.append(f"by {show.text(answer['provider'])}")
    return f"{looked.target}: {', '.join(parts)}"


def question(plan: Plan, target: Target) -> dict[str, Any]:
    """The body of POST /generate that asks like the run's first call."""
    prompt = plan.prompts.prompt(0)
    asked: dict[str, Any] = {
        "model": target.model,
        "upstream": target.upstream,
        "provider": target.provider,
        "routing": target.routing and target.routing.said(),
        "prompt": prompt.turns()[-1].content,
        "system_prompt": plan.system_prompt,
        "max_tokens": plan.most_tokens(target, prompt),
        "temperature": plan.temperature_of(target),
        "seed": plan.seed,
        "stream": plan.stream,
    }
    return {name: value for name, value in asked.items() if value is not None}


async def _look(api: Api, plan: Plan, target: Target) -> Looked:
    try:
        async for said in api.generate(question(plan, target)):
            if isinstance(said, dict):
                return Looked(target.label(), said, None)
    except Refused as error:
        if not error.status:
            raise  # no API is there
        return Looked(target.label(), None, error)
    return Looked(target.label(), None, Refused("The answer has no end.", status=502))


def _s(answer: dict[str, Any], name: str) -> float | None:
    value = answer.get(name)
    return None if value is None else float(value)
