"""A run that ends once its questions are answered, and not before it may be looked at.

Who looks whenever it pleases, and stops at what it likes, is wrong far more often than
each look says. So the looks are those of `shared.comparison.looks`, fixed in the plan.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from shared.comparison.looks import LOOKS
from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.loads.shape import is_open

Asked = Literal["ttft", "latency", "tpot", "cost", "success"]

LEAST_PAIRS = 24
"""Planned; the first look has half of them, and under 12 nothing can be told."""
_STREAMED = frozenset({"ttft", "tpot"})


def _share(margin: object) -> object:
    """`5%` is 0.05; what is neither that nor a number is told by the field."""
    if isinstance(margin, str) and margin.strip().endswith("%"):
        try:
            return float(margin.strip()[:-1]) / 100
        except ValueError:
            return margin
    return margin


def _each_once(decided: tuple[Asked, ...]) -> tuple[Asked, ...]:
    return tuple(dict.fromkeys(decided))


Margin = Annotated[
    Annotated[float, Field(gt=0, le=1), NOT_A_BOOL], BeforeValidator(_share)
]


class Until(Frozen):
    """The run is looked at after 10, 15 and 20 twentieths of its planned pairs. It ends
    at the first look at which every two targets are told apart, or are equivalent, in
    each metric of `decided`; else at its planned end, or at its budget."""

    decided: Annotated[
        tuple[Asked, ...], Field(min_length=1), AfterValidator(_each_once)
    ] = Field(
        description="The metrics in which all targets are to be compared.",
        examples=[["ttft"]],
    )
    margin: Margin = Field(
        default=0.05,
        description="The difference that matters to nobody, as a share: 0.05 or '5%'."
        " Of success it is always a point.",
        examples=[0.05],
    )


def with_one_budget(record: dict[str, Any]) -> dict[str, Any]:
    """`until.max_cost_usd` is the budget of the plan: it is said in one place."""
    until = record.get("until")
    if not isinstance(until, dict) or "max_cost_usd" not in until:
        return record
    usd = until["max_cost_usd"]
    if record.get("max_cost_usd") not in (None, usd):
        raise ValueError(
            f"`max_cost_usd` is {record['max_cost_usd']} and in `until` {usd}; a run"
            " has one budget: leave one of the two out"
        )
    rest = {name: value for name, value in until.items() if name != "max_cost_usd"}
    return {**record, "until": rest, "max_cost_usd": usd}


def can_be_decided(until: Until | None, info: ValidationInfo) -> Until | None:
    """There is something to compare, in pairs that are planned."""
    said = info.data
    if until is None or not {"targets", "prompts", "load"} <= said.keys():
        return until
    targets: Sequence[Any] = said["targets"]
    load = said["load"]
    if len(targets) < 2 and not targets[0].providers:
        raise ValueError("there is one target, and nothing to compare it with")
    if said.get("sweep") or said.get("find"):
        raise ValueError("a sweep or a search has its own steps; leave one of both out")
    if is_open(load) or load.kind != "concurrency" or load.duration_s is not None:
        raise ValueError(
            "its looks are after so many of the planned pairs, so it needs a load of"
            " kind concurrency without `duration_s`"
        )
    if said.get("order") == "blocks":
        raise ValueError("it compares pairs as they are made; use `order: adjacent`")
    unknown = sorted(_STREAMED & set(until.decided))
    if unknown and said.get("stream") is False:
        raise ValueError(
            f"{unknown[0]} is not known unless the answer is streamed; set `stream` to"
            " true, or leave it out"
        )
    if "cost" in until.decided and _is_judged(said):
        raise ValueError(
            "what a good answer costs is not known before judges are asked, and that is"
            " after the run; leave `cost` out, or the checks of kind `judge`"
        )
    pairs = load.count and load.count // len(targets)
    pairs = pairs or said["prompts"].count() * said.get("runs", 1)
    if pairs < LEAST_PAIRS:
        raise ValueError(
            f"{pairs} pairs are planned, and it takes {LEAST_PAIRS} for the first look"
            " to tell anything; use more prompts, or raise `runs`"
        )
    return until


def _is_judged(said: dict[str, Any]) -> bool:
    """By a check of the plan, or of one of its prompts."""
    inline = getattr(said["prompts"], "prompts", ())
    checks = [
        *said.get("checks", ()),
        *chain(*(getattr(p, "checks", ()) for p in inline)),
    ]
    return any(check.kind == "judge" for check in checks)


def parts(slots: int, targets: int) -> list[int]:
    """How many of the slots of a run come before each look, one after another.

    >>> parts(82, 2)  # 41 pairs: 21, 10 and 10
    [42, 20, 20]
    """
    ends = [look.pairs(slots // targets) * targets for look in LOOKS[:-1]]
    return [end - begin for begin, end in zip([0, *ends], [*ends, slots], strict=True)]
