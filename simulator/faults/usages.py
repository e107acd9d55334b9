"""Faults in what a reply says of its tokens and its cost.

Each takes an answer and the fault's arguments and returns another answer; one that
adds an event takes and returns a script.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulator import bodies
from simulator.faults.fault import Bend, Fault, Params, having
from simulator.reply import Answer, Frame, Script


def usage_too_small(answer: Answer, params: Params) -> Answer:
    details = {"reasoning_tokens": answer.tokens + 1}
    return replace(answer, usage_more={"completion_tokens_details": details})


def cached_prompt(answer: Answer, params: Params) -> Answer:
    return replace(answer, cached_tokens=answer.charge.prompt_tokens)


def cache_hit(answer: Answer, params: Params) -> Answer:
    nothing = bodies.usage(0, 0)
    headers = {"X-OpenRouter-Cache-Status": "HIT", "X-OpenRouter-Cache-Age": "12"}
    return replace(
        answer,
        usage_more=nothing,
        headers=headers,
        charge=replace(answer.charge, prompt_usd=Decimal(0), completion_usd=Decimal(0)),
    )


def usage_zero(answer: Answer, params: Params) -> Answer:
    return replace(answer, usage_more=bodies.usage(0, 0))


def usage_with(name: str, default: str) -> Bend:
    """A field of the usage as the parameter `value` has it: a number, or words."""

    def bend(answer: Answer, params: Params) -> Answer:
        said = params.get("value", default)
        try:
            value: Any = float(said)
        except ValueError:
            value = said
        return replace(answer, usage_more={name: value})

    return bend


def usage_zero_last(script: Script, answer: Answer, params: Params) -> Script:
    """The real usage, then one of zeros."""
    if not answer.stream:
        return script
    zeros = bodies.event(bodies.usage_chunk(answer.head, bodies.usage(0, 0), shape="B"))
    *frames, done = script.frames
    return replace(script, frames=(*frames, Frame(done.due_s, zeros), done))


USAGES: dict[str, Fault] = {
    "usage-b": Fault("The usage event has no choice.", bend=having(usage="B")),
    "usage-c": Fault(
        "The usage event's finish_reason is null.", bend=having(usage="C")
    ),
    "usage-missing": Fault("No usage at all.", bend=having(usage=None)),
    "usage-too-small": Fault(
        "More reasoning tokens than completion tokens.", bend=usage_too_small
    ),
    "usage-zero": Fault("A usage of zeros.", bend=usage_zero),
    "usage-zero-last": Fault("The usage, then one of zeros.", cut=usage_zero_last),
    "total-missing": Fault(
        "Usage without a total.", bend=having(usage_more={"total_tokens": None})
    ),
    "count-absurd": Fault(
        "`value` (1e18) completion tokens.",
        bend=usage_with("completion_tokens", "1e18"),
    ),
    "cost-missing": Fault("Usage without a cost.", bend=having(cost="missing")),
    "cost-null": Fault("Usage whose cost is null.", bend=having(cost="null")),
    "cost-half": Fault(
        "Half of the cost; GET /generation tells it whole.",
        bend=having(cost="half"),
    ),
    "cost-scientific": Fault("The cost as `1.4e-05`.", bend=having(cost="scientific")),
    "cost-absurd": Fault(
        "A cost of `value` (1e300).", bend=usage_with("cost", "1e300")
    ),
    "cached-prompt": Fault(
        "The provider had the whole prompt in its cache.", bend=cached_prompt
    ),
    "cache-hit": Fault(
        "A stored reply: a header says so, and the usage is zero.",
        bend=cache_hit,
    ),
}
